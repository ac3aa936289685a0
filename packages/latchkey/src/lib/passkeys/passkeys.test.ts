import { describe, expect, it } from "vitest";
import { assertion, firstStep, withApp, withPasskey, withSecondStep } from "../../../test/factors.ts";
import { ada, openTestAuth, signedUp, type TestAuth } from "../../../test/harness.ts";
import { password } from "../passwords/password.ts";
import { TestAuthenticator, type TestCeremony } from "../testing/test-authenticator.ts";
import type { TestBrowser } from "../testing/test-browser.ts";
import { passkey } from "./passkey.ts";

function openWithPasskeys(): TestAuth {
	return openTestAuth({ methods: [password(), passkey()] });
}

/** Ada with a passkey, and a browser that is not signed in. */
async function adaWithPasskey(authenticator = new TestAuthenticator()) {
	const auth = openWithPasskeys();
	const owner = await signedUp(auth);
	const { status, body } = await withPasskey(owner, authenticator);
	expect(status).toBe(201);
	return { auth, owner, authenticator, browser: auth.browser(), passkey: body.passkey };
}

async function signInBy(browser: TestBrowser, authenticator: TestAuthenticator, ceremony: TestCeremony = {}) {
	return browser.post("/api/auth", { credential: await assertion(browser, authenticator, "sign-in", ceremony) });
}

describe("a passkey", () => {
	it("signs in alone, at the second level if it is synced and at the third if it cannot be copied", async () => {
		const synced = await adaWithPasskey();
		const answer = await signInBy(synced.browser, synced.authenticator);
		expect(answer.status).toBe(200);
		expect(answer.body.user.email).toBe(ada.email);
		expect(answer.body.session).toMatchObject({ amr: ["swk", "user", "mfa"], level: "aal2" });

		const bound = await adaWithPasskey(new TestAuthenticator({ backupEligible: false }));
		const { body } = await signInBy(bound.browser, bound.authenticator);
		expect(body.session).toMatchObject({ amr: ["hwk", "user", "mfa"], level: "aal3" });
	});

	it("needs no second step, also where the account has an app", async () => {
		const { auth, owner, authenticator, browser } = await adaWithPasskey();
		await withApp(auth, owner);
		expect((await signInBy(browser, authenticator)).status).toBe(200);
	});

	it("is listed with its last use and whether it is backed up, renamed and removed", async () => {
		const { auth, owner, authenticator, browser, passkey } = await adaWithPasskey();
		auth.clock.advance({ minutes: 1 });
		await signInBy(browser, authenticator, { backedUp: false });
		const listed = (await owner.get("/api/auth/passkeys")).body;
		const lastUsedAt = new Date(auth.clock()).toISOString();
		expect(listed.passkeys).toEqual([{ ...passkey, backedUp: false, lastUsedAt }]);
		expect(listed.signal).toEqual({
			rpId: "localhost",
			userId: Buffer.from((await owner.get("/api/auth")).body.user.id).toString("base64url"),
			allAcceptedCredentialIds: [authenticator.keys[0]!.id],
		});
		const path = `/api/auth/passkeys/${passkey.id}`;
		expect((await owner.patch(path, { name: "  Key ring " })).status).toBe(200);
		expect((await owner.patch(path, { name: " " })).body.fields).toEqual({ name: "required" });
		expect((await owner.patch(path, { name: "\u202eevil" })).body.fields).toEqual({ name: "invalid" });
		expect((await owner.get("/api/auth/passkeys")).body.passkeys[0].name).toBe("Key ring");
		expect((await browser.delete(path)).status).toBe(200);
		expect((await owner.get("/api/auth")).body.authenticated).toBe(false);
		expect((await browser.get("/api/auth/passkeys")).body.passkeys).toEqual([]);
		expect((await signInBy(auth.browser(), authenticator)).body.code).toBe("unknown_passkey");
	});

	it("of somebody else is neither renamed nor removed", async () => {
		const { auth, passkey } = await adaWithPasskey();
		const bob = await signedUp(auth, { email: "bob@example.com", password: ada.password });
		const path = `/api/auth/passkeys/${passkey.id}`;
		expect((await bob.patch(path, { name: "Mine" })).status).toBe(404);
		expect((await bob.delete(path)).status).toBe(404);
	});

	it("[ASVS 7.5.1] [ASVS 7.5.3] asks for a recent proof before it is added or removed", async () => {
		const { auth, owner, passkey } = await adaWithPasskey();
		auth.clock.advance({ minutes: 11 });
		const begun = await owner.post("/api/auth/passkeys/challenges", { for: "registration" });
		expect(begun.body.code).toBe("reauthentication_required");
		expect((await owner.delete(`/api/auth/passkeys/${passkey.id}`)).body.code).toBe("reauthentication_required");
		expect((await owner.post("/api/auth/reauthentication", { password: ada.password })).status).toBe(200);
		expect((await owner.delete(`/api/auth/passkeys/${passkey.id}`)).status).toBe(200);
	});

	it("proves again who somebody is, and makes two factors of a password", async () => {
		const { auth, owner, authenticator } = await adaWithPasskey();
		auth.clock.advance({ minutes: 30 });
		const credential = await assertion(owner, authenticator, "reauthentication");
		const { status, body } = await owner.post("/api/auth/reauthentication", { factor: "passkey", credential });
		expect(status).toBe(200);
		expect(body.session).toMatchObject({ amr: ["pwd", "swk", "user", "mfa"], level: "aal2" });
		expect(body.session.authenticatedAt).toBe(new Date(auth.clock()).toISOString());
	});

	it("is a second factor", async () => {
		const { auth, owner, authenticator } = await adaWithPasskey();
		// The session that goes on shows it first: of one factor only, it would have less than every other is asked for.
		const tooSoon = await owner.patch("/api/auth/factors", { secondStep: true });
		expect(tooSoon.body.code).toBe("insufficient_level");
		const before = owner.cookies.get("session");
		await withSecondStep(owner, authenticator);
		expect((await owner.get("/api/auth")).body.session).toMatchObject({ level: "aal2" });
		const old = auth.browser({ headers: { cookie: `session=${before}` } });
		expect((await old.get("/api/auth")).body.authenticated).toBe(false);
		const { browser, answer } = await firstStep(auth);
		expect(answer.body.attempt.factors).toEqual(["passkey"]);
		const credential = await assertion(browser, authenticator, "second-step");
		const { status, body } = await browser.post("/api/auth/attempt", { factor: "passkey", credential });
		expect(status).toBe(200);
		expect(body.session).toMatchObject({ amr: ["pwd", "swk", "user", "mfa"], level: "aal2" });
	});

	it("signs somebody up without a password, and is then the last way in", async () => {
		const auth = openWithPasskeys();
		const browser = auth.browser();
		const authenticator = new TestAuthenticator();
		const names = { email: "Grace@Example.com", name: "Grace" };
		const begun = await browser.post("/api/auth/passkeys/challenges", { for: "sign-up", ...names });
		expect(begun.body.options.user).toMatchObject({ name: "Grace@Example.com", displayName: "Grace" });
		const credential = authenticator.create(begun.body.options);
		const { status, body } = await browser.post("/api/auth/sign-up/passkey", { credential });
		expect(status).toBe(201);
		expect(body.user).toMatchObject({ email: "Grace@Example.com", name: "Grace" });
		expect(body.session.level).toBe("aal2");
		const [only] = (await browser.get("/api/auth/passkeys")).body.passkeys;
		expect((await browser.delete(`/api/auth/passkeys/${only.id}`)).body.code).toBe("last_way_in");
		expect((await signInBy(auth.browser(), authenticator)).body.user.id).toBe(body.user.id);
		const guess = { email: names.email, password: "correct horse battery" };
		expect((await auth.browser().post("/api/auth", guess)).body.code).toBe("invalid_credentials");
	});

	it("signs nobody up under a name that is taken, and never twice", async () => {
		const { auth, browser } = await adaWithPasskey();
		const begun = await browser.post("/api/auth/passkeys/challenges", { for: "sign-up", email: ada.email });
		const credential = new TestAuthenticator().create(begun.body.options);
		expect((await browser.post("/api/auth/sign-up/passkey", { credential })).body).toMatchObject({
			code: "identifier_taken",
			fields: { email: "taken" },
		});
		expect((await browser.post("/api/auth/sign-up/passkey", { credential })).body.code).toBe("invalid_credentials");
		const closed = openTestAuth({ methods: [passkey()], signUp: "closed" }).browser();
		const refused = await closed.post("/api/auth/passkeys/challenges", { for: "sign-up", email: "x@example.com" });
		expect(refused.body.code).toBe("sign_up_closed");
		expect((await auth.browser().post("/api/auth/passkeys/challenges", { for: "sign-up" })).status).toBe(422);
	});

	it("made in passing after a password asks nobody, and when it is used asks all the same", async () => {
		const auth = openWithPasskeys();
		const owner = await signedUp(auth);
		const begin = () => owner.post("/api/auth/passkeys/challenges", { for: "registration", upgrade: true });
		const silent = { userPresent: false, userVerified: false };
		const authenticator = new TestAuthenticator();
		const credential = authenticator.create((await begin()).body.options, silent);
		expect((await owner.post("/api/auth/passkeys", { credential })).status).toBe(201);
		expect((await signInBy(auth.browser(), authenticator, { userVerified: false })).status).toBe(401);
		expect((await signInBy(auth.browser(), authenticator)).status).toBe(200);
		auth.clock.advance({ minutes: 6 });
		expect((await begin()).body.code).toBe("reauthentication_required");
	});
});
