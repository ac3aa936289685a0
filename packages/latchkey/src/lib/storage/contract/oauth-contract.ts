import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import type {
	EndedThere,
	EndSessionsOfProvider,
	KeepProviderTokens,
	LinkIdentity,
	OAuthStorage,
} from "../oauth-storage.ts";
import type { CreateSession, NewSession, SessionRecord, Storage } from "../storage.ts";
import type { ContractContext } from "./contract-store.ts";
import { minute, newEvent, newMail, newUser, sha256, signIn, signUp } from "./fixtures.ts";

const google = { issuer: "https://google.example", subject: "1" };
const github = { issuer: "https://github.example", subject: "2" };

function link(userId: string, overrides: Partial<LinkIdentity> = {}): LinkIdentity {
	return {
		userId,
		...google,
		provider: "google",
		label: "ada@g",
		verifiedEmail: null,
		epoch: null,
		events: [],
		...overrides,
	};
}

function tokens(userId: string, overrides: Partial<KeepProviderTokens> = {}): KeepProviderTokens {
	const kept = { provider: "google", label: "ada@g", sealed: "sealed 1", expiresInMs: minute };
	return { userId, ...google, ...kept, ...overrides };
}

/** What is linked, the tokens of it, and the sessions that began there. */
export function oauthContract(context: ContractContext): void {
	it("registers an address as proven, and an identity with what it is known by", async () => {
		const { storage, clock } = context;
		const input = newUser("ada", {
			identifiers: [{ kind: "email", value: "ada@example.com", canonical: "ada@example.com" }],
			emailIsProven: true,
			identities: [{ ...google, provider: "google", label: "ada@g" }],
			password: null,
		});
		expect(await storage.createUser(input)).toMatchObject({ ok: true, user: { emailVerifiedAt: clock.now } });
		expect((await storage.findUserByIdentity(google))?.emailVerifiedAt).toBe(clock.now);
		expect(await storage.listIdentities(input.id)).toEqual([
			{ ...google, provider: "google", label: "ada@g", createdAt: clock.now, usedAt: null },
		]);
	});

	it("[A7] links an identity once, and to one user only", async () => {
		const { storage } = context;
		const ada = await signUp(storage, "ada");
		const bob = await signUp(storage, "bob");
		expect(await storage.linkIdentity(link(ada.userId, { events: [newEvent({ userId: ada.userId })] }))).toBe("linked");
		const again = link(ada.userId, { events: [newEvent({ userId: ada.userId })] });
		expect(await storage.linkIdentity(again)).toBe("linked");
		expect(await storage.linkIdentity(link(bob.userId, { events: [newEvent({ userId: bob.userId })] }))).toBe("taken");
		expect(await storage.linkIdentity(link(randomUUID(), github))).toBe("gone");
		expect((await storage.findUserByIdentity(google))?.id).toBe(ada.userId);
		expect(await storage.listEvents(ada.userId, { limit: 10 })).toHaveLength(1);
		expect(await storage.listEvents(bob.userId, { limit: 10 })).toHaveLength(0);
	});

	it("[A1] links by an address only while the user has it, proven", async () => {
		const { storage } = context;
		const unproven = await signUp(storage, "ada");
		const verifiedEmail = "ada@example.com";
		expect(await storage.linkIdentity(link(unproven.userId, { verifiedEmail }))).toBe("gone");
		const identifiers = [{ kind: "email" as const, value: "b@x.example", canonical: "b@x.example" }];
		const proven = await signUp(storage, "bob", { identifiers, emailIsProven: true });
		expect(await storage.linkIdentity(link(proven.userId, { verifiedEmail }))).toBe("gone");
		expect(await storage.linkIdentity(link(proven.userId, { verifiedEmail: "b@x.example" }))).toBe("linked");
	});

	it("unlinks, but never the last way in", async () => {
		const { storage } = context;
		const linked = { identities: [{ ...google, provider: "google" }] };
		const ada = unlinking(storage, await signUp(storage, "ada", linked));
		expect(await ada(github)).toBe("gone");
		expect(await ada(google)).toBe(0);
		expect(await ada(google)).toBe("gone");

		const { session, userId } = await signUp(storage, "bob", { ...linked, password: null });
		const bob = unlinking(storage, { session, userId });
		expect(await bob(google)).toBe("last");
		await storage.linkIdentity(link(userId, { ...github, provider: "github" }));
		expect(await bob(google, ["google"])).toBe("last");
		expect(await storage.listIdentities(userId)).toHaveLength(2);
		expect(await bob(google)).toBe(0);
		expect(await bob(github)).toBe("last");
		expect(await ada(github)).toBe("gone");
	});

	it("[A2] ends what began by an identity with it, and nothing else", async () => {
		const { storage, clock } = context;
		const identities = [
			{ ...google, provider: "google" },
			{ ...github, provider: "github" },
		];
		const { userId, session, secretHash } = await signUp(storage, "ada", { identities });
		const { session: bobs } = await signUp(storage, "bob");
		const begin = async (secret: string, began: NewSession["began"] = null) =>
			(await storage.createSession(signIn(userId, { secret, began })))!.id;
		const byGoogle = { ...google, providerSession: "s1" };
		const first = await begin("google", byGoogle);
		await begin("google, proven again", { continues: first });
		await begin("github", { ...github, providerSession: null });
		await begin("password");
		await storage.endSession({ userId, sessionId: await begin("ended before", byGoogle), events: [] });
		await storage.createSession(signIn(userId, { secret: "expired before", began: byGoogle, lifetimeMs: minute }));
		clock.now += minute;

		const events = [newEvent({ userId })];
		const unlink = { userId, ...google, usableProviders: ["google"], keepSessionId: session!.id, events };
		expect(await storage.unlinkIdentity(unlink)).toBe(2);
		const isLive = async (secret: string) => (await storage.readSession(sha256(secret))) !== null;
		expect([await isLive("google"), await isLive("google, proven again")]).toEqual([false, false]);
		expect([await isLive("github"), await isLive("password")]).toEqual([true, true]);
		expect(await storage.readSession(secretHash!)).toMatchObject({ session: { ...session, epoch: 2 } });
		expect(await storage.listSessions(bobs!.userId, { limit: 10 })).toHaveLength(1);
		expect(await storage.listEvents(userId, { limit: 10 })).toHaveLength(1);
		// One that was judged before.
		expect(await storage.createSession(signIn(userId, { began: byGoogle, epoch: 1 }))).toBeNull();
	});

	it("keeps the session that unlinks, also where it began there itself, and does nothing for one that has ended", async () => {
		const { storage } = context;
		const { userId, session } = await signUp(storage, "ada", { identities: [{ ...google, provider: "google" }] });
		const own = await beginAt(storage, userId, "s1");
		const unlink = (keepSessionId: string) =>
			storage.unlinkIdentity({ userId, ...google, usableProviders: [], keepSessionId, events: [newEvent({ userId })] });
		const ended = await beginAt(storage, userId, "s2");
		await storage.endSession({ userId, sessionId: ended, events: [] });
		expect(await unlink(ended)).toBe("not_live");
		expect(await unlink(randomUUID())).toBe("not_live");
		expect(await storage.listIdentities(userId)).toHaveLength(1);
		expect(await storage.listEvents(userId, { limit: 10 })).toHaveLength(0);
		expect(await unlink(own)).toBe(0);
		const left = (await storage.listSessions(userId, { limit: 10 })).map(({ id }) => id);
		expect(left.toSorted()).toEqual([session!.id, own].toSorted());
	});

	it("keeps a provider's tokens, the newest first, for its user alone", async () => {
		const { storage, clock } = context;
		const ada = await signUp(storage, "ada");
		await storage.linkIdentity(link(ada.userId));
		expect(await storage.keepProviderTokens(tokens(randomUUID()))).toBe(false);
		expect(await storage.findProviderTokens({ userId: ada.userId, provider: "google" })).toBeNull();
		expect(await storage.keepProviderTokens(tokens(ada.userId))).toBe(true);
		expect(await storage.findProviderTokens({ userId: ada.userId, provider: "google" })).toEqual({
			...google,
			sealed: "sealed 1",
			version: 1,
			expiresAt: clock.now + minute,
			refreshingUntil: 0,
			now: clock.now,
		});
		const other = { ...google, subject: "other" };
		await storage.linkIdentity(link(ada.userId, other));
		clock.now += minute;
		await storage.keepProviderTokens(tokens(ada.userId, { ...other, sealed: "newer", expiresInMs: null }));
		const found = await storage.findProviderTokens({ userId: ada.userId, provider: "google" });
		expect(found).toMatchObject({ ...other, sealed: "newer", expiresAt: null });
		expect((await storage.listIdentities(ada.userId)).map(({ usedAt }) => usedAt)).toContain(clock.now);
		await storage.keepProviderTokens(tokens(ada.userId, { sealed: null, label: "renamed" }));
		expect((await storage.listIdentities(ada.userId)).map(({ label }) => label)).toContain("renamed");
		expect(await storage.findProviderTokens({ userId: ada.userId, provider: "github" })).toBeNull();
	});

	it("lets one refresh at a time through, and only what was refreshed from the present version be kept", async () => {
		const { storage, clock } = context;
		const { userId } = await signUp(storage, "ada");
		await storage.linkIdentity(link(userId));
		await storage.keepProviderTokens(tokens(userId));
		const claim = (version: number) => storage.claimRefresh({ ...google, version, leaseMs: minute });
		expect(await claim(2)).toBe(false);
		const claims = await Promise.all([claim(1), claim(1), claim(1), claim(1)]);
		expect(claims.filter(Boolean)).toHaveLength(1);
		clock.now += minute;
		expect(await claim(1)).toBe(true);
		const refreshed = { ...google, version: 1, sealed: "sealed 2", expiresInMs: minute };
		expect(await storage.replaceProviderTokens(refreshed)).toBe(true);
		expect(await storage.replaceProviderTokens(refreshed)).toBe(false);
		expect(await claim(2)).toBe(true);
		expect(await storage.replaceProviderTokens({ ...google, version: 2, sealed: null, expiresInMs: null })).toBe(true);
		expect(await storage.findProviderTokens({ userId, provider: "google" })).toMatchObject({
			sealed: null,
			version: 3,
		});
	});

	it("finds the newest tokens at a provider, or those of one identity there", async () => {
		const { storage } = context;
		const { userId } = await signUp(storage, "ada");
		const other = { issuer: google.issuer, subject: "3" };
		for (const identity of [google, other]) await storage.linkIdentity(link(userId, identity));
		await storage.keepProviderTokens(tokens(userId, { ...other, sealed: "of the other" }));
		context.clock.now += 1000;
		await storage.keepProviderTokens(tokens(userId));
		const find = async (identity?: typeof other) =>
			(await storage.findProviderTokens({ userId, provider: "google", ...(identity && { identity }) }))?.sealed;
		expect(await find()).toBe("sealed 1");
		expect(await find(other)).toBe("of the other");
		expect(await find({ issuer: google.issuer, subject: "4" })).toBeUndefined();
	});

	it("believes no lease of a clock that went back", async () => {
		const { storage } = context;
		const { userId } = await signUp(storage, "ada", { identities: [{ ...google, provider: "google" }] });
		await storage.keepProviderTokens(tokens(userId));
		const claim = () => storage.claimRefresh({ ...google, version: 1, leaseMs: minute });
		expect(await claim()).toBe(true);
		expect(await claim()).toBe(false);
		// Somebody who looked at the clock a little earlier, and was held up since, is no reason to doubt it.
		context.clock.now -= 5000;
		expect(await claim()).toBe(false);
		context.clock.now -= 60 * minute;
		expect(await claim()).toBe(true);
		expect(await claim()).toBe(false);
	});

	it("takes the tokens away with the identity, and both with the user", async () => {
		const { storage, store } = context;
		const before = await store.countRows();
		const { userId, session } = await signUp(storage, "ada");
		await storage.linkIdentity(link(userId));
		await storage.keepProviderTokens(tokens(userId));
		await beginAt(storage, userId, null);
		await unlinking(storage, { userId, session })(google, []);
		expect(await storage.findProviderTokens({ userId, provider: "google" })).toBeNull();
		await storage.linkIdentity(link(userId));
		await storage.keepProviderTokens(tokens(userId));
		await storage.deleteUser({ userId, pseudonym: "p", events: [] });
		expect(await store.countRows()).toEqual(before);
	});

	it("[A45] finds the live sessions that began at a provider, by its session or by its subject", async () => {
		const { storage } = context;
		const { userId } = await signUp(storage, "ada", { identities: [{ ...google, provider: "google" }] });
		const begin = (providerSession: string | null) => beginAt(storage, userId, providerSession);
		const [first, second, third] = [await begin("s1"), await begin("s2"), await begin(null)];
		const find = async (subject: string | null, providerSession: string | null) =>
			(await storage.findSessionsOfProvider({ issuer: google.issuer, subject, providerSession }))
				.map(({ sessionId }) => sessionId)
				.toSorted();
		expect(await find(null, "s1")).toEqual([first]);
		expect(await find("1", "s2")).toEqual([second]);
		expect(await find("another", "s2")).toEqual([]);
		expect(await find("1", null)).toEqual([first, second, third].toSorted());
		expect(await find("another", null)).toEqual([]);
		await storage.endSession({ userId, sessionId: first, events: [] });
		expect(await find(null, "s1")).toEqual([]);
		await storage.keepProviderTokens(tokens(userId));
		expect(await storage.findProviderSession(second)).toEqual({
			...google,
			providerSession: "s2",
			provider: "google",
			sealed: "sealed 1",
		});
		expect(await storage.findProviderSession(randomUUID())).toBeNull();
	});

	it("[A45] lets a session go on with where another of the same user began, and nobody else's", async () => {
		const { storage } = context;
		const { userId } = await signUp(storage, "ada", { identities: [{ ...google, provider: "google" }] });
		const { userId: bob } = await signUp(storage, "bob");
		const first = await beginAt(storage, userId, "s1");
		const next = await storage.createSession({
			...beginningAt(userId, { continues: first }),
			replaces: { sessionId: first },
		});
		const foreign = await storage.createSession(beginningAt(bob, { continues: first }));
		const nowhere = await storage.createSession(beginningAt(userId, { continues: randomUUID() }));
		expect(await storage.findProviderSession(next!.id)).toMatchObject({ ...google, providerSession: "s1" });
		expect(await storage.findProviderSession(foreign!.id)).toBeNull();
		expect(await storage.findProviderSession(nowhere!.id)).toBeNull();
		const found = await storage.findSessionsOfProvider({ issuer: google.issuer, subject: null, providerSession: "s1" });
		expect(found).toEqual([{ userId, sessionId: next!.id }]);
	});

	it("[A45] ends what began at a provider, for a word that is believed once, with its events", async () => {
		const { storage, clock } = context;
		const { userId } = await signUp(storage, "ada", { identities: [{ ...google, provider: "google" }] });
		const { userId: bob, session: untouched } = await signUp(storage, "bob");
		const [first, second] = [await beginAt(storage, userId, "s1"), await beginAt(storage, userId, "s2")];
		const end = (providerSession: string | null, key: string, sessionIds: readonly string[]) =>
			storage.endSessionsOfProvider({
				ended: { ...google, providerSession },
				once: { key, lifetimeMs: minute },
				sessionIds,
				events: sessionIds.map((sessionId) =>
					newEvent({ userId, sessionId, type: "ended", mails: [newMail({ userId, recipient: "ada@example.com" })] }),
				),
			});
		const left = async () => (await storage.listSessions(userId, { limit: 10 })).map(({ id }) => id);
		const recorded = async () =>
			(await storage.listEvents(userId, { limit: 10 })).map(({ sessionId }) => sessionId).toSorted();

		// One that was not known of: nothing is written, and the word may come again.
		expect(await end("s1", "k1", [])).toBe("moved");
		expect(await end("s1", "k1", [first, second])).toBe("ended");
		expect(await left()).not.toContain(first);
		expect(await left()).toContain(second);
		expect(await recorded()).toEqual([first]);
		expect(await storage.claimMails({ limit: 5, leaseMs: minute })).toHaveLength(1);

		expect(await end(null, "k1", [second])).toBe("repeated");
		expect(await left()).toContain(second);
		expect(await end(null, "k2", [first, second])).toBe("ended");
		expect(await left()).not.toContain(second);
		expect(await recorded()).toEqual([first, second].toSorted());
		expect(await end(null, "k3", [])).toBe("ended");
		clock.now += minute;
		expect(await end(null, "k1", [])).toBe("ended");
		expect((await storage.listSessions(bob, { limit: 10 })).map(({ id }) => id)).toEqual([untouched!.id]);
	});

	it("notes no beginning of a session that does not begin", async () => {
		const { storage, store } = context;
		const { userId } = await signUp(storage, "ada");
		const before = await store.countRows();
		const { session, ...input } = beginningAt(userId, { ...google, providerSession: "s1" });
		expect(await storage.createSession({ ...input, session: { ...session, epoch: session.epoch + 1 } })).toBeNull();
		expect(await store.countRows()).toEqual(before);
	});
}

function unlinking(storage: Storage, { userId, session }: { userId: string; session: SessionRecord | null }) {
	return (identity: typeof google, usableProviders: readonly string[] = ["google", "github"]) =>
		storage.unlinkIdentity({ userId, ...identity, usableProviders, keepSessionId: session?.id ?? "", events: [] });
}

async function beginAt(storage: Storage, userId: string, providerSession: string | null): Promise<string> {
	const session = await storage.createSession(beginningAt(userId, { ...google, providerSession }));
	return session!.id;
}

function beginningAt(userId: string, began: NewSession["began"]): CreateSession {
	const { session, ...input } = signIn(userId);
	return { ...input, session: { ...session, began: began ?? null } };
}

/** One call of everything in this part of the port. */
export function oauthCalls(storage: Storage): { [Method in keyof OAuthStorage]: () => Promise<unknown> } {
	return {
		listIdentities: () => storage.listIdentities("u"),
		linkIdentity: () => storage.linkIdentity(link("u")),
		unlinkIdentity: () => unlinking(storage, { userId: "u", session: null })(google),
		keepProviderTokens: () => storage.keepProviderTokens(tokens("u")),
		findProviderTokens: () => storage.findProviderTokens({ userId: "u", provider: "google" }),
		claimRefresh: () => storage.claimRefresh({ ...google, version: 1, leaseMs: minute }),
		replaceProviderTokens: () =>
			storage.replaceProviderTokens({ ...google, version: 1, sealed: null, expiresInMs: null }),
		findProviderSession: () => storage.findProviderSession("s"),
		findSessionsOfProvider: () => storage.findSessionsOfProvider({ ...google, providerSession: null }),
		endSessionsOfProvider: () => storage.endSessionsOfProvider(endingOf({ ...google, providerSession: null })),
	};
}

/** Calls this part of the port so that every statement that it has is executed. */
export async function callOAuth(storage: Storage, userId: string, sessionId: string): Promise<void> {
	await storage.linkIdentity(link(userId, { ...github, events: [newEvent()] }));
	await storage.listIdentities(userId);
	await storage.keepProviderTokens(tokens(userId, github));
	await storage.findProviderTokens({ userId, provider: "google" });
	await storage.claimRefresh({ ...github, version: 1, leaseMs: minute });
	await storage.replaceProviderTokens({ ...github, version: 1, sealed: null, expiresInMs: null });
	await storage.createSession(beginningAt(userId, { ...github, providerSession: null }));
	await storage.createSession(beginningAt(userId, { continues: sessionId }));
	await storage.findProviderSession(sessionId);
	await storage.findSessionsOfProvider({ issuer: github.issuer, subject: "2", providerSession: null });
	await storage.findSessionsOfProvider({ issuer: github.issuer, subject: null, providerSession: "x" });
	await storage.endSessionsOfProvider(endingOf({ issuer: github.issuer, subject: "2", providerSession: null }));
	await storage.endSessionsOfProvider(endingOf({ issuer: github.issuer, subject: null, providerSession: "x" }));
	const unlink = { userId, ...github, usableProviders: ["google"], keepSessionId: sessionId, events: [newEvent()] };
	await storage.unlinkIdentity(unlink);
}

function endingOf(ended: EndedThere): EndSessionsOfProvider {
	return { ended, once: { key: randomUUID(), lifetimeMs: minute }, sessionIds: [], events: [] };
}
