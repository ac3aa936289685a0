import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import type { ChangePassword } from "../passwords-storage.ts";
import type { ContractContext } from "./contract-store.ts";
import { counter, minute, newEvent, newSession, nothingToSettle, sha256, signIn, signUp } from "./fixtures.ts";

/** Passwords changed and sealed anew. */
export function credentialsContract(context: ContractContext): void {
	function change(userId: string, overrides: Partial<ChangePassword> = {}): ChangePassword {
		const { userId: _userId, epoch: _epoch, ...session } = newSession(userId, { secret: "after the change" });
		return { userId, version: 1, sealed: "new", session, settle: nothingToSettle, events: [], ...overrides };
	}

	it("replaces the password, ends every session and opens the new one", async () => {
		const { storage, clock } = context;
		const { userId, secretHash } = await signUp(storage, "ada");
		await storage.createSession(signIn(userId, { secret: "second" }));
		await storage.increment([counter("k", { limit: 1 })]);
		clock.now += minute;
		const settle = { clear: ["k"], giveBack: [] };
		const opened = await storage.changePassword(change(userId, { settle, events: [newEvent({ userId })] }));
		expect(opened).toMatchObject({ userId, epoch: 2, authTime: clock.now });
		expect(await storage.readSession(secretHash!)).toBeNull();
		expect(await storage.readSession(sha256("second"))).toBeNull();
		expect((await storage.readSession(sha256("after the change")))?.session).toEqual(opened);
		expect((await storage.findCredentialsOfUser(userId))?.password).toEqual({
			version: 2,
			sealed: "new",
			changedAt: clock.now,
			failures: 0,
		});
		expect((await storage.increment([counter("k", { limit: 1 })]))[0]?.accepted).toBe(true);
		expect(await storage.listEvents(userId, { limit: 10 })).toHaveLength(1);
	});

	it("refuses a sign-in that was judged by the old password", async () => {
		const { storage } = context;
		const { userId } = await signUp(storage, "ada");
		await storage.changePassword(change(userId));
		expect(await storage.createSession(signIn(userId, { epoch: 1 }))).toBeNull();
	});

	it("changes nothing when the password moved meanwhile, is missing, or the user is gone", async () => {
		const { storage, store } = context;
		const { userId, secretHash } = await signUp(storage, "ada");
		const withoutPassword = await signUp(storage, "bob", { password: null });
		const before = await store.countRows();
		const events = [newEvent()];
		expect(await storage.changePassword(change(userId, { version: 2, events }))).toBeNull();
		expect(await storage.changePassword(change(withoutPassword.userId, { events }))).toBeNull();
		expect(await storage.changePassword(change(randomUUID(), { events }))).toBeNull();
		expect(await store.countRows()).toEqual(before);
		expect(await storage.readSession(secretHash!)).not.toBeNull();
		expect((await storage.findCredentialsOfUser(userId))?.password?.sealed).toBe("$sealed$ada");
	});

	it("lets one of two changes of the same version through", async () => {
		const { storage } = context;
		const { userId } = await signUp(storage, "ada");
		const first = newSession(userId, { secret: "first" });
		const second = newSession(userId, { secret: "second" });
		const opened = await Promise.all([
			storage.changePassword(change(userId, { session: first })),
			storage.changePassword(change(userId, { session: second })),
		]);
		expect(opened.filter((session) => session !== null)).toHaveLength(1);
	});

	it("seals a password anew, only if it is still that one", async () => {
		const { storage, clock } = context;
		const { userId } = await signUp(storage, "ada");
		const before = (await storage.findCredentialsOfUser(userId))?.password;
		clock.now += minute;
		const from = "$sealed$ada";
		expect(await storage.resealPassword({ userId, version: 2, from, to: "resealed" })).toBe(false);
		expect(await storage.resealPassword({ userId, version: 1, from: "other", to: "resealed" })).toBe(false);
		expect(await storage.resealPassword({ userId: randomUUID(), version: 1, from, to: "resealed" })).toBe(false);
		expect(await storage.resealPassword({ userId, version: 1, from, to: "resealed" })).toBe(true);
		expect((await storage.findCredentialsOfUser(userId))?.password).toEqual({ ...before, sealed: "resealed" });
		expect(await storage.resealPassword({ userId, version: 1, from, to: "again" })).toBe(false);
	});
}
