import { describe, expect, it } from "vitest";
import { assertion, withApp } from "../../../test/factors.ts";
import { ada, openTestAuth, signedUp } from "../../../test/harness.ts";
import { openMailAuth } from "../../../test/mail.ts";
import { passkey } from "../passkeys/passkey.ts";
import { newUser } from "../storage/contract/fixtures.ts";
import { TestAuthenticator } from "../testing/test-authenticator.ts";
import type { TestBrowser } from "../testing/test-browser.ts";
import { password } from "./password.ts";

const methods = [password(), passkey()];
const path = "/api/auth/password";
const chosen = { newPassword: "a fine long password" };

/** Registers Grace with a passkey and nothing else. */
async function withoutPassword(browser: TestBrowser, names: object = { email: "grace@example.com" }) {
	const authenticator = new TestAuthenticator();
	const { options } = (await browser.post("/api/auth/passkeys/challenges", { for: "sign-up", ...names })).body;
	const signedUp = await browser.post("/api/auth/sign-up/passkey", { credential: authenticator.create(options) });
	expect(signedUp.status).toBe(201);
	return authenticator;
}

describe("a first password", () => {
	it("signs in from then on, tells its owner, and ends every other session but not this one", async () => {
		const auth = openMailAuth({ methods });
		const browser = auth.browser();
		const authenticator = await withoutPassword(browser);
		const phone = auth.browser();
		await phone.post("/api/auth", { credential: await assertion(phone, authenticator, "sign-in") });
		expect((await phone.get("/api/auth")).body.authenticated).toBe(true);
		const before = (await browser.get("/api/auth")).body.session;

		expect((await browser.post(path, chosen)).status).toBe(201);
		expect((await phone.get("/api/auth")).body.authenticated).toBe(false);
		// Choosing a password proves nothing: neither level nor time of the proof have changed.
		expect((await browser.get("/api/auth")).body.session).toEqual(before);
		expect((await browser.get("/api/auth/factors")).body.factors.password).toBe(true);
		const notice = await auth.mail("notice");
		expect(notice).toMatchObject({ to: "grace@example.com" });
		expect(notice.text).toContain("Your account got a password");
		expect((await browser.get("/api/auth/events")).body.events[0].type).toBe("password.added");
		const signIn = { email: "grace@example.com", password: chosen.newPassword };
		expect((await auth.browser().post("/api/auth", signIn)).status).toBe(200);
	});

	it("is chosen once; after that it is changed by whoever knows it", async () => {
		const auth = openTestAuth({ methods });
		const browser = auth.browser();
		await withoutPassword(browser);
		const parallel = await Promise.all(Array.from({ length: 8 }, () => browser.post(path, chosen)));
		expect(parallel.filter(({ status }) => status === 201)).toHaveLength(1);
		expect((await browser.post(path, { newPassword: "another fine password" })).body.code).toBe("factor_exists");
		const owner = await signedUp(auth);
		expect((await owner.post(path, chosen)).body.code).toBe("factor_exists");
		expect((await auth.browser().post("/api/auth", { email: ada.email, password: ada.password })).status).toBe(200);
	});

	it("is held to the rules for every new password", async () => {
		const auth = openTestAuth({ methods });
		const browser = auth.browser();
		await withoutPassword(browser, { email: "grace@example.com", name: "Grace Hopper" });
		for (const [newPassword, reason] of [
			["short", "too_short"],
			["x".repeat(257), "too_long"],
			["password123", "common"],
			["grace@example.com", "context"],
		]) {
			expect((await browser.post(path, { newPassword })).body.fields).toEqual({ newPassword: reason });
		}
		expect((await browser.get("/api/auth/factors")).body.factors.password).toBe(false);
	});

	it("[ASVS 7.5.1] asks for a recent proof", async () => {
		const auth = openTestAuth({ methods });
		expect((await auth.browser().post(path, chosen)).body.code).toBe("not_authenticated");
		const browser = auth.browser();
		const authenticator = await withoutPassword(browser);
		auth.clock.advance({ minutes: 11 });
		expect((await browser.post(path, chosen)).body.code).toBe("reauthentication_required");
		const credential = await assertion(browser, authenticator, "reauthentication");
		expect((await browser.post("/api/auth/reauthentication", { factor: "passkey", credential })).status).toBe(200);
		expect((await browser.post(path, chosen)).status).toBe(201);
	});

	it("[A28] does not open an account that asks for a second step", async () => {
		const auth = openTestAuth({ methods });
		const browser = auth.browser();
		await withoutPassword(browser);
		await withApp(auth, browser);
		expect((await browser.post(path, chosen)).status).toBe(201);
		const signIn = { email: "grace@example.com", password: chosen.newPassword };
		expect((await auth.browser().post("/api/auth", signIn)).status).toBe(202);
	});

	it("needs a name to sign in with, since it would count as a way in all the same", async () => {
		const auth = openTestAuth({ methods });
		const { storage } = await auth.engine();
		const created = await storage.createUser(newUser("nameless", { identifiers: [], password: null, session: null }));
		if (!created.ok) throw new Error("nobody was created");
		const browser = auth.browser();
		const granted = await auth.createSession(browser.prepare("POST", "/"), { userId: created.user.id });
		browser.cookies.set("session", granted!.cookie.value);
		expect((await browser.post(path, chosen)).body).toMatchObject({
			code: "invalid_input",
			fields: { username: "required" },
		});
		expect((await browser.get("/api/auth/factors")).body.factors.password).toBe(false);
		await browser.patch("/api/auth/user", { username: "grace" });
		expect((await browser.post(path, chosen)).status).toBe(201);
	});
});
