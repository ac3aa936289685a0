import { describe, expect, it, vi } from "vitest";
import { from, openTestAuth, signedUp, type TestAuth } from "../../../test/harness.ts";
import { installArrivalStamp } from "../http/arrival.ts";
import { readVisitor, type Visitor } from "../http/visitor.ts";
import { renewSession } from "./renew-session.ts";
import { type ResolveOptions, resolveSession } from "./resolve-session.ts";

const ownSite = { trustedProxies: 0, loopback: true, origin: "http://localhost:3000" };

const somewhere: Omit<Visitor, "headers"> = {
	address: "203.0.113.5",
	userAgent: "TestBrowser/1",
	arrivedAgoMs: 0,
	kind: "document",
	url: "/",
};

async function resolve(auth: TestAuth, token: string | null, visitor: Partial<Visitor> = {}, options?: ResolveOptions) {
	const headers = new Headers(token === null ? {} : { cookie: `session=${token}` });
	const current = await resolveSession(await auth.engine(), { ...somewhere, headers, ...visitor }, options);
	await auth.settled();
	return current;
}

async function renew(auth: TestAuth, token: string): Promise<string> {
	const current = await resolve(auth, token);
	return (await renewSession(await auth.engine(), current!))!.cookie.value;
}

/** Two generations: the first was copied, the second has been seen, and the grace is over. */
async function afterTheft(auth: TestAuth): Promise<{ copy: string; own: string }> {
	const copy = (await signedUp(auth)).cookies.get("session")!;
	await resolve(auth, copy);
	auth.clock.advance({ minutes: 15 });
	const own = await renew(auth, copy);
	await resolve(auth, own);
	auth.clock.advance({ seconds: 31 });
	return { copy, own };
}

describe("resolving a session", () => {
	it("finds nobody without a token, with a broken one, and with one that nobody signed", async () => {
		const auth = openTestAuth();
		const token = (await signedUp(auth)).cookies.get("session")!;
		for (const given of [null, "", "x", "a.b.c", `${token}x`]) expect(await resolve(auth, given)).toBeNull();
		expect((await resolve(auth, token))?.user.email).toBe("ada@example.com");
	});

	it("refuses a well-signed token whose subject is not the row's [ASVS 7.2.1]", async () => {
		const auth = openTestAuth();
		const engine = await auth.engine();
		const token = (await signedUp(auth)).cookies.get("session")!;
		const { session, claims, now } = (await resolve(auth, token))!;
		const forged = engine.tokens.mint({ ...session, userId: "0198c0de-0000-7000-8000-000000000002" }, claims.sid, now);
		expect(engine.tokens.read(forged)).not.toBeNull();
		expect(await resolve(auth, forged)).toBeNull();
	});

	it("refuses a token past its exp, whatever the row says [ASVS 9.2.1]", async () => {
		const auth = openTestAuth();
		const engine = await auth.engine();
		const token = (await signedUp(auth)).cookies.get("session")!;
		const { session, claims, now } = (await resolve(auth, token))!;
		const short = engine.tokens.mint({ ...session, expiresAt: now + 60_000 }, claims.sid, now);
		auth.clock.advance({ seconds: 59 });
		expect(await resolve(auth, short)).not.toBeNull();
		auth.clock.advance({ seconds: 1 });
		expect(await resolve(auth, short)).toBeNull();
		expect(await resolve(auth, token)).not.toBeNull();
	});

	it("ends a copied session for owner and thief, and tells what differed [A26]", async () => {
		const auth = openTestAuth();
		const { copy, own } = await afterTheft(auth);
		const { user, session } = (await resolve(auth, own))!;
		expect(await resolve(auth, copy, { userAgent: "Thief/1", address: "198.51.100.7" })).toBeNull();
		expect(await resolve(auth, own)).toBeNull();
		const [event] = await (await auth.engine()).storage.listEvents(user.id, { limit: 1 });
		expect(event).toMatchObject({
			type: "session.copied",
			sessionId: session.id,
			address: "198.51.100.7",
			userAgent: "Thief/1",
			detail: { otherDevice: true },
		});
		expect(auth.logged).toContainEqual(expect.objectContaining({ level: "warn", event: "session.copied" }));
	});

	it("records no more than one event when both go on [A26]", async () => {
		const auth = openTestAuth();
		const { copy, own } = await afterTheft(auth);
		const { user } = (await resolve(auth, own))!;
		await Promise.all([resolve(auth, copy), resolve(auth, copy), resolve(auth, own)]);
		await resolve(auth, copy);
		const events = await (await auth.engine()).storage.listEvents(user.id, { limit: 50 });
		expect(events.filter(({ type }) => type === "session.copied")).toHaveLength(1);
	});

	it("counts no sight of a token that was written during the request [A26]", async () => {
		const auth = openTestAuth();
		const first = (await signedUp(auth)).cookies.get("session")!;
		await resolve(auth, first);
		auth.clock.advance({ minutes: 15 });
		const second = await renew(auth, first);
		expect(await resolve(auth, first, {}, { token: second, onWire: false })).not.toBeNull();
		expect((await resolve(auth, first))?.session).toMatchObject({ generation: 2, generationSeen: 1, seenAt: null });
		await resolve(auth, second);
		expect((await resolve(auth, first))?.session).toMatchObject({ generationSeen: 2, seenAt: auth.clock() });
	});

	it("takes no prefetch and no look at who is signed in for activity or sight", async () => {
		const auth = openTestAuth();
		const token = (await signedUp(auth)).cookies.get("session")!;
		const { storage, activity } = await auth.engine();
		const { session } = (await resolve(auth, token, {}, { activity: false }))!;
		auth.clock.advance({ minutes: 5 });
		await resolve(auth, token, { kind: "prefetch" });
		await resolve(auth, token, {}, { activity: false });
		await activity.flush();
		expect(await storage.listSessions(session.userId, { limit: 1 })).toEqual([session]);
	});

	it("judges a slow action by when its request arrived, by the stamp on it [A26]", async () => {
		installArrivalStamp();
		const auth = openTestAuth();
		const { copy } = await afterTheft(auth);
		const monotonic = vi.spyOn(performance, "now").mockReturnValue(100_000);
		const headers = new Headers({ cookie: `session=${copy}`, ...from("203.0.113.5") });
		monotonic.mockReturnValue(115_000);
		const visitor = readVisitor({ headers }, ownSite);
		monotonic.mockRestore();
		expect(visitor).toMatchObject({ arrivedAgoMs: 15_000, address: "203.0.113.5" });
		expect(await resolveSession(await auth.engine(), visitor)).not.toBeNull();
		headers.delete("x-latchkey-arrival");
		expect(await resolveSession(await auth.engine(), readVisitor({ headers }, ownSite))).toBeNull();
	});

	it("ends an idle session when it says, and no token prolongs it [ASVS 7.3.1]", async () => {
		const auth = openTestAuth({ profile: "aal2", secondFactor: "optional" });
		const browser = await signedUp(auth, { email: "ada@example.com", password: "correct horse battery staple" });
		const token = browser.cookies.get("session")!;
		for (let use = 0; use < 3; use++) {
			auth.clock.advance({ minutes: 59 });
			expect(await resolve(auth, token)).not.toBeNull();
			await (await auth.engine()).activity.flush();
		}
		auth.clock.advance({ minutes: 60 });
		expect(await resolve(auth, token)).toBeNull();
	});

	it("ends a session absolutely, however much it is used and renewed [ASVS 7.3.2]", async () => {
		const auth = openTestAuth({ profile: "aal2", secondFactor: "optional" });
		const browser = await signedUp(auth, { email: "ada@example.com", password: "correct horse battery staple" });
		let token = browser.cookies.get("session")!;
		for (let half = 1; half < 48; half++) {
			auth.clock.advance({ minutes: 30 });
			token = await renew(auth, token);
			await (await auth.engine()).activity.flush();
		}
		expect(await resolve(auth, token)).not.toBeNull();
		auth.clock.advance({ minutes: 30 });
		expect(await resolve(auth, token)).toBeNull();
	});
});
