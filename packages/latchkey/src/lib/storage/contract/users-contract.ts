import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import type { ContractContext } from "./contract-store.ts";
import { minute, newEvent, newUser, noFactors, signUp } from "./fixtures.ts";

/** Accounts made, found and changed. */
export function usersContract(context: ContractContext): void {
	it("creates an account whole and says what it made", async () => {
		const { storage, clock } = context;
		const seat = await signUp(storage, "bob");
		const input = newUser("Ada", {
			identities: [{ issuer: "https://id.example", subject: "42" }],
			replaces: { sessionId: seat.session!.id },
		});
		const event = newEvent({ userId: input.id, type: "signed_up" });
		const created = await storage.createUser({ ...input, events: [event] });
		const user = {
			id: input.id,
			name: "Ada",
			email: "Ada@Example.com",
			emailVerifiedAt: null,
			username: "Ada",
			epoch: 1,
			createdAt: clock.now,
			fields: null,
		};
		expect(created).toEqual({ ok: true, user, session: expect.objectContaining({ userId: input.id, epoch: 1 }) });
		const password = { version: 1, sealed: "$sealed$Ada", changedAt: clock.now, failures: 0 };
		expect(await storage.findCredentials({ kind: "email", canonical: "ada@example.com" })).toEqual({
			user,
			password,
			factors: noFactors,
		});
		expect(await storage.findCredentials({ kind: "username", canonical: "ada" })).toEqual({
			user,
			password,
			factors: noFactors,
		});
		expect(await storage.findCredentialsOfUser(input.id)).toEqual({ user, password, factors: noFactors });
		expect(await storage.findUserByIdentity({ issuer: "https://id.example", subject: "42" })).toEqual(user);
		expect((await storage.readSession(input.session!.secretHash))?.user).toEqual(user);
		expect(await storage.readSession(seat.secretHash!)).toBeNull();
		expect(await storage.listEvents(input.id, { limit: 10 })).toEqual([{ ...event, at: clock.now }]);
	});

	it("creates an account of an identity alone", async () => {
		const { storage } = context;
		const input = newUser("x", {
			name: null,
			identifiers: [],
			identities: [{ issuer: "https://id.example", subject: "1" }],
			password: null,
			session: null,
		});
		expect(await storage.createUser(input)).toMatchObject({ ok: true, session: null });
		expect(await storage.findCredentialsOfUser(input.id)).toMatchObject({ user: { email: null }, password: null });
	});

	it("finds nobody by what nobody has", async () => {
		const { storage } = context;
		await signUp(storage, "ada", { identities: [{ issuer: "https://a.example", subject: "1" }] });
		expect(await storage.findCredentials({ kind: "email", canonical: "ada" })).toBeNull();
		expect(await storage.findCredentials({ kind: "username", canonical: "ada@example.com" })).toBeNull();
		expect(await storage.findCredentialsOfUser(randomUUID())).toBeNull();
		expect(await storage.findUserByIdentity({ issuer: "https://b.example", subject: "1" })).toBeNull();
		expect(await storage.findUserByIdentity({ issuer: "https://a.example", subject: "2" })).toBeNull();
	});

	it("names everything that somebody else has, and writes nothing", async () => {
		const { storage, store } = context;
		const identities = [{ issuer: "https://id.example", subject: "1" }];
		const seat = await signUp(storage, "ada", { identities });
		await signUp(storage, "bob");
		const before = await store.countRows();
		const [adasEmail] = newUser("ada").identifiers;
		const [, bobsName] = newUser("bob").identifiers;
		const [newEmail, newName] = newUser("new").identifiers;
		const cases = [
			{ identifiers: [adasEmail!, newName!], identities: [], taken: ["email"] },
			{ identifiers: [newEmail!, bobsName!], identities: [], taken: ["username"] },
			{ identifiers: [newEmail!, newName!], identities, taken: ["identity"] },
			{ identifiers: [adasEmail!, bobsName!], identities, taken: ["email", "username", "identity"] },
		];
		for (const { taken, ...wanted } of cases) {
			const input = newUser("new", {
				...wanted,
				replaces: { sessionId: seat.session!.id },
				events: [newEvent()],
			});
			const refused = await storage.createUser(input);
			expect(refused).toEqual({ ok: false, taken: expect.arrayContaining(taken) });
			expect(refused).toHaveProperty("taken.length", taken.length);
			expect(await store.countRows()).toEqual(before);
			expect(await storage.readSession(input.session!.secretHash)).toBeNull();
		}
		expect(await storage.readSession(seat.secretHash!)).not.toBeNull();
		expect(await storage.createUser(newUser("new"))).toMatchObject({ ok: true });
	});

	it("leaves nothing of an account whose last part cannot be written", async () => {
		const { storage, store } = context;
		const event = newEvent();
		await storage.appendEvents([event]);
		const before = await store.countRows();
		const input = newUser("ada");
		await expect(storage.createUser({ ...input, events: [newEvent(), event] })).rejects.toThrow();
		expect(await store.countRows()).toEqual(before);
		expect(await storage.findCredentialsOfUser(input.id)).toBeNull();
		expect(await storage.createUser(input)).toMatchObject({ ok: true });
	});

	it("compares canonical values as they are: no case, no accent, no form is folded", async () => {
		const { storage } = context;
		const names = ["é", "e\u0301", "É", "ß", "ss", "ſ", "s", "K", "k", "ı", "i", "İ", "a\u200bb", "ab", "😀", "', --"];
		for (const canonical of names) {
			const identifiers = [{ kind: "username" as const, value: canonical, canonical }];
			expect(await storage.createUser(newUser("x", { identifiers, session: null }))).toMatchObject({ ok: true });
		}
		for (const canonical of names) {
			const found = await storage.findCredentials({ kind: "username", canonical });
			expect(found?.user.username).toBe(canonical);
		}
	});

	it("changes the name, and the user name, each alone and both", async () => {
		const { storage, clock } = context;
		const { userId, user } = await signUp(storage, "Ada");
		clock.now += minute;
		const rename = await storage.updateUser({ userId, name: "Ada L.", events: [newEvent({ userId })] });
		expect(rename).toEqual({ ok: true, user: { ...user, name: "Ada L." } });
		const username = { value: "Countess", canonical: "countess" };
		expect(await storage.updateUser({ userId, username, events: [] })).toMatchObject({
			user: { name: "Ada L.", username: "Countess" },
		});
		expect(await storage.findCredentials({ kind: "username", canonical: "ada" })).toBeNull();
		expect((await storage.findCredentials({ kind: "username", canonical: "countess" }))?.user.id).toBe(userId);
		expect(await storage.updateUser({ userId, name: null, username: null, events: [] })).toMatchObject({
			user: { name: null, username: null, email: "Ada@Example.com" },
		});
		expect(await storage.updateUser({ userId, events: [] })).toMatchObject({ ok: true, user: { name: null } });
		expect((await storage.exportUser(userId))?.user.updatedAt).toBe(clock.now);
		expect(await storage.listEvents(userId, { limit: 10 })).toHaveLength(1);
	});

	it("keeps the application's own fields, and replaces them only when they still are what the change was made of", async () => {
		const { storage } = context;
		const { userId, user, secretHash } = await signUp(storage, "ada", { fields: '{"company":"A"}' });
		expect(user.fields).toBe('{"company":"A"}');
		expect((await storage.readSession(secretHash!))?.user).toEqual(user);
		const fields = { from: '{"company":"A"}', to: '{"company":"B"}' };
		const events = [newEvent({ userId })];
		const changed = await storage.updateUser({ userId, fields, events });
		expect(changed).toEqual({ ok: true, user: { ...user, fields: fields.to } });
		expect((await storage.readSession(secretHash!))?.user.fields).toBe(fields.to);
		expect(await storage.updateUser({ userId, name: "late", fields, events: [newEvent({ userId })] })).toEqual({
			ok: false,
			reason: "moved",
		});
		expect(await storage.listEvents(userId, { limit: 10 })).toHaveLength(1);
		expect(await storage.updateUser({ userId, name: "new", events: [] })).toMatchObject({
			user: { fields: fields.to },
		});
		await storage.updateUser({ userId, fields: { from: fields.to, to: null }, events: [] });
		expect((await storage.exportUser(userId))?.user).toMatchObject({ name: "new", fields: null });
		const other = await signUp(storage, "bob");
		expect(other.user.fields).toBeNull();
		expect(
			await storage.updateUser({ userId: other.userId, fields: { from: null, to: "{}" }, events: [] }),
		).toMatchObject({
			ok: true,
			user: { fields: "{}" },
		});
	});

	it("loses none of many changes of the fields at once", async () => {
		const { storage } = context;
		const { userId } = await signUp(storage, "ada");
		const results = await Promise.all(
			Array.from({ length: 8 }, (_, n) =>
				storage.updateUser({ userId, fields: { from: null, to: `{"n":${n}}` }, events: [] }),
			),
		);
		expect(results.filter(({ ok }) => ok)).toHaveLength(1);
	});

	it("lets people write their own user name differently", async () => {
		const { storage } = context;
		const { userId } = await signUp(storage, "Ada");
		const username = { value: "ADA", canonical: "ada" };
		expect(await storage.updateUser({ userId, username, events: [] })).toMatchObject({ user: { username: "ADA" } });
	});

	it("changes nothing when the user name is somebody else's", async () => {
		const { storage, store } = context;
		const { userId, user } = await signUp(storage, "ada");
		await signUp(storage, "bob");
		const before = await store.countRows();
		const username = { value: "BOB", canonical: "bob" };
		expect(await storage.updateUser({ userId, name: "new", username, events: [newEvent({ userId })] })).toEqual({
			ok: false,
			reason: "taken",
		});
		expect(await store.countRows()).toEqual(before);
		expect((await storage.findCredentialsOfUser(userId))?.user).toEqual(user);
	});

	it("keeps the last identifier", async () => {
		const { storage } = context;
		const { userId, user } = await signUp(storage, "ada", {
			identifiers: [{ kind: "username", value: "ada", canonical: "ada" }],
		});
		expect(await storage.updateUser({ userId, username: null, events: [] })).toEqual({
			ok: false,
			reason: "last_identifier",
		});
		expect((await storage.findCredentialsOfUser(userId))?.user).toEqual(user);
	});

	it("does not mind removing a user name that is not there", async () => {
		const { storage } = context;
		const withEmail = await signUp(storage, "ada", { identifiers: [newUser("ada").identifiers[0]!] });
		expect(await storage.updateUser({ userId: withEmail.userId, username: null, events: [] })).toMatchObject({
			ok: true,
		});
		const identities = [{ issuer: "https://id.example", subject: "1" }];
		const withNone = await signUp(storage, "bob", { identifiers: [], identities });
		expect(await storage.updateUser({ userId: withNone.userId, username: null, events: [] })).toMatchObject({
			ok: true,
		});
	});

	it("says that a user is gone", async () => {
		const { storage, store } = context;
		const before = await store.countRows();
		const update = { userId: randomUUID(), name: "x", username: { value: "x", canonical: "x" }, events: [newEvent()] };
		expect(await storage.updateUser(update)).toEqual({ ok: false, reason: "gone" });
		expect(await store.countRows()).toEqual(before);
	});
}
