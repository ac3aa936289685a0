import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openTestAuth, signedUp, type TestAuth } from "../../../test/harness.ts";
import { claimsOf } from "../../../test/instruments.ts";
import type { Engine } from "../engine.ts";
import { readVisitor } from "../http/visitor.ts";
import { needsRenewal, renewSession } from "./renew-session.ts";
import { type ResolvedSession, resolveSession } from "./resolve-session.ts";

const ownSite = { trustedProxies: 0, loopback: true, origin: "http://localhost:3000" };

/** Whoever sends this token now, as a guard sees them; what is to be written has been written. */
async function judge(auth: TestAuth, token: string | undefined, engine?: Engine): Promise<ResolvedSession | null> {
	const headers = new Headers({ cookie: `session=${token}` });
	const current = await resolveSession(engine ?? (await auth.engine()), readVisitor({ headers }, ownSite));
	await auth.settled();
	return current;
}

/** Signed in, seen, and 15 minutes old. */
async function dueSession(auth: TestAuth): Promise<string> {
	const browser = await signedUp(auth);
	const token = browser.cookies.get("session")!;
	await judge(auth, token);
	auth.clock.advance({ minutes: 15 });
	return token;
}

describe("renewal", () => {
	it("mints the same generation once more until the next is due [A26]", async () => {
		const auth = openTestAuth();
		const token = (await signedUp(auth)).cookies.get("session")!;
		auth.clock.advance({ minutes: 14, seconds: 59 });
		const granted = await renewSession(await auth.engine(), (await judge(auth, token))!);
		const [before, after] = [claimsOf(token), claimsOf(granted!.cookie.value)];
		expect(after).toEqual({ ...before, iat: before.iat + 899, fresh: before.fresh + 899 });
		expect(granted!.cookie.maxAgeSeconds).toBe(after.exp - after.iat);
	});

	it("moves to the next generation when it is due, and changes nothing else that a token says", async () => {
		const auth = openTestAuth();
		const token = await dueSession(auth);
		const current = (await judge(auth, token))!;
		expect(needsRenewal(current)).toBe(true);
		const granted = await renewSession(await auth.engine(), current);
		const [before, after] = [claimsOf(token), claimsOf(granted!.cookie.value)];
		expect(after).toEqual({ ...before, gen: 2, iat: before.iat + 900, fresh: before.fresh + 900 });
	});

	it("gives every racing request the same generation, in whatever order the store serves them [A26]", async () => {
		const auth = openTestAuth();
		const engine = await auth.engine();
		let token = await dueSession(auth);
		await fc.assert(
			fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 6 }), async (scheduler, tabs) => {
				const { readSession, advanceGeneration, recordSight } = engine.storage;
				const storage = {
					...engine.storage,
					readSession: scheduler.scheduleFunction(readSession),
					advanceGeneration: scheduler.scheduleFunction(advanceGeneration),
					recordSight: scheduler.scheduleFunction(recordSight),
				};
				const racing = { ...engine, storage };
				const renewed = Array.from({ length: tabs }, async () => {
					const headers = new Headers({ cookie: `session=${token}` });
					const current = await resolveSession(racing, readVisitor({ headers }, ownSite));
					return renewSession(racing, current!);
				});
				const granted = await scheduler.waitFor(Promise.all(renewed));
				const generations = new Set(granted.map((one) => claimsOf(one!.cookie.value).gen));
				expect([...generations]).toEqual([claimsOf(token).gen + 1]);
				token = granted[0]!.cookie.value;
				expect(await judge(auth, token)).not.toBeNull();
				auth.clock.advance({ minutes: 15 });
			}),
			{ numRuns: 40 },
		);
	});

	it("gives whoever comes with a predecessor the present generation, and goes no further [A26]", async () => {
		const auth = openTestAuth();
		const engine = await auth.engine();
		const token = await dueSession(auth);
		await renewSession(engine, (await judge(auth, token))!);
		auth.clock.advance({ minutes: 20 });
		const behind = (await judge(auth, token))!;
		expect(needsRenewal(behind)).toBe(true);
		const granted = await renewSession(engine, behind);
		expect(claimsOf(granted!.cookie.value)).toMatchObject({ gen: 2, iat: Math.floor(auth.clock() / 1000) });
	});

	it("gives a slow action what is current when it ends, not what was when it began [A26]", async () => {
		const auth = openTestAuth();
		const engine = await auth.engine();
		const token = await dueSession(auth);
		await renewSession(engine, (await judge(auth, token))!);
		auth.clock.advance({ minutes: 20 });
		const slow = (await judge(auth, token))!;
		const second = (await renewSession(engine, slow))!.cookie.value;
		await judge(auth, second);
		auth.clock.advance({ seconds: 30 });
		const third = (await renewSession(engine, (await judge(auth, second))!))!.cookie.value;
		await judge(auth, third);
		auth.clock.advance({ minutes: 5 });
		const granted = await renewSession(engine, slow);
		expect(claimsOf(granted!.cookie.value)).toMatchObject({ gen: 3, iat: Math.floor(auth.clock() / 1000) });
		auth.clock.advance({ days: 1 });
		expect(await judge(auth, granted!.cookie.value)).not.toBeNull();
	});

	it("is not asked for by a token that nothing would be gained for", async () => {
		const auth = openTestAuth();
		const token = (await signedUp(auth)).cookies.get("session")!;
		expect(needsRenewal((await judge(auth, token))!)).toBe(false);
		auth.clock.advance({ minutes: 16 });
		const tooEarly = (await judge(auth, token))!;
		const seenJustNow = { ...tooEarly, session: { ...tooEarly.session, generationSeen: 0, seenAt: null } };
		expect(needsRenewal(seenJustNow)).toBe(false);
		expect(needsRenewal(tooEarly)).toBe(true);
	});

	it("gives nothing to whom a sign-out was faster than [A27]", async () => {
		const auth = openTestAuth();
		const engine = await auth.engine();
		const token = await dueSession(auth);
		const current = (await judge(auth, token))!;
		await engine.storage.endAllSessions({ userId: current.user.id, events: [] });
		expect(await renewSession(engine, current)).toBeNull();
	});
});
