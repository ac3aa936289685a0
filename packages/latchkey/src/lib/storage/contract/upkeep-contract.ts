import { expect, it } from "vitest";
import type { Storage } from "../storage.ts";
import type { ContractContext } from "./contract-store.ts";
import {
	counter,
	day,
	hour,
	minute,
	newEvent,
	newPasskey,
	newTotp,
	newTrustedDevice,
	newUser,
	nothingToSettle,
	rotation,
	sha256,
	signIn,
	signUp,
} from "./fixtures.ts";
import { oauthCalls } from "./oauth-contract.ts";

/** Housekeeping, health and the end. */
export function upkeepContract(context: ContractContext): void {
	const putToken = (text: string, lifetimeMs: number) =>
		context.storage.putToken({ purpose: "p", subject: "s", tokenHash: sha256(text), lifetimeMs, payload: null });
	const countSessions = async () => (await context.store.countRows()).latchkey_session;

	it("deletes sessions a day after they expired or ended, and not before", async () => {
		const { storage, clock } = context;
		const { userId, session } = await signUp(storage, "ada", { session: null });
		expect(session).toBeNull();
		const ended = await storage.createSession(signIn(userId, { idleMs: null }));
		await storage.createSession(signIn(userId, { idleMs: hour }));
		await storage.createSession(signIn(userId, { lifetimeMs: 2 * hour, idleMs: null }));
		await storage.createSession(signIn(userId, { secret: "live", idleMs: null }));
		await storage.endSession({ userId, sessionId: ended!.id, events: [] });
		clock.now += day;
		expect(await storage.deleteExpired(100)).toBe(0);
		clock.now += minute;
		expect(await storage.deleteExpired(100)).toBe(1);
		clock.now += hour;
		expect(await storage.deleteExpired(100)).toBe(1);
		clock.now += hour;
		expect(await storage.deleteExpired(100)).toBe(1);
		expect(await storage.deleteExpired(100)).toBe(0);
		expect(await storage.readSession(sha256("live"))).not.toBeNull();
	});

	it("deletes sessions a day after all of the user's were ended", async () => {
		const { storage, clock } = context;
		const { userId, session } = await signUp(storage, "ada");
		await storage.createSession(signIn(userId));
		await storage.endOtherSessions({ userId, keepSessionId: session!.id, events: [] });
		clock.now += minute;
		await storage.endAllSessions({ userId, events: [] });
		clock.now += day;
		expect(await storage.deleteExpired(100)).toBe(1);
		clock.now += minute;
		expect(await storage.deleteExpired(100)).toBe(1);
	});

	it("puts off what was used since, once for each idle period, and reaches what stands behind it", async () => {
		const { storage, clock } = context;
		const { userId } = await signUp(storage, "ada", { session: null });
		const open = async () => (await storage.createSession(signIn(userId, { idleMs: hour })))!.id;
		const used = [await open(), await open(), await open(), await open(), await open()];
		const use = () => storage.touchSessions(used.map((sessionId) => ({ sessionId, at: clock.now, idleMs: 10 * day })));
		clock.now += minute;
		await open();
		await use();
		clock.now += day + hour + 1;
		// Those that were used are first in line, in batches of nothing else.
		expect(await storage.deleteExpired(2)).toBe(2);
		expect(await storage.deleteExpired(2)).toBe(2);
		expect(await countSessions()).toBe(6);
		expect(await storage.deleteExpired(2)).toBe(2);
		expect(await countSessions()).toBe(5);
		expect(await storage.deleteExpired(2)).toBe(0);
		await use();
		clock.now += 9 * day;
		expect(await storage.deleteExpired(100)).toBe(0);
		clock.now += day;
		expect(await storage.deleteExpired(100)).toBe(5);
		expect(await countSessions()).toBe(5);
		clock.now += day + 1;
		expect(await storage.deleteExpired(100)).toBe(5);
		expect(await countSessions()).toBe(0);
	});

	it("deletes a session that was used and has ended once, though it stands in both lines", async () => {
		const { storage, clock } = context;
		const { userId, session } = await signUp(storage, "ada", { session: newUser("ada").session });
		await storage.touchSessions([{ sessionId: session!.id, at: clock.now, idleMs: 10 * day }]);
		await storage.endSession({ userId, sessionId: session!.id, events: [] });
		clock.now += 3 * day;
		expect(await storage.deleteExpired(100)).toBe(1);
		expect(await countSessions()).toBe(0);
	});

	it("finds a day for sessions that old code opened, which knew of none", async () => {
		const { storage, store, clock } = context;
		const { userId } = await signUp(storage, "ada", { session: null });
		await storage.createSession(signIn(userId, { secret: "live", idleMs: 10 * day }));
		await storage.createSession(signIn(userId, { idleMs: hour }));
		await store.execute("UPDATE latchkey_session SET sweep_at = 0");
		clock.now += hour + minute;
		expect(await storage.deleteExpired(100)).toBe(2);
		expect(await storage.deleteExpired(100)).toBe(0);
		expect(await countSessions()).toBe(2);
		clock.now += day;
		expect(await storage.deleteExpired(100)).toBe(1);
		expect(await storage.readSession(sha256("live"))).not.toBeNull();
	});

	it("deletes tokens and counters that are of no use any more", async () => {
		const { storage, clock } = context;
		await putToken("short", minute);
		await putToken("long", hour);
		await storage.increment([counter("short", { windowMs: minute }), counter("long", { windowMs: hour })]);
		await storage.increment([counter("waits", { limit: 1, windowMs: minute, waitMs: hour, maxWaitMs: hour })]);
		clock.now += minute - 1;
		expect(await storage.deleteExpired(100)).toBe(0);
		clock.now += 1;
		expect(await storage.deleteExpired(100)).toBe(2);
		clock.now += hour - minute;
		expect(await storage.deleteExpired(100)).toBe(2);
		clock.now += minute;
		expect(await storage.deleteExpired(100)).toBe(1);
	});

	it("deletes at most so many of each kind at once, until none are left", async () => {
		const { storage, clock } = context;
		const { userId } = await signUp(storage, "ada", { session: null });
		for (let index = 0; index < 5; index++) {
			await storage.createSession(signIn(userId));
			await putToken(`token ${index}`, minute);
			await storage.increment([counter(`counter ${index}`)]);
		}
		clock.now += 3 * day;
		expect(await storage.deleteExpired(2)).toBe(6);
		expect(await storage.deleteExpired(2)).toBe(6);
		expect(await storage.deleteExpired(2)).toBe(3);
		expect(await storage.deleteExpired(2)).toBe(0);
		expect(await storage.findCredentialsOfUser(userId)).not.toBeNull();
	});

	it("deletes what concerns nobody from the audit log after 90 days", async () => {
		const { storage, clock } = context;
		await storage.appendEvents([newEvent(), newEvent({ userId: "ada" })]);
		clock.now += 89 * day;
		await storage.appendEvents([newEvent()]);
		expect(await storage.deleteExpired(100)).toBe(0);
		clock.now += day + 1;
		expect(await storage.deleteExpired(100)).toBe(1);
		expect(await storage.deleteExpired(100)).toBe(0);
		expect(await storage.listEvents("ada", { limit: 10 })).toHaveLength(1);
	});

	it("keeps the audit log of an account", async () => {
		const { storage, clock } = context;
		await storage.appendEvents([newEvent({ userId: "ada" })]);
		clock.now += 1000 * day;
		await storage.deleteExpired(100);
		expect(await storage.listEvents("ada", { limit: 10 })).toHaveLength(1);
	});

	it("answers a ping", async () => {
		await expect(context.storage.ping()).resolves.toBeUndefined();
	});

	it("keeps everything when it is closed and opened again", async () => {
		const { secretHash } = await signUp(context.storage, "ada");
		const before = await context.storage.readSession(secretHash!);
		await context.storage.close();
		expect(await (await context.store.reopen()).readSession(secretHash!)).toEqual(before);
	});

	it("rejects every call once closed, and never answers nobody or no", async () => {
		const { storage } = context;
		await storage.close();
		await storage.close();
		const calls = Object.values(everyCall(storage));
		for (const call of calls) await expect(call()).rejects.toMatchObject({ code: "store_unavailable" });
	});
}

type Calls<Method extends keyof Storage> = { [Name in Method]: () => Promise<unknown> };

/** A call of every operation. A missing one is a type error. */
function everyCall(storage: Storage): Calls<Exclude<keyof Storage, "close">> {
	return { ...coreCalls(storage), ...oauthCalls(storage), ...factorCalls(storage), ...mailCalls(storage) };
}

const keep = { userId: "u", keepSessionId: "s", events: [] };
const token = { purpose: "p", tokenHash: sha256("t") };

function coreCalls(storage: Storage) {
	const session = newUser("ada").session!;
	const change = { userId: "u", version: 1, sealed: "x", session, settle: nothingToSettle, events: [] };
	return {
		readSession: () => storage.readSession(sha256("s")),
		createSession: () => storage.createSession(signIn("u")),
		advanceGeneration: () => storage.advanceGeneration({ sessionId: "s", generation: 1, graceMs: 0 }),
		recordSight: () => storage.recordSight({ sessionId: "s", generation: 1 }),
		touchSessions: () => storage.touchSessions([{ sessionId: "s", at: 0, idleMs: null }]),
		endSession: () => storage.endSession({ userId: "u", sessionId: "s", events: [] }),
		endOtherSessions: () => storage.endOtherSessions(keep),
		endAllSessions: () => storage.endAllSessions({ userId: "u", events: [] }),
		listSessions: () => storage.listSessions("u", { limit: 1 }),
		createUser: () => storage.createUser(newUser("ada")),
		findCredentials: () => storage.findCredentials({ kind: "email", canonical: "x" }),
		findCredentialsOfUser: () => storage.findCredentialsOfUser("u"),
		findUserByIdentity: () => storage.findUserByIdentity({ issuer: "i", subject: "s" }),
		updateUser: () => storage.updateUser({ userId: "u", name: "x", events: [] }),
		changePassword: () => storage.changePassword(change),
		addPassword: () => storage.addPassword({ ...keep, sealed: "x" }),
		resealPassword: () => storage.resealPassword({ userId: "u", version: 1, from: "x", to: "y" }),
		deleteUser: () => storage.deleteUser({ userId: "u", pseudonym: "p", events: [] }),
		exportUser: () => storage.exportUser("u"),
		increment: () => storage.increment([counter("k")]),
		countAttempt: () => storage.countAttempt([counter("k")], { kind: "email", canonical: "x" }),
		putToken: () => storage.putToken({ ...token, subject: "s", lifetimeMs: minute, payload: null }),
		consumeToken: () => storage.consumeToken(token),
		appendEvents: () => storage.appendEvents([newEvent()]),
		listEvents: () => storage.listEvents("u", { limit: 1 }),
		deleteExpired: () => storage.deleteExpired(1),
		ping: () => storage.ping(),
	};
}

function factorCalls(storage: Storage) {
	return {
		readFactors: () => storage.readFactors("u"),
		addTotp: () => storage.addTotp(newTotp("u")),
		recordTotpUse: () => storage.recordTotpUse({ userId: "u", sealed: "x", step: 1, resealed: null }),
		renameTotp: () => storage.renameTotp({ userId: "u", name: "x", events: [] }),
		removeTotp: () => storage.removeTotp(keep),
		replaceRecoveryCodes: () =>
			storage.replaceRecoveryCodes({ userId: "u", epoch: 1, codeHashes: [], settle: nothingToSettle, events: [] }),
		consumeRecoveryCode: () => storage.consumeRecoveryCode({ userId: "u", codeHash: sha256("c") }),
		addPasskey: () => storage.addPasskey({ passkey: newPasskey("u"), epoch: 1, limit: 1, events: [] }),
		findPasskey: () => storage.findPasskey("c"),
		recordPasskeyUse: () => storage.recordPasskeyUse({ id: "p", counter: 1, backedUp: false }),
		renamePasskey: () => storage.renamePasskey({ userId: "u", id: "p", name: "x", events: [] }),
		removePasskey: () => storage.removePasskey({ ...keep, id: "p", usableProviders: [] }),
		forgetAttempts: () => storage.forgetAttempts({ keys: ["k"], events: [] }),
		switchSecondStep: () => storage.switchSecondStep({ ...keep, on: true }),
		addTrustedDevice: () => storage.addTrustedDevice(newTrustedDevice("u")),
		rotateTrustedDevice: () => storage.rotateTrustedDevice(rotation(newTrustedDevice("u"))),
		listTrustedDevices: () => storage.listTrustedDevices("u"),
		forgetTrustedDevice: () => storage.forgetTrustedDevice({ userId: "u", id: "d", events: [] }),
	};
}

function mailCalls(storage: Storage) {
	return {
		claimMails: () => storage.claimMails({ limit: 1, leaseMs: minute }),
		finishMail: () => storage.finishMail({ id: "m", attempts: 1 }),
		postponeMail: () => storage.postponeMail({ id: "m", attempts: 1, waitMs: null }),
		countMails: () => storage.countMails({ lateMs: minute }),
		peekToken: () => storage.peekToken(token),
		findToken: () => storage.findToken({ purpose: "p", subject: "u" }),
		replaceToken: () =>
			storage.replaceToken({ token: { ...token, subject: "u", lifetimeMs: 1, payload: 1 }, events: [] }),
		dropTokens: () => storage.dropTokens({ purpose: "p", subject: "u", events: [] }),
		proveEmail: () => storage.proveEmail({ userId: "u", canonical: "x", stranger: true, events: [] }),
		resetPassword: () =>
			storage.resetPassword({ userId: "u", canonical: "x", token, sealed: "x", settle: nothingToSettle, events: [] }),
		changeEmail: () =>
			storage.changeEmail({
				userId: "u",
				token,
				email: { value: "x", canonical: "x" },
				undo: null,
				epoch: 1,
				events: [],
			}),
		recordFailure: () => storage.recordFailure({ userId: "u", events: [] }),
		forgetFailures: () => storage.forgetFailures("u"),
		requestDeletion: () => storage.requestDeletion({ userId: "u", afterMs: 1, events: [] }),
		undoDeletion: () => storage.undoDeletion({ userId: "u", events: [] }),
		readDeletion: () => storage.readDeletion("u"),
		listDueDeletions: () => storage.listDueDeletions(1),
	};
}
