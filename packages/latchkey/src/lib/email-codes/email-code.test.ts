import { describe, expect, it } from "vitest";
import { ada, signedUp } from "../../../test/harness.ts";
import { codeIn, type MailAuth, openMailAuth, tokenIn } from "../../../test/mail.ts";
import type { TestBrowser } from "../../testing.ts";
import { readCode } from "./code.ts";

async function asked(auth: MailAuth, email = ada.email): Promise<TestBrowser> {
	const browser = auth.browser();
	expect((await browser.post("/api/auth/email-codes", { email })).status).toBe(202);
	return browser;
}

const enter = (browser: TestBrowser, code: string) => browser.post("/api/auth", { code });

const wrongFor = (code: string) => (code === "000000" ? "000001" : "000000");

describe("signing in by a mailed code", () => {
	it("works once, in the browser that asked, and says how in the session", async () => {
		const auth = openMailAuth();
		await signedUp(auth);
		const browser = await asked(auth);
		const mail = await auth.mail("sign_in_code");
		expect(mail.subject).toBe(`${codeIn(mail)} is your code for localhost`);
		const answer = await enter(browser, codeIn(mail));
		expect(answer).toMatchObject({ status: 200, body: { user: { emailVerified: true }, session: { amr: ["email"] } } });
		expect((await enter(browser, codeIn(mail))).body.code).toBe("invalid_credentials");
	});

	it.each(["123456", " 123 456\n", "123-456", "123\u2013456"])("reads %j as people paste it", (typed) => {
		expect(readCode(typed)).toBe("123456");
	});

	it.each(["", "12345", "1234567", "12345a", "１２３４５６", "123456".padEnd(40)])("takes %j for no code", (typed) => {
		expect(readCode(typed)).toBeNull();
	});

	it("works nowhere else, and not with the address in the place of the cookie", async () => {
		const auth = openMailAuth();
		await signedUp(auth);
		const browser = await asked(auth);
		const code = codeIn(await auth.mail("sign_in_code"));
		expect((await auth.browser().post("/api/auth", { code, email: ada.email })).status).toBe(401);
		expect((await enter(await asked(auth, "eve@example.com"), code)).status).toBe(401);
		expect((await enter(browser, code)).status).toBe(200);
	});

	it("ends after ten minutes", async () => {
		const auth = openMailAuth();
		await signedUp(auth);
		const browser = await asked(auth);
		const code = codeIn(await auth.mail("sign_in_code"));
		auth.clock.advance({ minutes: 10 });
		expect((await enter(browser, code)).status).toBe(401);
	});

	it("[A22] is tried five times: the sixth try fails even when it is right, also when all come at once", async () => {
		const auth = openMailAuth();
		await signedUp(auth);
		const patient = await asked(auth);
		const code = codeIn(await auth.mail("sign_in_code"));
		for (let guess = 0; guess < 5; guess++) expect((await enter(patient, wrongFor(code))).status).toBe(401);
		expect((await enter(patient, code)).status).toBe(401);

		const hasty = await asked(auth);
		const other = codeIn(await auth.mail("sign_in_code"));
		await Promise.all(Array.from({ length: 100 }, () => enter(hasty, wrongFor(other))));
		expect((await enter(hasty, other)).status).toBe(401);
	});

	it("[A43] is not spoilt by a stranger who asks for codes and guesses at them", async () => {
		const auth = openMailAuth();
		await signedUp(auth);
		const browser = await asked(auth);
		const code = codeIn(await auth.mail("sign_in_code"));
		const stranger = await asked(auth);
		for (let guess = 0; guess < 10; guess++) await enter(stranger, wrongFor(code));
		expect((await enter(browser, code)).status).toBe(200);
	});

	it("[A23] signs exactly one of 4 parallel tries in", async () => {
		const auth = openMailAuth();
		await signedUp(auth);
		const browser = await asked(auth);
		const code = codeIn(await auth.mail("sign_in_code"));
		const cookie = browser.cookieHeader();
		const answers = await Promise.all(
			Array.from({ length: 4 }, () => auth.browser({ headers: { cookie } }).post("/api/auth", { code })),
		);
		expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401, 401, 401]);
	});

	it("[A20] [A21] is asked for alike, known or not: body, cookies and statements", async () => {
		const auth = openMailAuth();
		await signedUp(auth);
		const shape = async (email: string) => {
			const browser = auth.browser();
			const { status, body, headers } = await browser.post("/api/auth/email-codes", { email });
			const cookies = headers.getSetCookie().map((cookie) => cookie.replace(/=[^;]+/, "=…"));
			return { status, body, cookies, length: browser.cookies.get("email-code")!.length };
		};
		expect(await shape("ada@example.com")).toEqual(await shape("bob@example.com"));
		const nobody = await asked(auth, "bob@example.com");
		expect((await enter(nobody, "123456")).body.code).toBe("invalid_credentials");
		expect((await auth.mail("no_account")).to).toBe("bob@example.com");
	});
});

describe("[A36] the link of the message", () => {
	it("uses nothing up by GET or HEAD, and takes its token out of the address", async () => {
		const auth = openMailAuth();
		await signedUp(auth);
		const browser = await asked(auth);
		const mail = await auth.mail("sign_in_code");
		const path = `/api/auth/mail-links/${tokenIn(mail)}`;
		for (const method of ["HEAD", "GET", "GET"]) {
			const scanner = auth.browser();
			const answer = await scanner.request(method, path);
			expect(answer.status).toBe(303);
			expect(answer.headers.get("location")).toBe("/sign-in/code");
			expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
			expect([...scanner.cookies.keys()]).toEqual(["mail-link"]);
			// Also the scanner that presses what there is to press.
			expect((await enter(scanner, codeIn(mail))).status).toBe(401);
		}
		expect((await enter(browser, codeIn(mail))).status).toBe(200);
	});

	it("leads to a page that says so when it is broken", async () => {
		const auth = openMailAuth();
		const answer = await auth.browser().get("/api/auth/mail-links/broken");
		expect([answer.status, answer.headers.get("location")]).toEqual([303, "/mail-link?broken"]);
		expect(answer.headers.getSetCookie()).toEqual([]);
	});
});

describe("the first proof of an address", () => {
	it("[A1] [A2] [A6] removes the password and the sessions that a stranger left", async () => {
		const auth = openMailAuth();
		const stranger = await signedUp(auth);
		const victim = await asked(auth);
		expect((await enter(victim, codeIn(await auth.mail("sign_in_code")))).status).toBe(200);
		expect((await stranger.get("/api/auth")).body.authenticated).toBe(false);
		expect((await auth.browser().post("/api/auth", ada)).status).toBe(401);
		expect((await victim.get("/api/auth")).body.user.emailVerified).toBe(true);
		const told = (await auth.mails()).filter(({ kind }) => kind === "notice").map(({ subject }) => subject);
		expect(told.join()).toContain("Your password was removed");
	});

	it("removes nothing when the person was signed in there, or had proven the address before", async () => {
		const auth = openMailAuth();
		const browser = await signedUp(auth);
		await browser.post("/api/auth/email-codes", { email: ada.email });
		expect((await enter(browser, codeIn(await auth.mail("sign_in_code")))).status).toBe(200);
		expect((await auth.browser().post("/api/auth", { email: ada.email, password: ada.password })).status).toBe(200);
		const elsewhere = await asked(auth);
		expect((await enter(elsewhere, codeIn(await auth.mail("sign_in_code")))).status).toBe(200);
		expect((await auth.browser().post("/api/auth", { email: ada.email, password: ada.password })).status).toBe(200);
	});
});
