import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import type { ContractContext } from "./contract-store.ts";
import { minute, newEvent, newUser, sha256, signIn, signUp } from "./fixtures.ts";

const identities = [{ issuer: "https://id.example", subject: "1" }];

/** The end of an account, and everything stored about a person. */
export function deletionContract(context: ContractContext): void {
	it("deletes the user with everything that is theirs, and nothing of others", async () => {
		const { storage, store } = context;
		const bob = await signUp(storage, "bob");
		await storage.putToken({
			purpose: "p",
			subject: bob.userId,
			tokenHash: sha256("bob's"),
			lifetimeMs: minute,
			payload: null,
		});
		const before = await store.countRows();
		const ada = await signUp(storage, "ada", { identities });
		await storage.createSession(signIn(ada.userId));
		await storage.putToken({
			purpose: "p",
			subject: ada.userId,
			tokenHash: sha256("ada's"),
			lifetimeMs: minute,
			payload: null,
		});
		expect(await storage.deleteUser({ userId: ada.userId, pseudonym: "deleted-1", events: [] })).toBe(true);
		expect(await store.countRows()).toEqual(before);
		expect(await storage.readSession(ada.secretHash!)).toBeNull();
		expect(await storage.findCredentialsOfUser(ada.userId)).toBeNull();
		expect(await storage.findUserByIdentity(identities[0]!)).toBeNull();
		expect(await storage.consumeToken({ purpose: "p", tokenHash: sha256("ada's") })).toBeNull();
		expect(await storage.consumeToken({ purpose: "p", tokenHash: sha256("bob's") })).not.toBeNull();
		expect(await storage.readSession(bob.secretHash!)).not.toBeNull();
		expect(await storage.createUser(newUser("ada", { identities }))).toMatchObject({ ok: true });
	});

	it("keeps the events under the pseudonym, without anything personal", async () => {
		const { storage, clock } = context;
		const { userId, session } = await signUp(storage, "ada");
		const personal = {
			userId,
			sessionId: session!.id,
			address: "203.0.113.7",
			userAgent: "Test/1.0",
			detail: { email: "ada@example.com" },
		};
		const old = newEvent({ ...personal, type: "signed_in" });
		const others = newEvent({ ...personal, userId: null });
		await storage.appendEvents([old, others]);
		const signedInAt = clock.now;
		clock.now += minute;
		const last = newEvent({ ...personal, type: "user_deleted" });
		await storage.deleteUser({ userId, pseudonym: "deleted-1", events: [last] });
		expect(await storage.listEvents(userId, { limit: 10 })).toEqual([]);
		const bare = { userId: "deleted-1", sessionId: null, address: null, userAgent: null, detail: null };
		expect(await storage.listEvents("deleted-1", { limit: 10 })).toEqual([
			{ ...bare, id: last.id, type: "user_deleted", at: clock.now },
			{ ...bare, id: old.id, type: "signed_in", at: signedInAt },
		]);
	});

	it("says when there was no such user, and records nothing", async () => {
		const { storage, store } = context;
		const { userId } = await signUp(storage, "ada");
		await storage.deleteUser({ userId, pseudonym: "deleted-1", events: [] });
		const before = await store.countRows();
		const events = [newEvent({ userId })];
		expect(await storage.deleteUser({ userId, pseudonym: "deleted-2", events })).toBe(false);
		expect(await store.countRows()).toEqual(before);
	});

	it("opens no session for a user deleted meanwhile", async () => {
		const { storage } = context;
		const { userId } = await signUp(storage, "ada");
		await storage.deleteUser({ userId, pseudonym: "deleted-1", events: [] });
		expect(await storage.createSession(signIn(userId))).toBeNull();
	});

	it("exports everything about the person, secrets and hashes apart", async () => {
		const { storage, clock } = context;
		await signUp(storage, "bob");
		const event = newEvent({ type: "signed_up", detail: { method: "password" } });
		const input = newUser("Ada", { identities });
		await storage.createUser({ ...input, events: [{ ...event, userId: input.id }] });
		const createdAt = clock.now;
		clock.now += minute;
		const second = await storage.createSession(signIn(input.id));
		await storage.endSession({ userId: input.id, sessionId: second!.id, events: [] });
		await storage.updateUser({ userId: input.id, name: "Ada L.", events: [] });

		const exported = await storage.exportUser(input.id);
		expect(exported).toEqual({
			user: {
				id: input.id,
				name: "Ada L.",
				email: "Ada@Example.com",
				emailVerifiedAt: null,
				username: "Ada",
				epoch: 1,
				fields: null,
				createdAt,
				updatedAt: clock.now,
			},
			identifiers: [
				{ kind: "email", value: "Ada@Example.com", verifiedAt: null, createdAt },
				{ kind: "username", value: "Ada", verifiedAt: null, createdAt },
			],
			identities: [{ issuer: "https://id.example", subject: "1", provider: null, label: null, createdAt }],
			password: { changedAt: createdAt },
			factors: { totp: null, passkeys: [], recoveryCodes: 0, secondStep: false },
			trustedDevices: [],
			sessions: [second, expect.objectContaining({ id: input.session!.id })],
			events: [{ ...event, userId: input.id, at: createdAt }],
		});
		expect(JSON.stringify(exported)).not.toContain("$sealed$");
		expect(exported?.sessions[0]).not.toHaveProperty("secretHash");
	});

	it("exports an account without password, and nothing for nobody", async () => {
		const { storage } = context;
		const { userId } = await signUp(storage, "ada", { password: null, session: null });
		expect(await storage.exportUser(userId)).toMatchObject({
			password: null,
			identities: [],
			sessions: [],
			events: [],
		});
		expect(await storage.exportUser(randomUUID())).toBeNull();
	});
}
