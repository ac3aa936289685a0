import { describe, expect, it } from "vitest";
import { adaThere, startFakeProvider } from "../../test/fake-provider.ts";
import { ada, isSignedIn, openTestAuth, signedUp, type TestAuth } from "../../test/harness.ts";
import { begin, comeBack, oidcAt, openWithProvider, problemOf, signInAt } from "../../test/oauth-harness.ts";
import { AuthError } from "../index.ts";
import type { Storage } from "../lib/storage/storage.ts";
import type { TestBrowser } from "../lib/testing/test-browser.ts";

const signInAsAda = { email: ada.email, password: ada.password };

/** Makes the address of somebody's account proven, as the mail to it would. */
async function proveAddress(auth: TestAuth): Promise<void> {
	const { DatabaseSync } = await import("node:sqlite");
	const database = new DatabaseSync(auth.file);
	database.exec("UPDATE latchkey_identifier SET verified_at = 1 WHERE kind = 'email'");
	database.close();
}

describe("an account that somebody made before with the address", () => {
	it("[A1] is not linked while the address is unproven there: the person signs in to it first", async () => {
		const { auth, fake } = await openWithProvider();
		await signedUp(auth);
		const victim = auth.browser();
		expect(problemOf(await signInAt(fake, victim))).toBe("account_exists");
		expect(await isSignedIn(victim)).toBe(false);
		const owner = auth.browser();
		await owner.post("/api/auth", signInAsAda);
		expect((await owner.get("/api/auth/identities")).body.connections).toEqual([]);
	});

	it("[A1] is linked when both sides proved it and the provider is authoritative", async () => {
		const { auth, fake } = await openWithProvider();
		const owner = await signedUp(auth);
		await proveAddress(auth);
		const browser = auth.browser();
		expect((await signInAt(fake, browser)).headers.get("location")).toBe("/");
		const { user } = (await browser.get("/api/auth")).body;
		expect(user.id).toBe((await owner.get("/api/auth")).body.user.id);
		const { events } = (await owner.get("/api/auth/events")).body;
		expect(events).toContainEqual(
			expect.objectContaining({ type: "identity.linked", detail: { provider: "example", automatic: true } }),
		);
	});

	it.each([
		["proven", { emails: "proven" as const }, adaThere],
		["believed by nobody", { emails: "unproven" as const }, adaThere],
		["[A5] unproven there", {}, { ...adaThere, email_verified: false }],
		['[A5] "true" as text', {}, { ...adaThere, email_verified: "true" }],
		["[A5] without a word about it", {}, { ...adaThere, email_verified: undefined }],
	])("[A7] is not linked by an address that is %s", async (_, options, person) => {
		const { auth, fake } = await openWithProvider({}, options);
		await signedUp(auth);
		await proveAddress(auth);
		const browser = auth.browser();
		expect(problemOf(await signInAt(fake, browser, person))).toBe("account_exists");
		expect(await isSignedIn(browser)).toBe(false);
	});
});

describe("an address that a provider only claims", () => {
	it.each([false, "true", undefined, 1, null])(
		"[A5] is no identifier and not proven: email_verified %s",
		async (verified) => {
			const { auth, fake } = await openWithProvider();
			const browser = auth.browser();
			await signInAt(fake, browser, { ...adaThere, email_verified: verified });
			const { user } = (await browser.get("/api/auth")).body;
			expect(user).toMatchObject({ email: null, emailVerified: false });
			// Whoever owns the address can still register it.
			expect((await auth.browser().post("/api/auth/sign-up", ada)).status).toBe(201);
		},
	);

	it("[A7] [ASVS 10.5.2] is not the person: the same address of another subject or issuer is somebody else", async () => {
		const [one, other] = [await startFakeProvider(), await startFakeProvider()];
		const methods = [oidcAt(one, { id: "one" }), oidcAt(other, { id: "other" })];
		const auth = openTestAuth({ methods });
		const [first, second, third] = [auth.browser(), auth.browser(), auth.browser()];
		const person = { ...adaThere, email_verified: false };
		await signInAt(one, first, person, { provider: "one" });
		await signInAt(one, second, { ...person, sub: "ada-2" }, { provider: "one" });
		await signInAt(other, third, person, { provider: "other" });
		const ids = await Promise.all(
			[first, second, third].map(async (browser) => (await browser.get("/api/auth")).body.user.id),
		);
		expect(new Set(ids).size).toBe(3);
	});

	it("[A45] that was given to somebody else there does not open the account of who had it", async () => {
		const { auth, fake } = await openWithProvider({}, { emails: "proven" });
		await signInAt(fake, auth.browser());
		const successor = auth.browser();
		expect(problemOf(await signInAt(fake, successor, { ...adaThere, sub: "successor" }))).toBe("account_exists");
		expect(await isSignedIn(successor)).toBe(false);
	});
});

describe("connecting a provider to the account one is signed in to", () => {
	async function beginLink(browser: TestBrowser): Promise<string> {
		const answer = await browser.post("/api/auth/identities", { provider: "example" });
		expect(answer.status).toBe(200);
		return answer.body.authorizationUrl;
	}

	it("works in the session that began it, and signs in from then on", async () => {
		const { auth, fake } = await openWithProvider();
		const browser = await signedUp(auth);
		const answer = await comeBack(browser, fake.authorize(await beginLink(browser)));
		expect(answer.headers.get("location")).toBe("/account/connections?done=connected");
		const { connections } = (await browser.get("/api/auth/identities")).body;
		expect(connections).toMatchObject([{ provider: "example", label: "ada@example.com", removable: true }]);
		const elsewhere = auth.browser();
		await signInAt(fake, elsewhere);
		expect((await elsewhere.get("/api/auth")).body.user.email).toBe(ada.email);
	});

	it("[A9] is refused in any other session: nobody is talked into linking for somebody else", async () => {
		const { auth, fake } = await openWithProvider();
		const attacker = await signedUp(auth, { ...ada, email: "mallory@example.com" });
		const victim = await signedUp(auth, { ...ada, email: "victim@example.com" });
		const url = await beginLink(attacker);
		// The victim has the callback, and even the attacker's transaction cookie, but not the attacker's session.
		for (const [name, value] of attacker.cookies) if (name.startsWith("transaction-")) victim.cookies.set(name, value);
		expect(problemOf(await comeBack(victim, fake.authorize(url)))).toBe("other_session");
		expect(fake.requests).not.toContain("POST /token");
		for (const browser of [attacker, victim]) {
			expect((await browser.get("/api/auth/identities")).body.connections).toEqual([]);
		}
	});

	it("[A9] is refused once that session has ended or been replaced", async () => {
		const { auth, fake } = await openWithProvider();
		const browser = await signedUp(auth);
		const url = await beginLink(browser);
		await browser.post("/api/auth", signInAsAda);
		expect(problemOf(await comeBack(browser, fake.authorize(url)))).toBe("other_session");
		const another = await beginLink(browser);
		await browser.delete("/api/auth");
		expect(problemOf(await comeBack(browser, fake.authorize(another)))).toBe("other_session");
	});

	it("is refused for an account there that is connected elsewhere", async () => {
		const { auth, fake } = await openWithProvider();
		await signInAt(fake, auth.browser());
		const bob = await signedUp(auth, { ...ada, email: "bob@example.com" });
		const answer = await comeBack(bob, fake.authorize(await beginLink(bob)));
		expect(problemOf(answer)).toBe("identity_taken");
		expect(answer.headers.get("location")).toMatch(/^\/account\/connections\?/);
	});

	it("asks for a recent proof, both ways", async () => {
		const { auth, fake } = await openWithProvider();
		const browser = await signedUp(auth);
		await comeBack(browser, fake.authorize(await beginLink(browser)));
		const [{ id }] = (await browser.get("/api/auth/identities")).body.connections;
		auth.clock.advance({ minutes: 11 });
		const recent = { status: 403, body: { code: "reauthentication_required" } };
		expect(await browser.post("/api/auth/identities", { provider: "example" })).toMatchObject(recent);
		expect(await browser.delete(`/api/auth/identities/${id}`)).toMatchObject(recent);
		const form = { "content-type": "application/x-www-form-urlencoded" };
		const sent = await browser.post("/api/auth/identities", "provider=example", form);
		expect(sent.headers.get("location")).toBe("/reauthenticate?next=%2Faccount%2Fconnections");
	});

	it("[A2] is undone with every other session that began there, and no other", async () => {
		const { auth, fake } = await openWithProvider();
		const owner = await signedUp(auth);
		await comeBack(owner, fake.authorize(await beginLink(owner)));
		const [thief, again, phone] = [auth.browser(), auth.browser(), auth.browser()];
		await signInAt(fake, thief);
		// A fresh proof makes another session of it, which began there all the same.
		await signInAt(fake, again);
		await again.post("/api/auth/reauthentication", { password: ada.password });
		await phone.post("/api/auth", signInAsAda);
		const [{ id }] = (await owner.get("/api/auth/identities")).body.connections;
		const answer = await owner.delete(`/api/auth/identities/${id}`);
		expect(answer).toMatchObject({ status: 200, body: { message: "Disconnected", ended: 2 } });
		const signedIn = await Promise.all([thief, again, phone, owner].map(isSignedIn));
		expect(signedIn).toEqual([false, false, true, true]);
	});

	it("never takes the last way in away, nor anything of somebody else", async () => {
		const { auth, fake } = await openWithProvider();
		const browser = auth.browser();
		await signInAt(fake, browser);
		const [{ id, removable }] = (await browser.get("/api/auth/identities")).body.connections;
		expect(removable).toBe(false);
		expect(await browser.delete(`/api/auth/identities/${id}`)).toMatchObject({
			status: 409,
			body: { code: "last_way_in" },
		});
		const bob = await signedUp(auth, { ...ada, email: "bob@example.com" });
		expect((await bob.delete(`/api/auth/identities/${id}`)).status).toBe(404);
		await comeBack(bob, fake.authorize(await beginLink(bob), { sub: "bob-1" }));
		const [own] = (await bob.get("/api/auth/identities")).body.connections;
		expect((await bob.delete(`/api/auth/identities/${own.id}`)).status).toBe(200);
		expect((await bob.get("/api/auth/identities")).body.connections).toEqual([]);
	});
});

describe("while one operation of the store fails", () => {
	async function breakStore(auth: TestAuth, operation: keyof Storage): Promise<() => void> {
		const { storage } = await auth.engine();
		const real = storage[operation];
		Object.assign(storage, { [operation]: () => Promise.reject(new AuthError("store_unavailable")) });
		return () => Object.assign(storage, { [operation]: real });
	}

	it.each([
		...(["consumeToken", "findUserByIdentity", "createUser"] as const),
		...(["keepProviderTokens", "createSession"] as const),
	])("[A39] [ASVS 16.5.3] nobody is signed in: %s", async (operation) => {
		const { auth, fake } = await openWithProvider();
		const browser = auth.browser();
		const url = await begin(browser);
		const mend = await breakStore(auth, operation);
		expect((await comeBack(browser, fake.authorize(url))).status).toBe(503);
		mend();
		expect(await isSignedIn(browser)).toBe(false);
	});

	it("[A39] [ASVS 16.5.3] nothing is begun, connected or disconnected", async () => {
		const { auth, fake } = await openWithProvider();
		const browser = await signedUp(auth);
		const begun = (await browser.post("/api/auth/identities", { provider: "example" })).body.authorizationUrl;
		let mend = await breakStore(auth, "linkIdentity");
		expect((await comeBack(browser, fake.authorize(begun))).status).toBe(503);
		mend();
		mend = await breakStore(auth, "putToken");
		expect((await browser.post("/api/auth/oauth/example", {})).status).toBe(503);
		mend();
		mend = await breakStore(auth, "listIdentities");
		expect((await browser.get("/api/auth/identities")).status).toBe(503);
		mend();
		const again = (await browser.post("/api/auth/identities", { provider: "example" })).body.authorizationUrl;
		await comeBack(browser, fake.authorize(again));
		const [{ id }] = (await browser.get("/api/auth/identities")).body.connections;
		mend = await breakStore(auth, "unlinkIdentity");
		expect((await browser.delete(`/api/auth/identities/${id}`)).status).toBe(503);
		mend();
		expect((await browser.get("/api/auth/identities")).body.connections).toHaveLength(1);
	});
});

describe("an identity that is taken away while somebody signs in by it", () => {
	it.each(["before the epoch is read", "after it"])("[A3] [A27] opens no session: %s", async (when) => {
		const { auth, fake } = await openWithProvider();
		const owner = await signedUp(auth);
		const url = (await owner.post("/api/auth/identities", { provider: "example" })).body.authorizationUrl;
		await comeBack(owner, fake.authorize(url));
		const { storage } = await auth.engine();
		const { user, session } = (await owner.get("/api/auth")).body;
		const identity = { issuer: fake.issuer, subject: adaThere.sub };
		const takeAway = async () => {
			const kept = { userId: user.id, keepSessionId: session.id };
			await storage.unlinkIdentity({ ...kept, ...identity, usableProviders: [], events: [] });
		};
		const late = when === "after it" ? "createSession" : "findCredentialsOfUser";
		const real = storage[late] as (...args: unknown[]) => Promise<unknown>;
		let taken = false;
		Object.assign(storage, {
			async [late](...args: unknown[]) {
				if (!taken) {
					taken = true;
					await takeAway();
				}
				return real(...args);
			},
		});
		const thief = auth.browser();
		const answer = await signInAt(fake, thief);
		Object.assign(storage, { [late]: real });
		expect(taken).toBe(true);
		expect(problemOf(answer)).toBe("invalid_credentials");
		expect(await isSignedIn(thief)).toBe(false);
	});
});
