import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import type { ContractContext } from "./contract-store.ts";
import {
	counter,
	minute,
	newEvent,
	newPasskey,
	newTotp,
	newUser,
	nothingToSettle,
	sha256,
	signIn,
	signUp,
} from "./fixtures.ts";

const codes = [sha256("first code"), sha256("second code")];

/** Authenticator apps, recovery codes and the second step. */
export function factorsContract(context: ContractContext): void {
	/** Somebody with an app and two recovery codes, and the session that is left. */
	async function withTotp(label: string) {
		const { storage } = context;
		const { userId } = await signUp(storage, label);
		const session = await storage.addTotp(newTotp(userId, { recoveryCodeHashes: codes }));
		return { userId, keepSessionId: session!.id, events: [newEvent({ userId })] };
	}

	it("adds an app with its recovery codes, ends every session and opens the new one", async () => {
		const { storage, clock } = context;
		const { userId, secretHash } = await signUp(storage, "ada");
		await storage.increment([counter("k", { limit: 1 })]);
		clock.now += minute;
		const settle = { clear: ["k"], giveBack: [] };
		const input = newTotp(userId, { recoveryCodeHashes: codes, settle, events: [newEvent({ userId })] });
		const opened = await storage.addTotp(input);
		expect(opened).toMatchObject({ userId, epoch: 2 });
		expect(await storage.readSession(secretHash!)).toBeNull();
		expect((await storage.readSession(sha256("with an app")))?.session).toEqual(opened);
		expect(await storage.readFactors(userId)).toEqual({
			totp: { sealed: "$sealed$totp", lastStep: 1000, name: null, createdAt: clock.now, lastUsedAt: null },
			passkeys: [],
			recoveryCodes: 2,
			secondStep: false,
			password: true,
		});
		const factors = { totp: true, passkeys: 0, boundPasskeys: 0, recoveryCodes: 2, secondStep: false };
		expect(await storage.findCredentialsOfUser(userId)).toMatchObject({ factors });
		expect(await storage.findCredentials({ kind: "username", canonical: "ada" })).toMatchObject({ factors });
		expect((await storage.increment([counter("k", { limit: 1 })]))[0]?.accepted).toBe(true);
		expect(await storage.listEvents(userId, { limit: 10 })).toHaveLength(1);
	});

	it("adds no app where there is one, at another epoch, or for nobody, and changes nothing", async () => {
		const { storage, store } = context;
		const { userId } = await withTotp("ada");
		const bob = await signUp(storage, "bob");
		const before = await store.countRows();
		const events = [newEvent()];
		expect(await storage.addTotp(newTotp(userId, { epoch: 2, events, recoveryCodeHashes: [] }))).toBeNull();
		expect(await storage.addTotp(newTotp(bob.userId, { epoch: 2, events }))).toBeNull();
		expect(await storage.addTotp(newTotp(randomUUID(), { events }))).toBeNull();
		expect(await store.countRows()).toEqual(before);
		expect(await storage.readSession(bob.secretHash!)).not.toBeNull();
	});

	it("names an app when it is added and later, and records nothing where there is none", async () => {
		const { storage } = context;
		const { userId } = await signUp(storage, "ada");
		const bob = await signUp(storage, "bob");
		const session = await storage.addTotp(newTotp(userId, { name: "Phone" }));
		expect(await storage.readFactors(userId)).toMatchObject({ totp: { name: "Phone" } });
		expect(await storage.renameTotp({ userId, name: "Tablet", events: [newEvent({ userId })] })).toBe(true);
		expect(await storage.readFactors(userId)).toMatchObject({ totp: { name: "Tablet", sealed: "$sealed$totp" } });
		expect(await storage.listEvents(userId, { limit: 10 })).toHaveLength(1);
		expect(await storage.renameTotp({ userId: bob.userId, name: "x", events: [newEvent()] })).toBe(false);
		expect(await storage.renameTotp({ userId: randomUUID(), name: "x", events: [newEvent()] })).toBe(false);
		expect(await storage.listEvents(bob.userId, { limit: 10 })).toHaveLength(0);
		// A name proves nothing: nobody is signed out by it.
		expect(session).toMatchObject({ epoch: 2 });
		expect((await storage.readSession(sha256("with an app")))?.session.epoch).toBe(2);
	});

	it("forgets attempts of the counters that are named, and of no other", async () => {
		const { storage } = context;
		const { userId } = await signUp(storage, "ada");
		const counters = ["stopped", "other"].map((key) => counter(key, { limit: 1 }));
		await storage.increment(counters);
		expect((await storage.increment(counters)).map(({ accepted }) => accepted)).toEqual([false, false]);
		await storage.forgetAttempts({ keys: ["stopped", "never counted"], events: [newEvent({ userId })] });
		expect((await storage.increment(counters)).map(({ accepted }) => accepted)).toEqual([true, false]);
		expect(await storage.listEvents(userId, { limit: 10 })).toHaveLength(1);
	});

	it("[A25] takes each step of a secret once, and none before it", async () => {
		const { storage, clock } = context;
		const { userId } = await withTotp("ada");
		const use = (step: number, sealed = "$sealed$totp", resealed: string | null = null) =>
			storage.recordTotpUse({ userId, sealed, step, resealed });
		expect(await use(1000)).toBe(false);
		expect(await use(999)).toBe(false);
		expect(await use(1001, "another secret")).toBe(false);
		expect(await use(1001)).toBe(true);
		expect(await use(1001)).toBe(false);
		expect(await use(1003, "$sealed$totp", "resealed")).toBe(true);
		expect(await use(1004)).toBe(false);
		expect(await use(1002, "resealed")).toBe(false);
		expect((await storage.readFactors(userId))?.totp).toMatchObject({ sealed: "resealed", lastStep: 1003 });
		expect((await storage.readFactors(userId))?.totp?.lastUsedAt).toBe(clock.now);
	});

	it("[A25] lets one of 16 parallel uses of the same code through", async () => {
		const { storage } = context;
		const { userId } = await withTotp("ada");
		const use = { userId, sealed: "$sealed$totp", step: 2000, resealed: null };
		const used = await Promise.all(Array.from({ length: 16 }, () => storage.recordTotpUse(use)));
		expect(used.filter((accepted) => accepted)).toHaveLength(1);
	});

	it("removes the app and with it the codes, ends the other sessions and every sign-in under way", async () => {
		const { storage } = context;
		const change = await withTotp("ada");
		await storage.createSession(signIn(change.userId, { epoch: 2, secret: "elsewhere" }));
		expect(await storage.removeTotp(change)).toBe("changed");
		expect(await storage.readSession(sha256("elsewhere"))).toBeNull();
		expect((await storage.readSession(sha256("with an app")))?.session.epoch).toBe(3);
		expect(await storage.createSession(signIn(change.userId, { epoch: 2 }))).toBeNull();
		expect(await storage.readFactors(change.userId)).toMatchObject({ totp: null, recoveryCodes: 0 });
		expect(await storage.consumeRecoveryCode({ userId: change.userId, codeHash: codes[0]! })).toBe(false);
		expect(await storage.listEvents(change.userId, { limit: 10 })).toHaveLength(1);
		expect(await storage.removeTotp({ ...change, events: [newEvent()] })).toBe("gone");
		expect(await storage.addTotp(newTotp(change.userId, { epoch: 3, session: signIn("").session }))).not.toBeNull();
	});

	it("changes nothing for a session that is not live, or is somebody else's", async () => {
		const { storage, store } = context;
		const ada = await withTotp("ada");
		const bob = await signUp(storage, "bob");
		const before = await store.countRows();
		for (const keepSessionId of [bob.session!.id, randomUUID()]) {
			expect(await storage.removeTotp({ ...ada, keepSessionId })).toBe("not_live");
			expect(await storage.switchSecondStep({ ...ada, keepSessionId, on: true })).toBe("not_live");
		}
		expect(await store.countRows()).toEqual(before);
		expect(await storage.readSession(sha256("with an app"))).not.toBeNull();
	});

	it("keeps recovery codes and the second step while there is a passkey", async () => {
		const { storage } = context;
		const change = await withTotp("ada");
		await storage.addPasskey({ passkey: newPasskey(change.userId), epoch: 2, limit: 10, events: [] });
		expect(await storage.switchSecondStep({ ...change, on: true, events: [] })).toBe("changed");
		expect(await storage.removeTotp({ ...change, events: [] })).toBe("changed");
		expect(await storage.readFactors(change.userId)).toMatchObject({ recoveryCodes: 2, secondStep: true });
	});

	it("switches the second step on only where there is a factor", async () => {
		const { storage } = context;
		const { userId, session, secretHash } = await signUp(storage, "ada");
		const change = { userId, keepSessionId: session!.id, events: [] };
		expect(await storage.switchSecondStep({ ...change, on: true })).toBe("gone");
		expect(await storage.readSession(secretHash!)).not.toBeNull();
		await storage.addPasskey({ passkey: newPasskey(userId), epoch: 1, limit: 1, events: [] });
		await storage.createSession(signIn(userId, { secret: "elsewhere" }));
		expect(await storage.switchSecondStep({ ...change, on: true })).toBe("changed");
		expect(await storage.readFactors(userId)).toMatchObject({ secondStep: true });
		expect(await storage.readSession(sha256("elsewhere"))).toBeNull();
		expect(await storage.switchSecondStep({ ...change, on: false })).toBe("changed");
		expect(await storage.readFactors(userId)).toMatchObject({ secondStep: false });
		expect((await storage.readSession(secretHash!))?.session.epoch).toBe(3);
	});

	it("[A23] gives a recovery code out once, and those of an earlier set to nobody", async () => {
		const { storage } = context;
		const { userId } = await withTotp("ada");
		const bob = await signUp(storage, "bob");
		const codeHash = codes[0]!;
		expect(await storage.consumeRecoveryCode({ userId: bob.userId, codeHash })).toBe(false);
		const consume = () => storage.consumeRecoveryCode({ userId, codeHash });
		const consumed = await Promise.all(Array.from({ length: 16 }, consume));
		expect(consumed.filter((got) => got)).toHaveLength(1);
		expect(await storage.readFactors(userId)).toMatchObject({ recoveryCodes: 1 });
		const fresh = [sha256("third"), sha256("fourth"), sha256("fifth")];
		const events = [newEvent({ userId })];
		await storage.increment([counter("k", { limit: 1 })]);
		const settle = { clear: ["k"], giveBack: [] };
		expect(await storage.replaceRecoveryCodes({ userId, epoch: 2, codeHashes: fresh, settle, events })).toBe(true);
		expect((await storage.increment([counter("k", { limit: 1 })]))[0]?.accepted).toBe(true);
		expect(await storage.readFactors(userId)).toMatchObject({ recoveryCodes: 3 });
		expect(await storage.consumeRecoveryCode({ userId, codeHash: codes[1]! })).toBe(false);
		expect(await storage.consumeRecoveryCode({ userId, codeHash: fresh[2]! })).toBe(true);
		const none = { userId, epoch: 2, codeHashes: [sha256("late")], settle: nothingToSettle, events: [] };
		expect(await storage.replaceRecoveryCodes({ ...none, userId: randomUUID() })).toBe(false);
		// Made in a session that has ended since: the owner's stay as they are.
		expect(await storage.replaceRecoveryCodes({ ...none, epoch: 1, events: [newEvent({ userId })] })).toBe(false);
		expect(await storage.consumeRecoveryCode({ userId, codeHash: fresh[0]! })).toBe(true);
		expect(await storage.listEvents(userId, { limit: 10 })).toHaveLength(1);
	});

	it("has one set of recovery codes after many were made at once", async () => {
		const { storage } = context;
		const { userId } = await withTotp("ada");
		const sets = Array.from({ length: 8 }, (_, set) => [0, 1, 2].map((code) => sha256(`${set}/${code}`)));
		await Promise.all(
			sets.map((codeHashes) =>
				storage.replaceRecoveryCodes({ userId, epoch: 2, codeHashes, settle: nothingToSettle, events: [] }),
			),
		);
		expect(await storage.readFactors(userId)).toMatchObject({ recoveryCodes: 3 });
		const good = [];
		for (const set of sets) {
			const consumed = [];
			for (const codeHash of set) consumed.push(await storage.consumeRecoveryCode({ userId, codeHash }));
			good.push(consumed.filter((got) => got).length);
		}
		expect(good.toSorted()).toEqual([0, 0, 0, 0, 0, 0, 0, 3]);
	});

	it("ends a sign-in that waits for its second step when codes or passkeys are added", async () => {
		const { storage } = context;
		const { userId } = await withTotp("ada");
		const tokenHash = sha256("attempt");
		const put = () =>
			storage.putToken({ purpose: "attempt", subject: userId, tokenHash, lifetimeMs: minute, payload: null });
		await put();
		await storage.replaceRecoveryCodes({ userId, epoch: 2, codeHashes: [], settle: nothingToSettle, events: [] });
		expect(await storage.consumeToken({ purpose: "attempt", tokenHash })).toBeNull();
		await put();
		await storage.addPasskey({ passkey: newPasskey(userId), epoch: 2, limit: 1, events: [] });
		expect(await storage.consumeToken({ purpose: "attempt", tokenHash })).toBeNull();
	});

	it("[A3] takes away what was added before the address was proven by somebody else", async () => {
		const { storage } = context;
		const change = await withTotp("ada");
		const passkey = newPasskey(change.userId);
		await storage.addPasskey({ passkey, epoch: 1, limit: 1, events: [] });
		await storage.switchSecondStep({ ...change, on: true, events: [] });
		const proof = { userId: change.userId, canonical: "ada@example.com", stranger: true, events: [] };
		expect(await storage.proveEmail(proof)).toEqual({ first: true });
		expect(await storage.readFactors(change.userId)).toEqual({
			totp: null,
			passkeys: [],
			recoveryCodes: 0,
			secondStep: false,
			password: false,
		});
		expect(await storage.findPasskey(passkey.credentialId)).toBeNull();
		expect(await storage.consumeRecoveryCode({ userId: change.userId, codeHash: codes[0]! })).toBe(false);
		expect(await storage.readSession(sha256("with an app"))).toBeNull();
		expect(await storage.findCredentialsOfUser(change.userId)).toMatchObject({ factors: { passkeys: 0 } });
	});

	it("deletes and exports them with the user, secrets apart", async () => {
		const { storage, store, clock } = context;
		await signUp(storage, "bob");
		const before = await store.countRows();
		const { userId } = await withTotp("ada");
		await storage.renameTotp({ userId, name: "Old phone", events: [] });
		const passkey = newPasskey(userId);
		await storage.addPasskey({ passkey, epoch: 2, limit: 1, events: [] });
		expect((await storage.exportUser(userId))?.factors).toEqual({
			totp: { name: "Old phone", createdAt: clock.now, lastUsedAt: null },
			passkeys: [{ ...passkey, createdAt: clock.now, lastUsedAt: null }],
			recoveryCodes: 2,
			secondStep: false,
		});
		await storage.deleteUser({ userId, pseudonym: "p", events: [] });
		expect(await store.countRows()).toEqual(before);
		expect(await storage.readFactors(userId)).toBeNull();
		expect(await storage.createUser(newUser("ada"))).toMatchObject({ ok: true });
	});
}
