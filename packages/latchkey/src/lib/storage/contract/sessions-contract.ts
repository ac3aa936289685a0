import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import type { ContractContext } from "./contract-store.ts";
import {
	counter,
	day,
	hour,
	minute,
	newEvent,
	newSession,
	nothingToSettle,
	sha256,
	signIn,
	signUp,
} from "./fixtures.ts";

/** Sessions opened, read and listed. */
export function sessionsContract(context: ContractContext): void {
	it("reads a session and its user in full", async () => {
		const { storage, clock } = context;
		const { user } = await signUp(storage, "Ada", { session: null });
		const openedAt = clock.now;
		const session = newSession(user.id, {
			secret: "s",
			amr: ["pwd", "otp"],
			level: "aal2",
			userAgent: "Ünïcödé 🦊/1.0",
		});
		const created = await storage.createSession({ session, replaces: null, settle: nothingToSettle, events: [] });
		clock.now += minute;
		const read = await storage.readSession(sha256("s"));
		expect(read).toEqual({
			now: clock.now,
			session: {
				id: session.id,
				userId: user.id,
				epoch: 1,
				generation: 1,
				generationSeen: 0,
				renewedAt: openedAt,
				seenAt: null,
				createdAt: openedAt,
				lastSeenAt: openedAt,
				idleExpiresAt: openedAt + day,
				expiresAt: openedAt + 30 * day,
				authTime: openedAt,
				amr: ["pwd", "otp"],
				level: "aal2",
				address: "203.0.113.7",
				userAgent: "Ünïcödé 🦊/1.0",
			},
			user: {
				id: user.id,
				name: "Ada",
				email: "Ada@Example.com",
				emailVerifiedAt: null,
				username: "Ada",
				epoch: 1,
				createdAt: openedAt,
				fields: null,
			},
		});
		expect(created).toEqual(read?.session);
	});

	it("reads a user without name, address, user name and device", async () => {
		const { storage } = context;
		const { userId } = await signUp(storage, "x", {
			name: null,
			identifiers: [],
			identities: [{ issuer: "https://id.example", subject: "1" }],
			password: null,
			session: null,
		});
		await storage.createSession(signIn(userId, { secret: "s", address: null, userAgent: null, amr: [] }));
		const read = await storage.readSession(sha256("s"));
		expect(read?.user).toMatchObject({ name: null, email: null, username: null });
		expect(read?.session).toMatchObject({ address: null, userAgent: null, amr: [] });
	});

	it("knows nobody by a secret it has not seen", async () => {
		await signUp(context.storage, "ada");
		expect(await context.storage.readSession(sha256("a guess"))).toBeNull();
	});

	it("expires a session that was idle too long, at the moment it says", async () => {
		const { storage, clock } = context;
		const { secretHash } = await signUp(storage, "ada");
		clock.now += day - 1;
		expect(await storage.readSession(secretHash!)).not.toBeNull();
		clock.now += 1;
		expect(await storage.readSession(secretHash!)).toBeNull();
	});

	it("expires a session absolutely, whatever its activity", async () => {
		const { storage, clock } = context;
		const { userId } = await signUp(storage, "ada");
		const created = await storage.createSession(signIn(userId, { secret: "s", lifetimeMs: hour, idleMs: null }));
		expect(created?.idleExpiresAt).toBe(created?.expiresAt);
		clock.now += hour - 1;
		await storage.touchSessions([{ sessionId: created!.id, at: clock.now, idleMs: day }]);
		expect(await storage.readSession(sha256("s"))).not.toBeNull();
		clock.now += 1;
		expect(await storage.readSession(sha256("s"))).toBeNull();
	});

	it("never lets the idle expiry lie behind the absolute one", async () => {
		const { userId } = await signUp(context.storage, "ada");
		const created = await context.storage.createSession(signIn(userId, { lifetimeMs: hour, idleMs: day }));
		expect(created?.idleExpiresAt).toBe(created?.expiresAt);
	});

	it("opens nothing, ends nothing and records nothing once the epoch has moved", async () => {
		const { storage, store } = context;
		const { userId, secretHash } = await signUp(storage, "ada");
		const other = await signUp(storage, "bob");
		await storage.endAllSessions({ userId, events: [] });
		await storage.increment([counter("k", { limit: 1 })]);
		const before = await store.countRows();
		const refused = await storage.createSession({
			session: newSession(userId, { secret: "s", epoch: 1 }),
			replaces: { sessionId: other.session!.id },
			settle: { clear: ["k"], giveBack: [] },
			events: [newEvent({ userId })],
		});
		expect(refused).toBeNull();
		expect(await store.countRows()).toEqual(before);
		expect(await storage.readSession(sha256("s"))).toBeNull();
		expect(await storage.readSession(secretHash!)).toBeNull();
		expect(await storage.readSession(other.secretHash!)).not.toBeNull();
		expect((await storage.increment([counter("k", { limit: 1 })]))[0]?.accepted).toBe(false);
	});

	it("opens nothing for a user who is gone", async () => {
		const { storage, store } = context;
		const before = await store.countRows();
		expect(await storage.createSession(signIn(randomUUID()))).toBeNull();
		expect(await store.countRows()).toEqual(before);
	});

	it("ends the session that the new one replaces, whoever's it is", async () => {
		const { storage } = context;
		const ada = await signUp(storage, "ada");
		const bob = await signUp(storage, "bob");
		const created = await storage.createSession({
			...signIn(ada.userId, { secret: "s" }),
			replaces: { sessionId: bob.session!.id },
		});
		expect(created).not.toBeNull();
		expect(await storage.readSession(bob.secretHash!)).toBeNull();
		expect(await storage.readSession(ada.secretHash!)).not.toBeNull();
		expect(await storage.readSession(sha256("s"))).not.toBeNull();
	});

	it("opens a session also when the one to replace does not exist", async () => {
		const { userId } = await signUp(context.storage, "ada");
		const input = { ...signIn(userId), replaces: { sessionId: "no such session" } };
		expect(await context.storage.createSession(input)).not.toBeNull();
	});

	it("settles counters and records events together with the session", async () => {
		const { storage, clock } = context;
		const { userId } = await signUp(storage, "ada");
		const sessionId = randomUUID();
		const account = counter("account", { limit: 1 });
		await storage.increment([account]);
		const event = newEvent({ userId, sessionId, type: "signed_in", detail: { method: "password" } });
		await storage.createSession({
			session: newSession(userId, { id: sessionId }),
			replaces: null,
			settle: { clear: ["account"], giveBack: [] },
			events: [event],
		});
		expect(await storage.listEvents(userId, { limit: 10 })).toEqual([{ ...event, at: clock.now }]);
		expect((await storage.increment([account]))[0]?.accepted).toBe(true);
	});

	it("lists live sessions only, newest first, of this user only", async () => {
		const { storage, clock } = context;
		const ada = await signUp(storage, "ada", { session: null });
		const bob = await signUp(storage, "bob");
		const ids: string[] = [];
		for (const lifetimeMs of [day, hour, day, day]) {
			clock.now += minute;
			ids.push((await storage.createSession(signIn(ada.userId, { lifetimeMs, idleMs: null })))!.id);
		}
		await storage.endSession({ userId: ada.userId, sessionId: ids[2]!, events: [] });
		clock.now += 2 * hour;
		const listed = await storage.listSessions(ada.userId, { limit: 10 });
		expect(listed.map(({ id }) => id)).toEqual([ids[3], ids[0]]);
		expect(await storage.listSessions(bob.userId, { limit: 10 })).toEqual([bob.session]);
		expect(await storage.listSessions(randomUUID(), { limit: 10 })).toEqual([]);
	});

	it("pages through sessions without a gap, also when they began at the same moment", async () => {
		const { storage, clock } = context;
		const { userId } = await signUp(storage, "ada", { session: null });
		const ids = new Set<string>();
		for (let index = 0; index < 7; index++) {
			if (index % 3 === 0) clock.now += minute;
			ids.add((await storage.createSession(signIn(userId)))!.id);
		}
		const paged: string[] = [];
		for (let before: string | undefined; ; before = paged.at(-1)) {
			const page = await storage.listSessions(userId, before === undefined ? { limit: 3 } : { limit: 3, before });
			if (page.length === 0) break;
			paged.push(...page.map(({ id }) => id));
		}
		expect(paged).toHaveLength(7);
		expect(new Set(paged)).toEqual(ids);
	});

	it("goes on after a session that has ended meanwhile, and not after somebody else's", async () => {
		const { storage, clock } = context;
		const ada = await signUp(storage, "ada");
		const bob = await signUp(storage, "bob");
		clock.now += minute;
		const second = await storage.createSession(signIn(ada.userId));
		await storage.endSession({ userId: ada.userId, sessionId: second!.id, events: [] });
		const page = await storage.listSessions(ada.userId, { limit: 5, before: second!.id });
		expect(page.map(({ id }) => id)).toEqual([ada.session!.id]);
		expect(await storage.listSessions(ada.userId, { limit: 5, before: bob.session!.id })).toEqual([]);
	});
}
