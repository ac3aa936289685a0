import { describe, expect, it } from "vitest";
import { ada, signedUp } from "../../../test/harness.ts";
import { type MailAuth, openMailAuth, tokenIn } from "../../../test/mail.ts";

const newPassword = "another horse staple";

function ask(auth: MailAuth, email = ada.email) {
	return auth.browser().post("/api/auth/password-resets", { email });
}

function reset(auth: MailAuth, token: string, password = newPassword) {
	return auth.browser().put(`/api/auth/password-resets/${token}`, { newPassword: password });
}

function signIn(auth: MailAuth, password: string) {
	return auth.browser().post("/api/auth", { email: ada.email, password });
}

describe("a forgotten password", () => {
	it("[A2] is replaced by the mailed link, once, and every session ends", async () => {
		const auth = openMailAuth();
		const browser = await signedUp(auth);
		expect(await ask(auth)).toMatchObject({ status: 202 });
		const mail = await auth.mail("password_reset");
		expect(mail).toMatchObject({ to: ada.email, language: "en", subject: "Choose a new password for localhost" });
		expect((await reset(auth, tokenIn(mail))).status).toBe(200);
		expect((await browser.get("/api/auth")).body.authenticated).toBe(false);
		expect((await signIn(auth, ada.password)).status).toBe(401);
		expect((await signIn(auth, newPassword)).status).toBe(200);
		expect((await reset(auth, tokenIn(mail), "yet another horse")).body.code).toBe("expired_link");
		const notices = (await auth.mails()).filter(({ kind }) => kind === "notice");
		expect(notices.map(({ subject }) => subject)).toContain("A new password was chosen by mail – localhost");
	});

	it("signs nobody in by itself", async () => {
		const auth = openMailAuth();
		await signedUp(auth);
		await ask(auth);
		const browser = auth.browser();
		const answer = await browser.put(`/api/auth/password-resets/${tokenIn(await auth.mail("password_reset"))}`, {
			newPassword,
		});
		expect(answer.body).toEqual({ message: "Password changed. Sign in with it" });
		expect(browser.cookies.size).toBe(0);
	});

	it("is kept when the link is a day old, or when the new one is bad, and then the link still works", async () => {
		const auth = openMailAuth();
		await signedUp(auth);
		await ask(auth);
		const token = tokenIn(await auth.mail("password_reset"));
		const refused = await reset(auth, token, "short");
		expect(refused.body).toMatchObject({ code: "invalid_input", fields: { newPassword: "too_short" } });
		expect((await reset(auth, token, "ada@example.com")).body.fields).toEqual({ newPassword: "context" });
		auth.clock.advance({ minutes: 60 });
		expect((await reset(auth, token)).body.code).toBe("expired_link");
		expect((await signIn(auth, ada.password)).status).toBe(200);
	});

	it("[A23] is set by exactly one of 16 who use the link at once", async () => {
		const auth = openMailAuth();
		await signedUp(auth);
		await ask(auth);
		const token = tokenIn(await auth.mail("password_reset"));
		const answers = await Promise.all(
			Array.from({ length: 16 }, (_, index) => reset(auth, token, `a password of number ${index}`)),
		);
		expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
		expect(answers.filter(({ status }) => status === 410)).toHaveLength(15);
	});

	it("[A32] is not to be had by a link that is for something else, or by a part of one", async () => {
		const auth = openMailAuth();
		await signedUp(auth);
		await auth.browser().post("/api/auth/email-codes", { email: ada.email });
		await ask(auth);
		const right = tokenIn(await auth.mail("password_reset"));
		const wrong = [tokenIn(await auth.mail("sign_in_code")), tokenIn(await auth.mail("verify_email")), right.slice(1)];
		for (const token of [...wrong, `${right}A`, "x", "A".repeat(600)]) {
			expect((await reset(auth, token)).body.code).toBe("expired_link");
		}
		expect((await reset(auth, right)).status).toBe(200);
	});

	it("works by any of the links that were mailed, and by none of the others afterwards", async () => {
		const auth = openMailAuth();
		await signedUp(auth);
		await ask(auth);
		const first = tokenIn(await auth.mail("password_reset"));
		await ask(auth);
		const second = tokenIn(await auth.mail("password_reset"));
		expect(second).not.toBe(first);
		expect((await reset(auth, first)).status).toBe(200);
		expect((await reset(auth, second)).body.code).toBe("expired_link");
	});

	it("ends a lock that wrong passwords brought about", async () => {
		const auth = openMailAuth();
		await signedUp(auth);
		for (let guess = 0; guess < 11; guess++) await signIn(auth, "wrong");
		expect((await signIn(auth, ada.password)).status).toBe(429);
		await ask(auth);
		await reset(auth, tokenIn(await auth.mail("password_reset")));
		expect((await signIn(auth, newPassword)).status).toBe(200);
	});

	it("[A20] [A21] is asked for alike in status, body, headers and statements, known or not", async () => {
		const auth = openMailAuth();
		await signedUp(auth);
		const answers = await Promise.all([ask(auth), ask(auth, "nobody@example.com")]);
		expect(answers[0]).toEqual(answers[1]);
		expect([...answers[0]!.headers]).toEqual([...answers[1]!.headers]);
		const kinds = (await auth.mails()).map(({ kind, to }) => [kind, to]);
		expect(kinds).toContainEqual(["no_account", "nobody@example.com"]);
	});

	it("[A21] mails a recipient five times an hour, known or not, in whatever spelling", async () => {
		const auth = openMailAuth({ emailVerification: "off" });
		await signedUp(auth);
		for (const name of ["ada", "nobody"]) {
			for (let times = 0; times < 5; times++) expect((await ask(auth, `${name}@example.com`)).status).toBe(202);
			const refused = await ask(auth, `${name.toUpperCase()}@Example.com`);
			expect(refused).toMatchObject({ status: 429, body: { code: "too_many_attempts", retryAfter: 3600 } });
		}
		expect(await auth.mails()).toHaveLength(10);
		auth.clock.advance({ hours: 1 });
		expect((await ask(auth)).status).toBe(202);
	});

	it("tells nobody anything where sign-up is closed and there is no account", async () => {
		const auth = openMailAuth({ signUp: "closed" });
		expect((await ask(auth)).status).toBe(202);
		expect(await auth.mails()).toEqual([]);
	});

	it("[A34] goes to the address that the account has, however it was typed", async () => {
		const auth = openMailAuth();
		await signedUp(auth, { ...ada, email: "Ada@Bücher.example" });
		await ask(auth, "ADA@xn--bcher-kva.EXAMPLE");
		expect((await auth.mail("password_reset")).to).toBe("Ada@Bücher.example");
	});
});
