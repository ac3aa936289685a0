import { randomUUID } from "node:crypto";
import type { Storage } from "../storage.ts";
import {
	counter,
	minute,
	newEvent,
	newMail,
	newPasskey,
	newTotp,
	newTrustedDevice,
	newUser,
	nothingToSettle,
	rotation,
	sha256,
	signIn,
} from "./fixtures.ts";
import { callOAuth } from "./oauth-contract.ts";

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
	await storage.updateUser({ userId, fields: { from: null, to: "{}" }, events: [] });
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
	await storage.countAttempt([counter("a"), counter("b")], { kind: "email", canonical: "ada@example.com" });
	await storage.putToken({ purpose: "p", subject: userId, tokenHash: sha256("t"), lifetimeMs: minute, payload: null });
	await storage.consumeToken({ purpose: "p", tokenHash: sha256("t") });
	await storage.appendEvents([newEvent()]);
	await storage.listEvents(userId, { limit: 1 });
	await storage.listEvents(userId, { limit: 1, before: "x" });
	await storage.listEvents(userId, { limit: 1, types: ["x"] });
	await storage.requestDeletion({ userId, afterMs: 0, events: [newEvent()] });
	await storage.readDeletion(userId);
	await storage.listDueDeletions(1);
	await storage.undoDeletion({ userId, events: [] });
	await storage.recordFailure({ userId, events: [newEvent()] });
	await storage.forgetFailures(userId);
	await callMail(storage, userId);
	await callOAuth(storage, userId, sessionId);
	await callFactors(storage, userId);
	await callTrustedDevices(storage, userId);
	await storage.deleteUser({ userId, pseudonym: "p", events: [] });
	await storage.deleteExpired(1);
	await storage.ping();
}

async function callMail(storage: Storage, userId: string): Promise<void> {
	const link = { purpose: "password-reset", tokenHash: sha256("reset") };
	const token = { ...link, subject: userId, lifetimeMs: minute, payload: null };
	const canonical = "ada@example.com";
	const mails = [newMail(), newMail({ recipient: null, userId })];
	await storage.replaceToken({ token, events: [newEvent({ mails })] });
	await storage.peekToken(link);
	await storage.findToken({ purpose: "password-reset", subject: userId });
	await storage.resetPassword({ userId, canonical, token: link, sealed: "x", settle: nothingToSettle, events: [] });
	await storage.proveEmail({ userId, canonical, stranger: true, events: [] });
	await storage.replaceToken({ token, events: [] });
	const email = { value: "b@example.com", canonical: "b@example.com" };
	await storage.changeEmail({ userId, token: link, email, undo: null, epoch: null, events: [] });
	await storage.replaceToken({ token, events: [] });
	await storage.changeEmail({ userId, token: link, email, undo: { since: 0 }, epoch: null, events: [] });
	await storage.dropTokens({ purpose: "p", subject: userId, events: [] });
	const [mail] = await storage.claimMails({ limit: 2, leaseMs: minute });
	await storage.postponeMail({ ...mail!, waitMs: null });
	await storage.finishMail(mail!);
	await storage.countMails({ lateMs: 0 });
}

async function callFactors(storage: Storage, userId: string): Promise<void> {
	const passkey = newPasskey(userId);
	await storage.addPasskey({ passkey, epoch: 1, limit: 5, events: [] });
	await storage.findPasskey(passkey.credentialId);
	await storage.recordPasskeyUse({ id: passkey.id, counter: 1, backedUp: true });
	await storage.renamePasskey({ userId, id: passkey.id, name: "x", events: [] });
	const { user } = (await storage.findCredentialsOfUser(userId))!;
	const session = await storage.addTotp(newTotp(userId, { epoch: user.epoch, recoveryCodeHashes: [sha256("c")] }));
	const change = { userId, keepSessionId: session!.id, events: [] };
	await storage.renameTotp({ userId, name: "x", events: [] });
	await storage.recordTotpUse({ userId, sealed: "$sealed$totp", step: 1001, resealed: null });
	await storage.replaceRecoveryCodes({
		userId,
		epoch: user.epoch + 1,
		codeHashes: [sha256("c")],
		settle: nothingToSettle,
		events: [],
	});
	await storage.consumeRecoveryCode({ userId, codeHash: sha256("c") });
	await storage.switchSecondStep({ ...change, on: true });
	await storage.forgetAttempts({ keys: ["k"], events: [] });
	await storage.addPassword({ ...change, sealed: "x" });
	await storage.readFactors(userId);
	await storage.removeTotp(change);
	await storage.removePasskey({ ...change, id: passkey.id, usableProviders: ["p"] });
}

async function callTrustedDevices(storage: Storage, userId: string): Promise<void> {
	const { user } = (await storage.findCredentialsOfUser(userId))!;
	const device = newTrustedDevice(userId, { epoch: user.epoch });
	await storage.addTrustedDevice(device);
	await storage.rotateTrustedDevice(rotation(device));
	await storage.listTrustedDevices(userId);
	await storage.forgetTrustedDevice({ userId, id: device.id, events: [] });
}
