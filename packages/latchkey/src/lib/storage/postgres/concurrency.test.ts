import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { counter, day, newEvent, newSession, newUser, sha256, signIn, signUp } from "../contract/fixtures.ts";
import type { Storage } from "../storage.ts";
import { openContractStore } from "./fixtures/postgres-contract-store.ts";

describe("operations that meet on the same rows", { timeout: 60_000 }, () => {
	it("all succeed or refuse, and none fails because of another", async () => {
		const { storage, cleanup, reopen } = await openContractStore({});
		try {
			const others = await Promise.all([reopen(), reopen()]);
			const { userId, session } = await signUp(storage, "ada");
			const sessions = [session!.id];
			const failures: unknown[] = [];
			await Promise.all(
				[storage, ...others].flatMap((store) =>
					Array.from({ length: 6 }, () =>
						actAtRandom(store, { userId, sessions, steps: 120 }).catch((error) => failures.push(error)),
					),
				),
			);
			expect(failures).toEqual([]);
			await expectSound(storage, userId);
		} finally {
			await cleanup();
		}
	});
});

/** Does one thing after the other to one account, each for real and none with a result that is known beforehand. */
async function actAtRandom(
	storage: Storage,
	{ userId, sessions, steps }: { userId: string; sessions: string[]; steps: number },
): Promise<void> {
	const any = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)]!;
	const events = () => [newEvent({ id: randomUUID(), userId })];
	const keys = ["account", "address", "other"];
	const credentials = () => storage.findCredentialsOfUser(userId);
	const actions: (() => Promise<unknown>)[] = [
		async () => {
			const { user } = (await credentials())!;
			const opened = await storage.createSession({
				...signIn(userId, { epoch: user.epoch }),
				replaces: { sessionId: any(sessions) },
				settle: { clear: [any(keys)], giveBack: [any(keys), any(keys)] },
				events: events(),
			});
			if (opened !== null) sessions.push(opened.id);
		},
		() => storage.increment([any(["a", "b"]), ...keys.toReversed()].map((key) => counter(key))),
		() => storage.endOtherSessions({ userId, keepSessionId: any(sessions.slice(-5)), events: events() }),
		() => storage.endSession({ userId, sessionId: any(sessions), events: events() }),
		() => storage.endAllSessions({ userId, events: events() }),
		async () => {
			const { password } = (await credentials())!;
			const { userId: _userId, epoch: _epoch, ...session } = newSession(userId);
			const settle = { clear: [...keys], giveBack: [] };
			const change = { userId, version: password!.version, sealed: randomUUID(), session, settle, events: events() };
			const opened = await storage.changePassword(change);
			if (opened !== null) sessions.push(opened.id);
		},
		() => {
			const seen = sessions.slice(-20).toSorted(() => Math.random() - 0.5);
			return storage.touchSessions(seen.map((sessionId) => ({ sessionId, at: Date.now(), idleMs: day })));
		},
		() => storage.recordSight({ sessionId: any(sessions), generation: 1 }),
		() => storage.advanceGeneration({ sessionId: any(sessions), generation: 1, graceMs: 0 }),
		() =>
			storage.updateUser({ userId, name: randomUUID(), username: { value: "x", canonical: "x" }, events: events() }),
		() => storage.updateUser({ userId, username: null, events: events() }),
		() => storage.createUser(newUser(`guest ${any([1, 2])}`, { session: null, events: events() })),
		() => storage.deleteExpired(10),
		() => storage.exportUser(userId),
	];
	for (let step = 0; step < steps; step++) await any(actions)();
}

/** Whatever happened, what is left agrees with itself. */
async function expectSound(storage: Storage, userId: string): Promise<void> {
	const exported = (await storage.exportUser(userId))!;
	const live = await storage.listSessions(userId, { limit: 1000 });
	expect(live.every(({ epoch }) => epoch === exported.user.epoch)).toBe(true);
	await storage.endAllSessions({ userId, events: [] });
	expect(await storage.listSessions(userId, { limit: 1000 })).toEqual([]);
	const secret = randomUUID();
	const next = (await storage.findCredentialsOfUser(userId))!.user;
	expect(await storage.createSession(signIn(userId, { secret, epoch: next.epoch }))).not.toBeNull();
	expect(await storage.readSession(sha256(secret))).not.toBeNull();
}
