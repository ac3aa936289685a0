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

/** Passkeys. */
export function passkeysContract(context: ContractContext): void {
	const add = (passkey: ReturnType<typeof newPasskey>, limit = 10) =>
		context.storage.addPasskey({ passkey, epoch: 1, limit, events: [] });

	it("keeps a passkey and finds it by its credential", async () => {
		const { storage, clock } = context;
		const { userId } = await signUp(storage, "ada");
		const passkey = newPasskey(userId);
		expect(await storage.addPasskey({ passkey, epoch: 1, limit: 10, events: [newEvent({ userId })] })).toBe("added");
		const kept = { ...passkey, createdAt: clock.now, lastUsedAt: null };
		expect(await storage.findPasskey(passkey.credentialId)).toEqual(kept);
		expect(await storage.findPasskey("another")).toBeNull();
		expect(await storage.readFactors(userId)).toMatchObject({ passkeys: [kept] });
		expect(await storage.findCredentialsOfUser(userId)).toMatchObject({ factors: { passkeys: 1, boundPasskeys: 0 } });
		const bound = newPasskey(userId, { backupEligible: false });
		await storage.addPasskey({ passkey: bound, epoch: 1, limit: 10, events: [] });
		const counted = { factors: { passkeys: 2, boundPasskeys: 1 } };
		expect(await storage.findCredentialsOfUser(userId)).toMatchObject(counted);
		const named = { kind: "username", canonical: "ada" } as const;
		expect(await storage.findCredentials(named)).toMatchObject(counted);
		expect((await storage.countAttempt([counter("a")], named)).credentials).toMatchObject(counted);
		expect(await storage.listEvents(userId, { limit: 10 })).toHaveLength(1);
	});

	it("[A30] keeps a credential for one person only, and not more of them than the limit", async () => {
		const { storage, store } = context;
		const ada = await signUp(storage, "ada");
		const bob = await signUp(storage, "bob");
		const passkey = newPasskey(ada.userId);
		await add(passkey);
		const before = await store.countRows();
		expect(await add(newPasskey(bob.userId, { credentialId: passkey.credentialId }))).toBe("taken");
		expect(await add(newPasskey(ada.userId, { credentialId: passkey.credentialId }))).toBe("taken");
		expect(await add(newPasskey(ada.userId), 1)).toBe("full");
		expect(await add(newPasskey(randomUUID()))).toBe("gone");
		expect(await store.countRows()).toEqual(before);
		expect(await storage.findCredentialsOfUser(bob.userId)).toMatchObject({ factors: { passkeys: 0 } });
		const added = await Promise.all(Array.from({ length: 10 }, () => add(newPasskey(ada.userId), 4)));
		expect(added.filter((answer) => answer === "added")).toHaveLength(3);
	});

	it("notes a use, with a counter that only moves forward", async () => {
		const { storage, clock } = context;
		const { userId } = await signUp(storage, "ada");
		const passkey = newPasskey(userId, { counter: 5 });
		await add(passkey);
		clock.now += minute;
		expect(await storage.recordPasskeyUse({ id: passkey.id, counter: 7, backedUp: true })).toBe(true);
		const used = { counter: 7, backedUp: true, backupEligible: true, lastUsedAt: clock.now };
		expect(await storage.findPasskey(passkey.credentialId)).toMatchObject(used);
		expect(await storage.recordPasskeyUse({ id: passkey.id, counter: 6, backedUp: false })).toBe(true);
		expect(await storage.findPasskey(passkey.credentialId)).toMatchObject({ counter: 7, backedUp: false });
		expect(await storage.recordPasskeyUse({ id: randomUUID(), counter: 1, backedUp: false })).toBe(false);
	});

	it("renames and removes only one's own", async () => {
		const { storage } = context;
		const ada = await signUp(storage, "ada");
		const bob = await signUp(storage, "bob");
		const { id, credentialId } = newPasskey(ada.userId);
		await add(newPasskey(ada.userId, { id, credentialId }));
		const rename = (userId: string, name: string) =>
			storage.renamePasskey({ userId, id, name, events: [newEvent({ userId })] });
		expect(await rename(bob.userId, "Mine")).toBe(false);
		expect(await rename(ada.userId, "Key ring")).toBe(true);
		expect(await storage.listEvents(bob.userId, { limit: 10 })).toEqual([]);
		expect(await storage.listEvents(ada.userId, { limit: 10 })).toHaveLength(1);
		expect(await storage.findPasskey(credentialId)).toMatchObject({ name: "Key ring" });
		const usableProviders: string[] = [];
		const byBob = { userId: bob.userId, keepSessionId: bob.session!.id, id, usableProviders, events: [newEvent()] };
		expect(await storage.removePasskey(byBob)).toBe("gone");
		await storage.createSession(signIn(ada.userId, { secret: "elsewhere" }));
		const byAda = {
			userId: ada.userId,
			keepSessionId: ada.session!.id,
			id,
			usableProviders,
			events: [newEvent({ userId: ada.userId })],
		};
		expect(await storage.removePasskey({ ...byAda, keepSessionId: bob.session!.id })).toBe("not_live");
		expect(await storage.removePasskey(byAda)).toBe("changed");
		expect(await storage.readSession(sha256("elsewhere"))).toBeNull();
		expect(await storage.readSession(ada.secretHash!)).not.toBeNull();
		expect(await storage.findPasskey(credentialId)).toBeNull();
		expect(await storage.listEvents(ada.userId, { limit: 10 })).toHaveLength(2);
	});

	it("never removes the last way in, however many try at once", async () => {
		const { storage } = context;
		for (let round = 0; round < 5; round++) {
			const { userId, session } = await signUp(storage, `ada${round}`, { password: null });
			const keys = [newPasskey(userId), newPasskey(userId), newPasskey(userId)];
			for (const key of keys) expect(await add(key)).toBe("added");
			const remove = (id: string) =>
				storage.removePasskey({ userId, keepSessionId: session!.id, id, usableProviders: [], events: [] });
			const removed = await Promise.all(keys.map(({ id }) => remove(id)));
			expect(removed.toSorted()).toEqual(["changed", "changed", "last"]);
			const left = await storage.readFactors(userId);
			expect(left?.passkeys).toHaveLength(1);
			expect(await remove(left!.passkeys[0]!.id)).toBe("last");
		}
	});

	it("counts an identity as a way in only while its provider is offered", async () => {
		const { storage } = context;
		const identities = [{ issuer: "https://id.example", subject: "1", provider: "example" }];
		const { userId, session } = await signUp(storage, "eve", { password: null, identities });
		const passkey = newPasskey(userId);
		await add(passkey);
		const remove = { userId, keepSessionId: session!.id, id: passkey.id, events: [] };
		expect(await storage.removePasskey({ ...remove, usableProviders: ["another"] })).toBe("last");
		expect(await storage.removePasskey({ ...remove, usableProviders: ["example"] })).toBe("changed");
		const own = await signUp(storage, "own", { password: null, identities: [{ issuer: "own", subject: "1" }] });
		const key = newPasskey(own.userId);
		await add(key);
		const byOwn = { userId: own.userId, keepSessionId: own.session!.id, id: key.id, usableProviders: [], events: [] };
		expect(await storage.removePasskey(byOwn)).toBe("changed");
	});

	it("takes recovery codes and the second step along with the last factor", async () => {
		const { storage } = context;
		const { userId, session } = await signUp(storage, "ada");
		const passkey = newPasskey(userId);
		await add(passkey);
		const change = { userId, keepSessionId: session!.id, events: [] };
		await storage.replaceRecoveryCodes({
			userId,
			epoch: 1,
			codeHashes: [sha256("code")],
			settle: nothingToSettle,
			events: [],
		});
		await storage.switchSecondStep({ ...change, on: true });
		expect(await storage.removePasskey({ ...change, id: passkey.id, usableProviders: [] })).toBe("changed");
		expect(await storage.readFactors(userId)).toMatchObject({ passkeys: [], recoveryCodes: 0, secondStep: false });

		const bob = await signUp(storage, "bob");
		const key = newPasskey(bob.userId);
		await add(key);
		const opened = await storage.addTotp(newTotp(bob.userId, { recoveryCodeHashes: [sha256("code")] }));
		const byBob = { userId: bob.userId, keepSessionId: opened!.id, id: key.id, usableProviders: [], events: [] };
		expect(await storage.removePasskey(byBob)).toBe("changed");
		expect(await storage.readFactors(bob.userId)).toMatchObject({ passkeys: [], recoveryCodes: 1 });
	});

	it("makes an account that has a passkey and no password, or none of it", async () => {
		const { storage, store } = context;
		const { userId: _userId, ...passkey } = newPasskey("");
		const made = await storage.createUser(newUser("ada", { password: null, passkey }));
		if (!made.ok) throw new Error("not made");
		expect(await storage.findPasskey(passkey.credentialId)).toMatchObject({ userId: made.user.id, name: "Phone" });
		expect(await storage.readFactors(made.user.id)).toMatchObject({ password: false, passkeys: [{ id: passkey.id }] });
		expect(await storage.findCredentialsOfUser(made.user.id)).toMatchObject({ factors: { passkeys: 1 } });
		const before = await store.countRows();
		const again = newUser("bob", { passkey: { ...passkey, id: randomUUID() } });
		expect(await storage.createUser(again)).toEqual({ ok: false, taken: ["passkey"] });
		expect(await store.countRows()).toEqual(before);
	});
}
