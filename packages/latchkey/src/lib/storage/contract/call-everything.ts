import { randomUUID } from "node:crypto";
import type { Storage } from "../storage.ts";
import { counter, minute, newEvent, newUser, nothingToSettle, sha256, signIn } from "./fixtures.ts";

/** Calls the port so that every statement that it has is executed. */
export async function callEverything(storage: Storage): Promise<void> {
	const identities = [{ issuer: "i", subject: "s" }];
	const input = newUser("ada", { identities, events: [newEvent()], replaces: { sessionId: randomUUID() } });
	const { id: userId, session } = input;
	const sessionId = session!.id;
	await storage.createUser(input);
	await storage.readSession(session!.secretHash);
	await storage.createSession({ ...signIn(userId), settle: { clear: ["a"], giveBack: ["b"] } });
	await storage.recordSight({ sessionId, generation: 1 });
	await storage.advanceGeneration({ sessionId, generation: 1, graceMs: 0 });
	await storage.touchSessions([{ sessionId, at: 0, idleMs: 1 }]);
	await storage.listSessions(userId, { limit: 1 });
	await storage.listSessions(userId, { limit: 1, before: sessionId });
	await storage.endOtherSessions({ userId, keepSessionId: sessionId, events: [] });
	await storage.endSession({ userId, sessionId, events: [] });
	await storage.endAllSessions({ userId, events: [] });
	await storage.findCredentials({ kind: "email", canonical: "ada@example.com" });
	await storage.findCredentialsOfUser(userId);
	await storage.findUserByIdentity(identities[0]!);
	await storage.updateUser({ userId, username: { value: "x", canonical: "x" }, events: [] });
	await storage.updateUser({ userId, username: null, events: [] });
	await storage.resealPassword({ userId, version: 1, from: "$sealed$ada", to: "resealed" });
	const next = { ...session!, id: randomUUID(), secretHash: sha256("next") };
	await storage.changePassword({
		userId,
		version: 1,
		sealed: "new",
		session: next,
		settle: nothingToSettle,
		events: [],
	});
	await storage.exportUser(userId);
	await storage.increment([counter("a"), counter("b")]);
	await storage.putToken({ purpose: "p", subject: userId, tokenHash: sha256("t"), lifetimeMs: minute, payload: null });
	await storage.consumeToken({ purpose: "p", tokenHash: sha256("t") });
	await storage.appendEvents([newEvent()]);
	await storage.listEvents(userId, { limit: 1 });
	await storage.listEvents(userId, { limit: 1, before: "x" });
	await storage.deleteUser({ userId, pseudonym: "p", events: [] });
	await storage.deleteExpired(1);
	await storage.ping();
}
