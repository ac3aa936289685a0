import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import type { ContractContext } from "./contract-store.ts";
import { day, newEvent, sha256, signIn, signUp } from "./fixtures.ts";

/** Sessions ended one by one, all but one, and all. */
export function sessionEndsContract(context: ContractContext): void {
	it("ends one session, once, with its events", async () => {
		const { storage } = context;
		const { userId, session, secretHash } = await signUp(storage, "ada");
		const end = () =>
			storage.endSession({ userId, sessionId: session!.id, events: [newEvent({ userId, type: "signed_out" })] });
		expect(await end()).toBe(true);
		expect(await storage.readSession(secretHash!)).toBeNull();
		expect(await end()).toBe(false);
		expect(await storage.listEvents(userId, { limit: 10 })).toHaveLength(1);
	});

	it("ends nobody else's session, nor one that is not live", async () => {
		const { storage, clock } = context;
		const ada = await signUp(storage, "ada");
		const bob = await signUp(storage, "bob");
		const events = [newEvent({ userId: bob.userId })];
		const sessionId = ada.session!.id;
		expect(await storage.endSession({ userId: bob.userId, sessionId, events })).toBe(false);
		expect(await storage.endSession({ userId: ada.userId, sessionId: randomUUID(), events })).toBe(false);
		expect(await storage.readSession(ada.secretHash!)).not.toBeNull();
		clock.now += day;
		expect(await storage.endSession({ userId: ada.userId, sessionId, events })).toBe(false);
		expect(await storage.listEvents(bob.userId, { limit: 10 })).toEqual([]);
	});

	it("ends all other sessions and stamps the kept one anew", async () => {
		const { storage } = context;
		const { userId, session, secretHash } = await signUp(storage, "ada");
		const bob = await signUp(storage, "bob");
		await storage.createSession(signIn(userId, { secret: "second" }));
		await storage.createSession(signIn(userId, { secret: "third" }));
		const ended = await storage.createSession(signIn(userId, { secret: "ended before" }));
		await storage.endSession({ userId, sessionId: ended!.id, events: [] });

		const events = [newEvent({ userId })];
		expect(await storage.endOtherSessions({ userId, keepSessionId: session!.id, events })).toBe(2);
		const kept = await storage.readSession(secretHash!);
		expect(kept?.session).toEqual({ ...session, epoch: 2 });
		expect(kept?.user.epoch).toBe(2);
		expect(await storage.readSession(sha256("second"))).toBeNull();
		expect(await storage.readSession(sha256("third"))).toBeNull();
		expect(await storage.readSession(bob.secretHash!)).not.toBeNull();
		expect(await storage.listSessions(userId, { limit: 10 })).toHaveLength(1);
		expect(await storage.listEvents(userId, { limit: 10 })).toHaveLength(1);
		expect(await storage.endOtherSessions({ userId, keepSessionId: session!.id, events: [] })).toBe(0);
	});

	it("refuses a sign-in that was judged before the others were ended", async () => {
		const { storage } = context;
		const { userId, session } = await signUp(storage, "ada");
		await storage.endOtherSessions({ userId, keepSessionId: session!.id, events: [] });
		expect(await storage.createSession(signIn(userId, { epoch: 1 }))).toBeNull();
		expect(await storage.createSession(signIn(userId, { epoch: 2 }))).not.toBeNull();
	});

	it("ends no others on behalf of a session that is not live, or not the user's", async () => {
		const { storage, store } = context;
		const ada = await signUp(storage, "ada");
		const bob = await signUp(storage, "bob");
		const dead = await storage.createSession(signIn(ada.userId));
		await storage.endSession({ userId: ada.userId, sessionId: dead!.id, events: [] });
		const before = await store.countRows();
		for (const keepSessionId of [dead!.id, bob.session!.id, randomUUID()]) {
			const events = [newEvent({ userId: ada.userId })];
			expect(await storage.endOtherSessions({ userId: ada.userId, keepSessionId, events })).toBeNull();
		}
		expect(await store.countRows()).toEqual(before);
		expect((await storage.readSession(ada.secretHash!))?.user.epoch).toBe(1);
		expect(await storage.readSession(bob.secretHash!)).not.toBeNull();
	});

	it("ends every session, also those that a sign-in under way is about to open", async () => {
		const { storage } = context;
		const { userId, secretHash } = await signUp(storage, "ada");
		const bob = await signUp(storage, "bob");
		await storage.createSession(signIn(userId, { secret: "second" }));
		await storage.endAllSessions({ userId, events: [newEvent({ userId })] });
		expect(await storage.readSession(secretHash!)).toBeNull();
		expect(await storage.readSession(sha256("second"))).toBeNull();
		expect(await storage.readSession(bob.secretHash!)).not.toBeNull();
		expect(await storage.createSession(signIn(userId, { epoch: 1 }))).toBeNull();
		expect((await storage.findCredentialsOfUser(userId))?.user.epoch).toBe(2);
		expect(await storage.createSession(signIn(userId, { epoch: 2 }))).not.toBeNull();
		expect(await storage.listEvents(userId, { limit: 10 })).toHaveLength(1);
	});

	it("sees at once that an operator moved the epoch by hand", async () => {
		const { storage, store } = context;
		const { userId, session, secretHash } = await signUp(storage, "ada");
		const sessionId = session!.id;
		await storage.recordSight({ sessionId, generation: 1 });
		await store.execute("UPDATE latchkey_user SET epoch = epoch + 1");
		expect(await storage.readSession(secretHash!)).toBeNull();
		expect(await storage.listSessions(userId, { limit: 10 })).toEqual([]);
		expect(await storage.advanceGeneration({ sessionId, generation: 1, graceMs: 0 })).toBeNull();
		expect(await storage.endSession({ userId, sessionId, events: [] })).toBe(false);
		expect(await storage.endOtherSessions({ userId, keepSessionId: sessionId, events: [] })).toBeNull();
	});

	it("records nothing about ending the sessions of a user who is gone", async () => {
		const { storage, store } = context;
		const before = await store.countRows();
		const userId = randomUUID();
		await storage.endAllSessions({ userId, events: [newEvent({ userId })] });
		expect(await store.countRows()).toEqual(before);
	});
}
