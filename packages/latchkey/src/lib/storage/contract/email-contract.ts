import { describe, expect, it } from "vitest";
import type { NewToken, Storage } from "../storage.ts";
import type { ContractContext } from "./contract-store.ts";
import {
	day,
	hour,
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

const identities = [{ issuer: "https://id.example", subject: "1" }];
const canonical = "ada@example.com";

function link(subject: string, purpose: string, name = purpose): NewToken {
	return { purpose, subject, tokenHash: sha256(name), lifetimeMs: hour, payload: { name } };
}

/** What a mailbox proves. */
export function emailContract(context: ContractContext): void {
	const put = (token: NewToken) => context.storage.replaceToken({ token, events: [] });
	const peek = ({ purpose, tokenHash }: NewToken) => context.storage.peekToken({ purpose, tokenHash });

	describe("tokens", () => {
		it("are read without being used, until they expire", async () => {
			const { storage, clock } = context;
			const token = link("u", "p");
			await put(token);
			const found = { purpose: "p", subject: "u", payload: { name: "p" } };
			expect(await peek(token)).toMatchObject(found);
			expect(await storage.findToken({ purpose: "p", subject: "u" })).toMatchObject(found);
			clock.now += hour;
			expect(await peek(token)).toBeNull();
			expect(await storage.findToken({ purpose: "p", subject: "u" })).toBeNull();
		});

		it("take the place of those of the same purpose and subject, and of no others", async () => {
			const { storage } = context;
			const [old, fresh] = [link("u", "p", "old"), link("u", "p", "fresh")];
			const [others, another] = [link("v", "p", "others"), link("u", "q", "another")];
			for (const token of [old, others, another, fresh]) await put(token);
			expect(await peek(old)).toBeNull();
			for (const token of [fresh, others, another]) expect(await peek(token)).not.toBeNull();
			expect(await storage.dropTokens({ purpose: "p", subject: "u", events: [newEvent({ userId: "u" })] })).toBe(true);
			expect(await storage.dropTokens({ purpose: "p", subject: "u", events: [newEvent({ userId: "u" })] })).toBe(false);
			expect(await storage.listEvents("u", { limit: 9 })).toHaveLength(1);
			for (const token of [others, another]) expect(await peek(token)).not.toBeNull();
		});
	});

	describe("the first proof of an address", () => {
		it("[A1] [A2] [A3] [A6] by a stranger removes what was there before", async () => {
			const { storage, clock } = context;
			const { userId, secretHash } = await signUp(storage, "ada", { identities });
			const events = [newEvent({ userId })];
			expect(await storage.proveEmail({ userId, canonical, stranger: true, events })).toEqual({ first: true });
			expect(await storage.readSession(secretHash!)).toBeNull();
			expect(await storage.createSession(signIn(userId, { epoch: 1 }))).toBeNull();
			const found = await storage.findCredentialsOfUser(userId);
			expect(found).toMatchObject({ user: { emailVerifiedAt: clock.now, epoch: 2 }, password: null });
			expect(await storage.findUserByIdentity(identities[0]!)).toBeNull();
			expect(await storage.listEvents(userId, { limit: 9 })).toHaveLength(1);
		});

		it("by somebody signed in removes nothing, and a second one neither", async () => {
			const { storage } = context;
			const { userId, secretHash } = await signUp(storage, "ada", { identities });
			const proof = { userId, canonical, events: [newEvent({ userId })] };
			expect(await storage.proveEmail({ ...proof, stranger: false })).toEqual({ first: true });
			expect(await storage.proveEmail({ ...proof, stranger: true })).toEqual({ first: false });
			expect(await storage.readSession(secretHash!)).not.toBeNull();
			expect((await storage.findCredentialsOfUser(userId))?.password).not.toBeNull();
			expect(await storage.findUserByIdentity(identities[0]!)).not.toBeNull();
			expect(await storage.listEvents(userId, { limit: 9 })).toHaveLength(1);
		});

		it("[A4] kills a pending change, and is none of an address that the user does not have", async () => {
			const { storage } = context;
			const { userId } = await signUp(storage, "ada");
			const pending = link(userId, "email-change");
			await put(pending);
			const other = { userId, canonical: "other@example.com", stranger: true, events: [newEvent({ userId })] };
			expect(await storage.proveEmail(other)).toBeNull();
			expect(await peek(pending)).not.toBeNull();
			await storage.proveEmail({ userId, canonical, stranger: false, events: [] });
			expect(await peek(pending)).toBeNull();
		});
	});

	describe("a reset", () => {
		const reset = (storage: Storage, userId: string, token: NewToken, address = canonical) =>
			storage.resetPassword({
				userId,
				canonical: address,
				token,
				sealed: "new",
				settle: nothingToSettle,
				events: [newEvent({ userId })],
			});

		it("[A2] [A4] sets the password once, ends every session and kills what was pending", async () => {
			const { storage, clock } = context;
			const { userId, secretHash } = await signUp(storage, "ada", { identities });
			await storage.recordFailure({ userId, events: [] });
			const [token, pending] = [link(userId, "password-reset"), link(userId, "email-change")];
			await put(token);
			await put(pending);
			expect(await reset(storage, userId, token)).toMatchObject({ id: userId, epoch: 2, emailVerifiedAt: clock.now });
			expect(await storage.readSession(secretHash!)).toBeNull();
			expect(await peek(pending)).toBeNull();
			expect(await storage.findCredentialsOfUser(userId)).toMatchObject({
				password: { sealed: "new", version: 2, failures: 0 },
				user: { emailVerifiedAt: clock.now },
			});
			// The first proof of the address: what a stranger may have linked is gone.
			expect(await storage.findUserByIdentity(identities[0]!)).toBeNull();
			expect(await reset(storage, userId, token)).toBeNull();
		});

		it("sets a first password, under a version that no earlier one had", async () => {
			const { storage } = context;
			const { userId } = await signUp(storage, "ada");
			await storage.proveEmail({ userId, canonical, stranger: true, events: [] });
			const token = link(userId, "password-reset");
			await put(token);
			await reset(storage, userId, token);
			expect((await storage.findCredentialsOfUser(userId))?.password).toMatchObject({ sealed: "new", version: 3 });
		});

		it("is not to be had by an expired token, one of another user or purpose, or for another address", async () => {
			const { storage, clock } = context;
			const { userId } = await signUp(storage, "ada");
			const token = link(userId, "password-reset");
			await put(token);
			expect(await reset(storage, userId, token, "other@example.com")).toBeNull();
			expect(await reset(storage, userId, { ...token, purpose: "email-change" })).toBeNull();
			const bob = await signUp(storage, "bob");
			expect(await reset(storage, bob.userId, token, "bob@example.com")).toBeNull();
			clock.now += hour;
			expect(await reset(storage, userId, token)).toBeNull();
			expect((await storage.findCredentialsOfUser(userId))?.password?.version).toBe(1);
		});
	});

	it("[A4] [ASVS 6.4.3] a changed password kills what is pending", async () => {
		const { storage } = context;
		const { userId } = await signUp(storage, "ada");
		const pending = [link(userId, "password-reset"), link(userId, "email-change")];
		for (const token of pending) await put(token);
		const { userId: _userId, epoch: _epoch, ...session } = signIn(userId).session;
		const change = { userId, version: 1, sealed: "new", session, settle: nothingToSettle, events: [] };
		expect(await storage.changePassword(change)).not.toBeNull();
		for (const token of pending) expect(await peek(token)).toBeNull();
	});

	describe("a changed address", () => {
		const change = (userId: string, token: NewToken, value: string, undo: { since: number } | null = null) =>
			context.storage.changeEmail({
				userId,
				token,
				email: { value, canonical: value.toLowerCase() },
				undo,
				epoch: undo === null ? 1 : null,
				events: [newEvent({ userId })],
			});

		it("is proven, frees the old one and ends nothing", async () => {
			const { storage, clock } = context;
			const { userId, secretHash } = await signUp(storage, "ada");
			const token = link(userId, "email-change");
			await put(token);
			expect(await change(userId, token, "New@Example.com")).toBe("changed");
			expect((await storage.readSession(secretHash!))?.user).toMatchObject({
				email: "New@Example.com",
				emailVerifiedAt: clock.now,
			});
			expect(await change(userId, token, "again@example.com")).toBe("gone");
			expect(await storage.createUser(newUser("ada2", { identifiers: [address(canonical)] }))).toMatchObject({
				ok: true,
			});
		});

		it("is refused when somebody has it, and then nothing happened", async () => {
			const { storage, store } = context;
			const { userId } = await signUp(storage, "ada");
			await signUp(storage, "bob");
			const token = link(userId, "email-change");
			await put(token);
			const before = await store.countRows();
			expect(await change(userId, token, "bob@example.com")).toBe("taken");
			expect(await store.countRows()).toEqual(before);
			expect((await storage.findCredentialsOfUser(userId))?.user.email).toBe("ada@Example.com");
		});

		it("is not changed by whoever was signed out meanwhile", async () => {
			const { storage } = context;
			const { userId } = await signUp(storage, "ada");
			const token = link(userId, "email-change");
			await put(token);
			await storage.endAllSessions({ userId, events: [] });
			expect(await change(userId, token, "thief@example.com")).toBe("gone");
			expect((await storage.findCredentialsOfUser(userId))?.user.email).toBe("ada@Example.com");
			expect(await peek(token)).not.toBeNull();
		});

		it("[A4] is undone with the sessions, the password and what was added from a time on", async () => {
			const { storage, clock } = context;
			const { userId, secretHash } = await signUp(storage, "ada", { identities });
			const own = newPasskey(userId);
			await storage.addPasskey({ passkey: own, epoch: 1, limit: 9, events: [] });
			clock.now += minute;
			const since = clock.now;
			const undo = link(userId, "email-changed");
			await put(undo);
			const theirs = newPasskey(userId);
			await storage.addPasskey({ passkey: theirs, epoch: 1, limit: 9, events: [] });
			await storage.addTotp(newTotp(userId, { recoveryCodeHashes: [sha256("code")] }));
			const other = { issuer: "https://id.example", subject: "thief" };
			const identity = { ...other, userId, provider: "p", label: null, verifiedEmail: null, epoch: null, events: [] };
			expect(await storage.linkIdentity(identity)).toBe("linked");
			await storage.requestDeletion({ userId, afterMs: day, events: [] });
			const { epoch } = (await storage.findCredentialsOfUser(userId))!.user;

			expect(await change(userId, undo, "ada@Example.com", { since })).toBe("changed");
			expect(await storage.readSession(secretHash!)).toBeNull();
			expect(await storage.findCredentialsOfUser(userId)).toMatchObject({ user: { epoch: epoch + 1 }, password: null });
			expect(await storage.readFactors(userId)).toMatchObject({
				totp: null,
				passkeys: [{ id: own.id }],
				recoveryCodes: 0,
			});
			// Counted in the user's row as well, which says how many there may be.
			const add = { epoch: epoch + 1, limit: 2, events: [] };
			expect(await storage.addPasskey({ passkey: newPasskey(userId), ...add })).toBe("added");
			expect(await storage.addPasskey({ passkey: newPasskey(userId), ...add })).toBe("full");
			// What was under way in a session that has ended comes too late.
			const late = { ...add, epoch, limit: 9 };
			expect(await storage.addPasskey({ passkey: newPasskey(userId), ...late })).toBe("gone");
			expect(await storage.linkIdentity({ ...identity, epoch })).toBe("gone");
			// Linked before: it is the person's own.
			expect(await storage.findUserByIdentity(identities[0]!)).not.toBeNull();
			expect(await storage.findUserByIdentity(other)).toBeNull();
			expect(await storage.readDeletion(userId)).toBeNull();
		});

		it("is undone with recovery codes that nothing is left for, and without those that are older", async () => {
			const { storage, clock } = context;
			const { userId } = await signUp(storage, "ada");
			await storage.addTotp(newTotp(userId, { recoveryCodeHashes: [sha256("code")] }));
			clock.now += minute;
			const [first, second] = [link(userId, "email-changed", "1"), link(userId, "email-changed", "2")];
			await put(first);
			expect(await change(userId, first, "ada@Example.com", { since: clock.now })).toBe("changed");
			expect(await storage.readFactors(userId)).toMatchObject({ recoveryCodes: 1, totp: { sealed: "$sealed$totp" } });
			await put(second);
			expect(await change(userId, second, "ada@Example.com", { since: 0 })).toBe("changed");
			expect(await storage.readFactors(userId)).toMatchObject({ recoveryCodes: 0, totp: null, secondStep: false });
		});

		it("[A4] is undone once, and takes the ways back of later changes along, not those of earlier ones", async () => {
			const { storage, clock } = context;
			const { userId } = await signUp(storage, "ada");
			const links = ["earlier", "meant", "later"].map((name) => link(userId, "email-changed", name));
			for (const token of links) {
				await storage.putToken(token);
				clock.now += minute;
			}
			const [earlier, meant, later] = links as [NewToken, NewToken, NewToken];
			expect(await change(userId, meant, "ada@Example.com", { since: 0 })).toBe("changed");
			expect(await change(userId, meant, "ada@Example.com", { since: 0 })).toBe("gone");
			expect(await peek(later)).toBeNull();
			expect(await peek(earlier)).not.toBeNull();
		});

		it("is undone where somebody claims the address, and not where they have proven it", async () => {
			const { storage, clock } = context;
			const { userId } = await signUp(storage, "ada");
			const bob = await signUp(storage, "bob");
			const [first, second] = [link(userId, "email-changed", "1"), link(userId, "email-changed", "2")];
			for (const token of [first, second]) {
				await storage.putToken(token);
				clock.now += minute;
			}
			expect(await change(userId, second, "bob@example.com", { since: 0 })).toBe("changed");
			expect((await storage.findCredentialsOfUser(bob.userId))?.user.email).toBeNull();
			const eve = await signUp(storage, "eve");
			await storage.proveEmail({ userId: eve.userId, canonical: "eve@example.com", stranger: false, events: [] });
			expect(await change(userId, first, "eve@example.com", { since: 0 })).toBe("taken");
			expect((await storage.findCredentialsOfUser(userId))?.user.email).toBe("bob@example.com");
			expect(await peek(first)).not.toBeNull();
		});
	});

	describe("failures", () => {
		it("are counted in a row for the password of a known user, until they are forgotten", async () => {
			const { storage } = context;
			const { userId } = await signUp(storage, "ada");
			const events = () => [newEvent({ userId })];
			expect(await storage.recordFailure({ userId, events: events() })).toBe(1);
			expect(await storage.recordFailure({ userId, events: events() })).toBe(2);
			expect((await storage.findCredentialsOfUser(userId))?.password?.failures).toBe(2);
			await storage.forgetFailures(userId);
			expect(await storage.recordFailure({ userId, events: [] })).toBe(1);
			expect(await storage.recordFailure({ userId: null, events: [newEvent()] })).toBe(0);
			expect(await storage.listEvents(userId, { limit: 9 })).toHaveLength(2);
		});

		it("[A22] are all counted when they come at once", async () => {
			const { storage } = context;
			const { userId } = await signUp(storage, "ada");
			const counts = await Promise.all(Array.from({ length: 30 }, () => storage.recordFailure({ userId, events: [] })));
			expect(counts.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
		});
	});

	describe("a deletion", () => {
		it("ends every session at once, and the account when its time has come", async () => {
			const { storage, clock } = context;
			const { userId, secretHash } = await signUp(storage, "ada", { language: "ar" });
			await signUp(storage, "bob");
			const deletesAt = clock.now + 7 * day;
			expect(await storage.requestDeletion({ userId, afterMs: 7 * day, events: [newEvent({ userId })] })).toBe(
				deletesAt,
			);
			expect(await storage.readSession(secretHash!)).toBeNull();
			expect(await storage.readDeletion(userId)).toBe(deletesAt);
			expect(await storage.listDueDeletions(9)).toEqual([]);
			const deletion = { userId, pseudonym: "p", dueOnly: true, events: [] };
			expect(await storage.deleteUser(deletion)).toBe(false);
			clock.now = deletesAt;
			expect(await storage.listDueDeletions(9)).toEqual([{ userId, email: "ada@Example.com", language: "ar" }]);
			expect(await storage.deleteUser(deletion)).toBe(true);
			expect(await storage.listDueDeletions(9)).toEqual([]);
		});

		it("can be undone, and then is not carried out", async () => {
			const { storage, clock } = context;
			const { userId } = await signUp(storage, "ada");
			await storage.requestDeletion({ userId, afterMs: day, events: [] });
			expect(await storage.undoDeletion({ userId, events: [newEvent({ userId })] })).toBe(true);
			expect(await storage.undoDeletion({ userId, events: [newEvent({ userId })] })).toBe(false);
			expect(await storage.listEvents(userId, { limit: 9 })).toHaveLength(1);
			clock.now += 2 * day;
			expect(await storage.readDeletion(userId)).toBeNull();
			expect(await storage.deleteUser({ userId, pseudonym: "p", dueOnly: true, events: [] })).toBe(false);
			expect(await storage.requestDeletion({ userId: "nobody", afterMs: day, events: [] })).toBeNull();
		});
	});
}

function address(email: string) {
	return { kind: "email" as const, value: email, canonical: email };
}
