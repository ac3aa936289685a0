import { expect, it } from "vitest";
import type { ContractContext } from "./contract-store.ts";
import { day, hour, minute, newEvent, newMail, signIn, signUp } from "./fixtures.ts";

const lease = { limit: 10, leaseMs: minute };

/** The outbox. */
export function mailContract(context: ContractContext): void {
	it("is written with what it tells of, to the address that the user has at that moment and in their language", async () => {
		const { storage, clock } = context;
		const { userId } = await signUp(storage, "Ada", { language: "ar" });
		const mail = newMail({ recipient: null, language: null, userId, about: { type: "x", nested: [1, null] } });
		await storage.createSession({ ...signIn(userId), events: [newEvent({ userId, mails: [mail] })] });
		expect(await storage.claimMails(lease)).toEqual([
			{
				id: mail.id,
				kind: "test_mail",
				recipient: "Ada@Example.com",
				userId,
				language: "ar",
				about: mail.about,
				createdAt: clock.now,
				expiresAt: clock.now + hour,
				attempts: 1,
				now: clock.now,
			},
		]);
		expect((await storage.listEvents(userId, { limit: 1 }))[0]).not.toHaveProperty("mails");
	});

	it("is not written when what it tells of did not happen, or when there is nowhere to write to", async () => {
		const { storage, store } = context;
		const { userId } = await signUp(storage, "ada", { identifiers: [] });
		const before = await store.countRows();
		const told = (id: string) => [newEvent({ mails: [newMail(), newMail({ recipient: null, userId: id })] })];
		expect(await storage.createSession({ ...signIn(userId, { epoch: 9 }), events: told(userId) })).toBeNull();
		expect(await storage.endSession({ userId, sessionId: "none", events: told(userId) })).toBe(false);
		expect(await store.countRows()).toEqual(before);
		await storage.appendEvents([newEvent({ mails: [newMail({ recipient: null, userId })] })]);
		expect((await store.countRows()).latchkey_mail).toBe(0);
	});

	it("gives each message to one sender at a time, oldest first, and again when the lease is over", async () => {
		const { storage, clock } = context;
		const [first, second] = [newMail(), newMail()];
		await storage.appendEvents([newEvent({ mails: [first] })]);
		clock.now += 1;
		await storage.appendEvents([newEvent({ mails: [second] })]);
		const ids = async (limit: number) => (await storage.claimMails({ limit, leaseMs: minute })).map(({ id }) => id);
		expect(await ids(1)).toEqual([first.id]);
		expect(await ids(5)).toEqual([second.id]);
		expect(await ids(5)).toEqual([]);
		clock.now += minute;
		const again = await storage.claimMails(lease);
		expect(again.map(({ attempts }) => attempts)).toEqual([2, 2]);
		// Whoever had it before comes too late to say what became of it.
		expect(await storage.finishMail({ id: first.id, attempts: 1 })).toBe(false);
		expect(await storage.postponeMail({ id: first.id, attempts: 1, waitMs: null })).toBe(false);
		expect(await storage.finishMail({ id: first.id, attempts: 2 })).toBe(true);
		expect(await storage.finishMail({ id: first.id, attempts: 2 })).toBe(false);
	});

	it("waits before the next attempt, and sends nothing that has expired", async () => {
		const { storage, clock } = context;
		await storage.appendEvents([newEvent({ mails: [newMail({ lifetimeMs: hour })] })]);
		const [mail] = await storage.claimMails(lease);
		expect(await storage.postponeMail({ ...mail!, waitMs: 5 * minute })).toBe(true);
		clock.now += 5 * minute - 1;
		expect(await storage.claimMails(lease)).toEqual([]);
		clock.now += 1;
		expect(await storage.claimMails(lease)).toMatchObject([{ attempts: 2 }]);
		clock.now += hour;
		expect(await storage.claimMails(lease)).toEqual([]);
		expect(await storage.deleteExpired(10)).toBe(1);
	});

	it("keeps a dead message for a month, counted and never sent, and counts those that are late", async () => {
		const { storage, clock } = context;
		await storage.appendEvents([newEvent({ mails: [newMail(), newMail({ lifetimeMs: 40 * day })] })]);
		expect(await storage.countMails({ lateMs: minute })).toEqual({ dead: 0, late: 0 });
		const [dead, living] = await storage.claimMails(lease);
		await storage.postponeMail({ ...dead!, waitMs: null });
		await storage.postponeMail({ ...living!, waitMs: 0 });
		clock.now += minute + 1;
		expect(await storage.countMails({ lateMs: minute })).toEqual({ dead: 1, late: 1 });
		expect(await storage.claimMails(lease)).toHaveLength(1);
		clock.now += 30 * day;
		await storage.deleteExpired(10);
		expect(await storage.countMails({ lateMs: 0 })).toMatchObject({ dead: 0 });
	});

	it("forgets what waits for a user who is deleted, but not the last word", async () => {
		const { storage } = context;
		const { userId } = await signUp(storage, "ada");
		await storage.appendEvents([newEvent({ userId, mails: [newMail({ userId }), newMail({ userId: "other" })] })]);
		const last = newMail({ kind: "goodbye", userId });
		await storage.deleteUser({ userId, pseudonym: "p", events: [newEvent({ userId, mails: [last] })] });
		const kinds = (await storage.claimMails(lease)).map(({ kind, userId: id }) => [kind, id === userId]);
		expect(kinds).toHaveLength(2);
		expect(kinds).toEqual(
			expect.arrayContaining([
				["goodbye", true],
				["test_mail", false],
			]),
		);
	});
}
