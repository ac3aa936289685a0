import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { counter, day, newEvent, newSession, newUser, sha256, signIn, signUp } from "../contract/fixtures.ts";
import type { Storage } from "../storage.ts";
import { asSuperuser, freshName, sharedServer } from "./fixtures/postgres-contract-store.ts";
import { openPostgres } from "./open-postgres.ts";

describe("operations that meet on the same rows", { timeout: 60_000 }, () => {
	it("all succeed or refuse, none fails because of another, and none wait in a circle", async () => {
		await withStores(async (stores) => {
			const { userId, session } = await signUp(stores[0]!, "ada");
			const sessions = [session!.id];
			await parallel(stores, 6, (store) => actAtRandom(store, { userId, sessions, steps: 50 }));
			await expectSound(stores[0]!, userId);
		});
	});

	it("count and settle the same counters, in whatever order they name them", async () => {
		await withStores(async (stores) => {
			const { userId } = await signUp(stores[0]!, "ada");
			const keys = Array.from({ length: 12 }, (_, index) => `key ${index}`);
			await parallel(stores, 6, async (store, which) => {
				for (let step = 0; step < 40; step++) {
					const settle = { clear: shuffled(keys).slice(6), giveBack: shuffled(keys) };
					if ((step + which) % 2 === 0) await store.createSession({ ...signIn(userId), settle });
					else await store.increment(shuffled(keys).map((key) => counter(key)));
				}
			});
		});
	});

	it("touch and end the same sessions, in whatever order they name them", async () => {
		await withStores(async (stores) => {
			const { userId } = await signUp(stores[0]!, "ada");
			const opened = await Promise.all(Array.from({ length: 40 }, () => stores[0]!.createSession(signIn(userId))));
			const sessionIds = opened.map((session) => session!.id);
			await parallel(stores, 4, async (store, which) => {
				for (let step = 0; step < 30; step++) {
					const activity = shuffled(sessionIds).map((sessionId) => ({ sessionId, at: Date.now() + step, idleMs: day }));
					await store.touchSessions(activity);
					if (which === 0 && step === 15) await store.endAllSessions({ userId, events: [] });
				}
			});
		});
	});

	it("clean up sessions that others touch, and deal with each of them once", async () => {
		await withStores(async (stores, url) => {
			const { userId } = await signUp(stores[0]!, "ada", { session: null });
			const open = async (overrides = {}) => (await stores[0]!.createSession(signIn(userId, overrides)))!.id;
			const [live, gone] = [60, 40];
			const sessionIds = await Promise.all(Array.from({ length: live }, () => open()));
			await Promise.all(Array.from({ length: gone }, () => open({ lifetimeMs: -2 * day })));
			await asSuperuser((client) => client.query("UPDATE latchkey_session SET sweep_at = 0"), url);
			const counts: number[] = [];
			await parallel(stores, 4, async (store, which) => {
				for (let step = 0; step < 15; step++) {
					const activity = shuffled(sessionIds).map((sessionId) => ({ sessionId, at: Date.now() + step, idleMs: day }));
					if (which >= 2) await store.touchSessions(activity);
					else counts.push(await store.deleteExpired(4));
				}
			});
			counts.push(await stores[0]!.deleteExpired(100));
			expect(counts.reduce((sum, count) => sum + count, 0)).toBe(live + gone);
			expect(await stores[0]!.deleteExpired(100)).toBe(0);
			expect(await stores[0]!.listSessions(userId, { limit: 1000 })).toHaveLength(live);
		});
	});

	it("keep one of the sessions that others touch, and open more beside it", async () => {
		await withStores(async (stores) => {
			const { userId, session } = await signUp(stores[0]!, "ada");
			const sessions = [session!.id];
			await parallel(stores, 4, async (store, which) => {
				for (let step = 0; step < 30; step++) {
					const recent = shuffled(sessions.slice(-30));
					if (which === 0) {
						await store.endOtherSessions({ userId, keepSessionId: recent[0]!, events: [] });
					} else if (which === 1) {
						const { user } = (await store.findCredentialsOfUser(userId))!;
						const opened = await store.createSession(signIn(userId, { epoch: user.epoch }));
						if (opened !== null) sessions.push(opened.id);
					} else {
						const at = Date.now() + step;
						await store.touchSessions(recent.map((sessionId) => ({ sessionId, at, idleMs: day })));
					}
				}
			});
		});
	});
});

/** Three stores on a database of their own, where in the end nobody has waited in a circle. */
async function withStores(work: (stores: readonly Storage[], url: string) => Promise<void>): Promise<void> {
	const database = freshName();
	await asSuperuser((client) => client.query(`CREATE DATABASE ${database}`));
	const url = (await sharedServer()).replace(/\/postgres$/, `/${database}`);
	const stores = [await openPostgres({ url }), await openPostgres({ url }), await openPostgres({ url })];
	await work(stores, url);
	// What a connection has counted is written down when it ends.
	await Promise.all(stores.map((store) => store.close()));
	const { rows } = await asSuperuser((client) =>
		client.query<{ deadlocks: number }>("SELECT deadlocks::int FROM pg_stat_database WHERE datname = $1", [database]),
	);
	expect(rows[0]?.deadlocks).toBe(0);
}

/** So many at once on each store; all of them must succeed. */
async function parallel(
	stores: readonly Storage[],
	times: number,
	work: (store: Storage, which: number) => Promise<void>,
): Promise<void> {
	const failures: unknown[] = [];
	const all = stores.flatMap((store) => Array.from({ length: times }, (_, which) => work(store, which)));
	await Promise.all(all.map((one) => one.catch((error: unknown) => failures.push(error))));
	expect(failures).toEqual([]);
}

function shuffled<T>(list: readonly T[]): T[] {
	return list
		.map((item) => ({ item, at: Math.random() }))
		.sort((one, other) => one.at - other.at)
		.map(({ item }) => item);
}

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
			const seen = shuffled(sessions.slice(-20));
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
