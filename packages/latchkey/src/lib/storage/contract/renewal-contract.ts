import { expect, it } from "vitest";
import type { ContractContext } from "./contract-store.ts";
import { day, hour, minute, sha256, signIn, signUp } from "./fixtures.ts";

const graceMs = 30_000;

/** Generations, sights and activity. */
export function renewalContract(context: ContractContext): void {
	async function openSeen() {
		const { storage } = context;
		const { userId, session, secretHash } = await signUp(storage, "ada");
		await storage.recordSight({ sessionId: session!.id, generation: 1 });
		return { userId, sessionId: session!.id, secretHash: secretHash! };
	}
	const advance = (sessionId: string, generation: number) =>
		context.storage.advanceGeneration({ sessionId, generation, graceMs });

	it("advances a generation that was seen, once its predecessor's grace is over", async () => {
		const { storage, clock } = context;
		const { sessionId, secretHash } = await openSeen();
		clock.now += graceMs - 1;
		expect(await advance(sessionId, 1)).toBeNull();
		clock.now += 1;
		const before = await storage.readSession(secretHash);
		expect(await advance(sessionId, 1)).toEqual({
			...before?.session,
			generation: 2,
			generationSeen: 1,
			renewedAt: clock.now,
			seenAt: null,
		});
		expect((await storage.readSession(secretHash))?.session.generation).toBe(2);
	});

	it("does not advance a generation that nobody has shown yet", async () => {
		const { storage, clock } = context;
		const { sessionId } = await openSeen();
		clock.now += hour;
		await advance(sessionId, 1);
		clock.now += hour;
		expect(await advance(sessionId, 2)).toBeNull();
		await storage.recordSight({ sessionId, generation: 2 });
		expect(await advance(sessionId, 2)).toBeNull();
		clock.now += graceMs;
		expect(await advance(sessionId, 2)).toMatchObject({ generation: 3, generationSeen: 2 });
	});

	it("does not advance from a generation that is not the current one", async () => {
		const { clock } = context;
		const { sessionId } = await openSeen();
		clock.now += hour;
		expect(await advance(sessionId, 2)).toBeNull();
		expect(await advance(sessionId, 0)).toBeNull();
		expect(await advance(sessionId, 1)).not.toBeNull();
		expect(await advance(sessionId, 1)).toBeNull();
		expect(await advance("no such session", 1)).toBeNull();
	});

	it("does not advance a session that is not live any more", async () => {
		const { storage, clock } = context;
		const { userId, sessionId } = await openSeen();
		const second = await storage.createSession(signIn(userId));
		await storage.recordSight({ sessionId: second!.id, generation: 1 });
		clock.now += hour;
		await storage.endSession({ userId, sessionId, events: [] });
		expect(await advance(sessionId, 1)).toBeNull();
		await storage.endAllSessions({ userId, events: [] });
		expect(await advance(second!.id, 1)).toBeNull();
		const third = await storage.createSession(signIn(userId, { epoch: 2 }));
		await storage.recordSight({ sessionId: third!.id, generation: 1 });
		clock.now += day;
		expect(await advance(third!.id, 1)).toBeNull();
	});

	it("keeps the time of the first sight", async () => {
		const { storage, clock } = context;
		const { sessionId, secretHash } = await openSeen();
		const firstSight = clock.now;
		clock.now += minute;
		await storage.recordSight({ sessionId, generation: 1 });
		expect((await storage.readSession(secretHash))?.session).toMatchObject({ generationSeen: 1, seenAt: firstSight });
	});

	it("takes no sight of a generation that was never made", async () => {
		const { storage } = context;
		const { sessionId, secretHash } = await openSeen();
		await storage.recordSight({ sessionId, generation: 2 });
		await storage.recordSight({ sessionId: "no such session", generation: 1 });
		expect((await storage.readSession(secretHash))?.session.generationSeen).toBe(1);
	});

	it("does not count the sight of an older generation as one of the current", async () => {
		const { storage, clock } = context;
		const { sessionId, secretHash } = await openSeen();
		clock.now += hour;
		await advance(sessionId, 1);
		await storage.recordSight({ sessionId, generation: 1 });
		expect((await storage.readSession(secretHash))?.session).toMatchObject({
			generation: 2,
			generationSeen: 1,
			seenAt: null,
		});
	});

	it("moves last-seen and idle expiry forward, up to the absolute expiry", async () => {
		const { storage, clock } = context;
		const { session, secretHash } = await signUp(storage, "ada");
		clock.now += hour;
		const at = clock.now;
		await storage.touchSessions([{ sessionId: session!.id, at, idleMs: day }]);
		expect((await storage.readSession(secretHash!))?.session).toMatchObject({
			lastSeenAt: at,
			idleExpiresAt: at + day,
		});
		await storage.touchSessions([{ sessionId: session!.id, at, idleMs: 90 * day }]);
		expect((await storage.readSession(secretHash!))?.session.idleExpiresAt).toBe(session!.expiresAt);
	});

	it("never moves last-seen or idle expiry back", async () => {
		const { storage, clock } = context;
		const { session, secretHash } = await signUp(storage, "ada");
		clock.now += hour;
		const at = clock.now;
		await storage.touchSessions([{ sessionId: session!.id, at, idleMs: day }]);
		await storage.touchSessions([{ sessionId: session!.id, at: at - minute, idleMs: minute }]);
		expect((await storage.readSession(secretHash!))?.session).toMatchObject({
			lastSeenAt: at,
			idleExpiresAt: at + day,
		});
	});

	it("does not believe activity in the future", async () => {
		const { storage, clock } = context;
		const { session, secretHash } = await signUp(storage, "ada");
		await storage.touchSessions([{ sessionId: session!.id, at: clock.now + day, idleMs: day }]);
		expect((await storage.readSession(secretHash!))?.session).toMatchObject({
			lastSeenAt: clock.now,
			idleExpiresAt: clock.now + day,
		});
	});

	it("touches many sessions at once, the same one twice, and none", async () => {
		const { storage, clock } = context;
		const { userId, session, secretHash } = await signUp(storage, "ada");
		const second = await storage.createSession(signIn(userId, { secret: "s", idleMs: null }));
		clock.now += hour;
		await storage.touchSessions([]);
		await storage.touchSessions([
			{ sessionId: session!.id, at: clock.now, idleMs: day },
			{ sessionId: session!.id, at: clock.now - minute, idleMs: day },
			{ sessionId: second!.id, at: clock.now - minute, idleMs: null },
			{ sessionId: "no such session", at: clock.now, idleMs: day },
		]);
		expect((await storage.readSession(secretHash!))?.session.lastSeenAt).toBe(clock.now);
		expect((await storage.readSession(sha256("s")))?.session).toMatchObject({
			lastSeenAt: clock.now - minute,
			idleExpiresAt: second!.expiresAt,
		});
	});

	it("brings no session back that has ended or expired", async () => {
		const { storage, clock } = context;
		const expired = await signUp(storage, "ada");
		const ended = await signUp(storage, "bob");
		await storage.endSession({ userId: ended.userId, sessionId: ended.session!.id, events: [] });
		const revoked = await signUp(storage, "eve");
		await storage.endAllSessions({ userId: revoked.userId, events: [] });
		clock.now += day;
		const all = [expired, ended, revoked];
		await storage.touchSessions(
			all.map(({ session }) => ({ sessionId: session!.id, at: clock.now - minute, idleMs: day })),
		);
		for (const { secretHash } of all) expect(await storage.readSession(secretHash!)).toBeNull();
	});
}
