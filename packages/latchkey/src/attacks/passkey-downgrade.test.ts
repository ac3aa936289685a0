import { expect, it } from "vitest";
import { assertion, withApp, withPasskey } from "../../test/factors.ts";
import { ada, openBeside, signedUp } from "../../test/harness.ts";
import { codeIn, openMailAuth, tokenIn, withMails } from "../../test/mail.ts";
import { emailCode } from "../lib/email-codes/email-code.ts";
import { passkey } from "../lib/passkeys/passkey.ts";
import { password } from "../lib/passwords/password.ts";
import { TestAuthenticator } from "../testing.ts";

const methods = [password(), emailCode(), passkey()];
const newPassword = "another good password";

/** Ada has everything: a passkey, an app, recovery codes and a proven address. */
async function openStrict() {
	const auth = openMailAuth({ methods });
	const owner = await signedUp(auth);
	await owner.put(`/api/auth/email-verifications/${codeIn(await auth.mail("verify_email"))}`);
	const authenticator = new TestAuthenticator();
	await withPasskey(owner, authenticator);
	const app = await withApp(auth, owner);
	// Closed, so that messages are sent by the one that is left.
	await auth.close();
	const secondFactor = "phishing-resistant";
	const options = { methods, emailVerification: "optional", secondFactor } as const;
	return { auth: withMails(openBeside(auth, options)), authenticator, app };
}

it("[A29] [ASVS 6.3.3] nothing weaker is taken in the place of a passkey, whatever the browser says of itself", async () => {
	const { auth, app, authenticator } = await openStrict();
	const agents = ["Mozilla/5.0 (Linux; Android 4.4)", "curl/8", ""];
	for (const agent of agents) {
		const browser = auth.browser({ headers: { "user-agent": agent } });
		const { status, body } = await browser.post("/api/auth", { email: ada.email, password: ada.password });
		expect({ status, attempt: body.attempt }).toMatchObject({
			status: 202,
			attempt: { factors: ["passkey"], enrolments: [], trustDays: null },
		});
		for (const weaker of [
			{ factor: "totp", code: app.code() },
			{ factor: "totp", code: app.code(), trustDevice: true },
			{ factor: "recovery_code", code: app.recoveryCodes[0] },
		]) {
			const refused = await browser.post("/api/auth/attempt", weaker);
			expect(refused.body).toMatchObject({ code: "invalid_input", fields: { factor: "not_available" } });
		}
		expect((await browser.post("/api/auth/attempt/totp")).body.code).toBe("factor_exists");
		expect((await browser.get("/api/auth")).body.authenticated).toBe(false);
		const credential = await assertion(browser, authenticator, "second-step");
		expect((await browser.post("/api/auth/attempt", { factor: "passkey", credential })).status).toBe(200);
	}
});

it("[A29] a mailbox leads to the passkey too: neither a reset nor a mailed code opens a session", async () => {
	const { auth } = await openStrict();
	const thief = auth.browser();
	await thief.post("/api/auth/password-resets", { email: ada.email });
	const link = tokenIn(await auth.mail("password_reset"));
	expect((await thief.put(`/api/auth/password-resets/${link}`, { newPassword })).status).toBe(200);
	expect((await thief.get("/api/auth")).body.authenticated).toBe(false);
	const byPassword = await thief.post("/api/auth", { email: ada.email, password: newPassword });
	expect(byPassword.body.attempt).toMatchObject({ factors: ["passkey"], enrolments: [] });
	await thief.post("/api/auth/email-codes", { email: ada.email });
	const byCode = await thief.post("/api/auth", { code: codeIn(await auth.mail("sign_in_code")) });
	expect(byCode.body.attempt).toMatchObject({ factors: ["passkey"], enrolments: [] });
	expect((await thief.get("/api/auth")).body.authenticated).toBe(false);
	// And its owner was told of the reset.
	expect((await auth.mails()).map(({ text }) => text).join("\n")).toContain("A new password was chosen by mail");
});
