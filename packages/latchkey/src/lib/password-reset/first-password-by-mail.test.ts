import { describe, expect, it } from "vitest";
import { assertion, withApp } from "../../../test/factors.ts";
import { adaThere, startFakeProvider } from "../../../test/fake-provider.ts";
import { ada } from "../../../test/harness.ts";
import { codeIn, type MailAuth, openMailAuth, resetByMail } from "../../../test/mail.ts";
import { oidcAt, signInAt } from "../../../test/oauth-harness.ts";
import { passkey } from "../passkeys/passkey.ts";
import { password } from "../passwords/password.ts";
import { freshName, inSchema, sharedServer } from "../storage/postgres/fixtures/postgres-contract-store.ts";
import { TestAuthenticator } from "../testing/test-authenticator.ts";
import type { TestBrowser } from "../testing/test-browser.ts";

const databases = {
	SQLite: async () => ({}),
	PostgreSQL: async () => ({ database: inSchema(await sharedServer(), freshName()) }),
};

const newPassword = "another horse staple";

describe.each(Object.entries(databases))("a reset, of an account that has no password, on %s", (_name, database) => {
	it("gives it a first one, ends every session, and leaves a passkey and an app in force", async () => {
		const auth = openMailAuth({ methods: [password(), passkey()], ...(await database()) });
		const { browser, authenticator } = await signUpWithPasskey(auth);
		await browser.put(`/api/auth/email-verifications/${codeIn(await auth.mail("verify_email"))}`);
		const app = await withApp(auth, browser);
		await resetByMail(auth, ada.email, newPassword);
		expect((await browser.get("/api/auth")).body.authenticated).toBe(false);

		// The password is one factor, and the app still the second.
		const back = auth.browser();
		expect((await back.post("/api/auth", { email: ada.email, password: newPassword })).status).toBe(202);
		expect((await back.post("/api/auth/attempt", { factor: "totp", code: app.code() })).status).toBe(200);
		expect((await signInBy(auth, authenticator)).status).toBe(200);
		expect((await back.get("/api/auth/factors")).body.factors).toMatchObject({ password: true, recoveryCodes: 10 });
		expect((await auth.mails()).map(({ subject }) => subject)).toContain(
			"A new password was chosen by mail – localhost",
		);
	});

	it("leaves the account at a provider connected that had proven the address", async () => {
		const fake = await startFakeProvider();
		const auth = openMailAuth({ methods: [password(), oidcAt(fake)], ...(await database()) });
		const browser = auth.browser();
		await signInAt(fake, browser);
		expect(adaThere.email).toBe(ada.email);
		await resetByMail(auth, ada.email, newPassword);
		expect((await browser.get("/api/auth")).body.authenticated).toBe(false);
		const back = auth.browser();
		expect((await back.post("/api/auth", { email: ada.email, password: newPassword })).status).toBe(200);
		expect((await back.get("/api/auth/identities")).body.connections).toHaveLength(1);
		const there = auth.browser();
		await signInAt(fake, there);
		expect((await there.get("/api/auth")).body.user.email).toBe(ada.email);
	});

	it("[A3] takes away the passkey of whoever signed up with an address that they never proved", async () => {
		const auth = openMailAuth({ methods: [password(), passkey()], ...(await database()) });
		const { authenticator } = await signUpWithPasskey(auth);
		await resetByMail(auth, ada.email, newPassword);
		expect((await signInBy(auth, authenticator)).body.code).toBe("unknown_passkey");
		const owner = auth.browser();
		expect((await owner.post("/api/auth", { email: ada.email, password: newPassword })).status).toBe(200);
	});
});

async function signUpWithPasskey(auth: MailAuth) {
	const browser = auth.browser();
	const names = { for: "sign-up", email: ada.email };
	const { options } = (await browser.post("/api/auth/passkeys/challenges", names)).body;
	const authenticator = new TestAuthenticator();
	const answer = await browser.post("/api/auth/sign-up/passkey", { credential: authenticator.create(options) });
	expect(answer.status).toBe(201);
	return { browser, authenticator };
}

async function signInBy(auth: MailAuth, authenticator: TestAuthenticator) {
	const browser: TestBrowser = auth.browser();
	return browser.post("/api/auth", { credential: await assertion(browser, authenticator, "sign-in") });
}
