import { describe, expect, it } from "vitest";
import * as z from "zod";
import { adaThere, type FakePerson, startFakeProvider } from "../../../test/fake-provider.ts";
import { ada, openTestAuth } from "../../../test/harness.ts";
import { countRows } from "../../../test/instruments.ts";
import { codeIn, type MailAuth, tokenIn, withMails } from "../../../test/mail.ts";
import { oidcAt, problemOf, signInAt } from "../../../test/oauth-harness.ts";
import type { TestBrowser } from "../../testing.ts";
import type { AuthOptions } from "../options.ts";
import { password } from "../passwords/password.ts";

const path = "/api/auth/pending-sign-up";
const proofPath = "/api/auth/email-verifications";
/** Somebody whose provider knows no address. */
const mary: FakePerson = { sub: "mary-1", name: "Mary Somerville" };
const address = "mary@example.com";

async function open(options: Partial<AuthOptions> = {}) {
	const fake = await startFakeProvider();
	const methods = [password(), oidcAt(fake, { name: "Example" })];
	const auth = withMails(openTestAuth({ methods, emailVerification: "required", ...options }));
	const arrive = async (person = mary, browser = auth.browser()) => {
		const answer = await signInAt(fake, browser, person, { next: "/account" });
		return { browser, location: answer.headers.get("location"), problem: problemOf(answer) };
	};
	return { auth, fake, arrive };
}

const who = async (browser: TestBrowser) => (await browser.get("/api/auth")).body.user;

/** As a restart with another option does. */
async function switchSignUp(auth: MailAuth, signUp: "open" | "closed") {
	const engine = await auth.engine();
	Object.assign(engine, { options: { ...engine.options, signUp } });
}

/** Types the code that was mailed. */
async function prove(auth: MailAuth, browser: TestBrowser) {
	return browser.put(`${proofPath}/${codeIn(await auth.mail("sign_up_code"))}`);
}

describe("somebody whose provider names no proven address", () => {
	it("is asked for one, proves it by mail, and has an account then and not before", async () => {
		const { auth, arrive } = await open();
		const { browser, location } = await arrive();
		expect(location).toBe("/sign-up/complete?next=%2Faccount");
		expect(await who(browser)).toBeNull();
		expect((await browser.get(path)).body.pending).toEqual({
			provider: { id: "example", name: "Example" },
			name: "Mary Somerville",
			email: null,
			emailRequired: true,
		});
		const asked = await browser.post(path, { email: address });
		expect(asked).toMatchObject({ status: 202, body: { expiresAt: expect.any(String) } });
		expect(countRows(auth, "latchkey_user")).toBe(0);
		expect((await auth.mail("sign_up_code")).to).toBe(address);

		expect(await prove(auth, browser)).toMatchObject({
			status: 201,
			body: { user: { name: "Mary Somerville", email: address, emailVerified: true }, session: { amr: ["fed"] } },
		});
		expect(browser.cookies.has("sign-up")).toBe(false);
		expect((await browser.get(path)).body.pending).toBeNull();
		const { connections } = (await browser.get("/api/auth/identities")).body;
		expect(connections).toMatchObject([{ provider: "example" }]);

		const { browser: again, location: straight } = await arrive();
		expect(straight).toBe("/account");
		expect(await who(again)).toMatchObject({ email: address });
	});

	it("proves it by the link of the message as well", async () => {
		const { auth, arrive } = await open();
		const { browser } = await arrive();
		await browser.post(path, { email: address });
		const answer = await browser.put(`${proofPath}/${tokenIn(await auth.mail("sign_up_code"))}`);
		expect(answer.status).toBe(201);
	});

	it("is shown what the provider claims, which proves nothing [A5]", async () => {
		const { auth, arrive } = await open();
		const { browser, location } = await arrive({ ...mary, email: address, email_verified: false });
		expect(location).toContain("/sign-up/complete");
		expect((await browser.get(path)).body.pending).toMatchObject({ email: address });
		expect(countRows(auth, "latchkey_identifier")).toBe(0);
	});

	it("may type another after a mistake, and the first code is worth nothing then", async () => {
		const { auth, arrive } = await open();
		const { browser } = await arrive();
		await browser.post(path, { email: "mary@exmaple.com" });
		const first = codeIn(await auth.mail("sign_up_code"));
		await browser.post(path, { email: address });
		expect((await browser.put(`${proofPath}/${first}`)).body.code).toBe("invalid_code");
		expect((await prove(auth, browser)).body.user).toMatchObject({ email: address });
	});

	it("keeps nothing of it in the browser while a second step is asked for, either", async () => {
		const { arrive } = await open({ emailVerification: "optional", secondFactor: "required" });
		const { browser } = await arrive();
		expect(await browser.post(path, {})).toMatchObject({ status: 202, body: { authenticated: false } });
		expect([...browser.cookies.keys()]).toEqual(["attempt"]);
	});

	it("may forget it, and come back as if nothing had been", async () => {
		const { auth, arrive } = await open();
		const { browser } = await arrive();
		expect((await browser.delete(path)).status).toBe(200);
		expect((await browser.get(path)).body.pending).toBeNull();
		expect((await browser.post(path, { email: address })).body.code).toBe("sign_in_expired");
		expect(countRows(auth, "latchkey_one_time_token")).toBe(0);
		expect((await arrive(mary, browser)).location).toContain("/sign-up/complete");
	});

	it("has an hour", async () => {
		const { auth, arrive } = await open();
		const { browser } = await arrive();
		auth.clock.advance({ minutes: 61 });
		expect((await browser.get(path)).body.pending).toBeNull();
		expect((await browser.post(path, { email: address })).body.code).toBe("sign_in_expired");
	});

	it("needs no address where accounts may exist without, and then has none", async () => {
		const { auth, arrive } = await open({ emailVerification: "optional" });
		const { browser } = await arrive();
		expect((await browser.get(path)).body.pending).toMatchObject({ emailRequired: false });
		expect(await browser.post(path, {})).toMatchObject({ status: 201, body: { user: { email: null } } });
		expect(browser.cookies.has("sign-up")).toBe(false);
		expect(await auth.mails()).toEqual([]);
		const required = await open();
		const { browser: held } = await required.arrive();
		expect((await held.post(path, {})).body).toMatchObject({ code: "invalid_input", fields: { email: "required" } });
		expect(await who(held)).toBeNull();
	});

	it("is asked nothing where proofs are off, nor where the provider has proven the address", async () => {
		const off = await open({ emailVerification: "off" });
		expect((await off.arrive()).location).toBe("/account");
		const { arrive } = await open();
		expect((await arrive(adaThere)).location).toBe("/account");
	});

	it("is not let in where sign-up is closed, nor when it closes meanwhile", async () => {
		const { arrive } = await open({ signUp: "closed" });
		expect((await arrive()).problem).toBe("sign_up_closed");
		const meanwhile = await open();
		const { browser } = await meanwhile.arrive();
		await browser.post(path, { email: address });
		await switchSignUp(meanwhile.auth, "closed");
		expect((await browser.post(path, { email: address })).body.code).toBe("sign_up_closed");
		expect((await prove(meanwhile.auth, browser)).body.code).toBe("sign_up_closed");
		expect(countRows(meanwhile.auth, "latchkey_user")).toBe(0);
	});

	it("keeps the tokens that came along, sealed until then", async () => {
		const { auth, arrive, fake } = await open();
		const { browser } = await arrive();
		await browser.post(path, { email: address });
		expect((await prove(auth, browser)).status).toBe(201);
		const token = await auth.readProviderToken({ headers: new Headers({ cookie: browser.cookieHeader() }) }, "example");
		expect(token.ok && fake.holderOf(`Bearer ${token.accessToken}`)).toMatchObject({ sub: "mary-1" });
	});

	it("sets the application's own fields on the way", async () => {
		const userFields = { company: { schema: z.string().max(10), editable: true } };
		const { auth, arrive } = await open({ userFields });
		const { browser } = await arrive();
		const wrong = await browser.post(path, { email: address, company: "much too long" });
		expect(wrong.body).toMatchObject({ code: "invalid_input", fields: { company: "too_long" } });
		await browser.post(path, { email: address, company: "Somerville" });
		expect((await prove(auth, browser)).body.user).toMatchObject({ company: "Somerville" });
	});
});

describe("attacks on the way", () => {
	it("[A1] [A4] takes no address from anybody before it is proven", async () => {
		const { auth, arrive } = await open();
		const { browser: attacker } = await arrive();
		await attacker.post(path, { email: ada.email });
		expect(countRows(auth, "latchkey_identifier")).toBe(0);
		// The owner registers, and what the attacker began comes to nothing.
		const attackersCode = codeIn(await auth.mail("sign_up_code"));
		const owner = auth.browser();
		await owner.post("/api/auth/sign-up", ada);
		expect((await prove(auth, owner)).status).toBe(201);
		expect((await attacker.put(`${proofPath}/${attackersCode}`)).body.code).toBe("account_exists");
		expect(await who(attacker)).toBeNull();
		expect((await owner.get("/api/auth/identities")).body.connections).toEqual([]);
	});

	it("[A2] [A6] joins no account that has the address already, proven or not; its owner is told", async () => {
		for (const emailVerification of ["required", "optional"] as const) {
			const { auth, arrive } = await open({ emailVerification });
			const owner = auth.browser();
			await owner.post("/api/auth/sign-up", ada);
			if (emailVerification === "required") await prove(auth, owner);
			const { browser } = await arrive();
			const taken = await browser.post(path, { email: ada.email });
			const { browser: other } = await arrive({ ...mary, sub: "mary-2" });
			const free = await other.post(path, { email: address });
			expect([taken.status, Object.keys(taken.body)]).toEqual([free.status, Object.keys(free.body)]);
			expect([...browser.cookies.keys()]).toEqual([...other.cookies.keys()]);
			expect((await auth.mail("already_registered")).to).toBe(ada.email);
			expect((await auth.mails()).filter(({ to, kind }) => to === ada.email && kind === "sign_up_code")).toHaveLength(
				emailVerification === "required" ? 1 : 0,
			);
			expect((await owner.get("/api/auth/identities")).body.connections).toEqual([]);
		}
	});

	it("[A21] says of no address that a provider merely claims whether it has an account, sign-up open or closed", async () => {
		for (const signUp of ["open", "closed"] as const) {
			const { auth, arrive } = await open();
			const owner = auth.browser();
			await owner.post("/api/auth/sign-up", ada);
			await prove(auth, owner);
			await switchSignUp(auth, signUp);
			const claim = (email: string, sub: string) => arrive({ sub, name: "Eve", email, email_verified: false });
			const taken = await claim(ada.email, "evil-1");
			const free = await claim(address, "evil-2");
			const seen = ({ location, problem, browser }: typeof taken) => [problem ?? location, [...browser.cookies.keys()]];
			expect(seen(taken)).toEqual(seen(free));
		}
	});

	it("[A3] leaves nobody a second way into the account that the owner of the mailbox makes", async () => {
		const { auth, arrive } = await open();
		// The attacker asks for a code to the victim's address twice, with an identity of their own behind it.
		const { browser: attacker } = await arrive({ sub: "evil-1", name: "Eve" });
		await attacker.post(path, { email: ada.email });
		const { browser: victim } = await arrive();
		await victim.post(path, { email: ada.email });
		expect((await prove(auth, victim)).status).toBe(201);
		const { connections } = (await victim.get("/api/auth/identities")).body;
		expect(connections).toHaveLength(1);
		expect((await arrive({ sub: "evil-1", name: "Eve" })).location).toContain("/sign-up/complete");
	});

	it("[A9] counts in no other browser, neither the code nor what the provider proved", async () => {
		const { auth, arrive } = await open();
		const { browser: attacker } = await arrive({ sub: "evil-1", name: "Eve" });
		const { browser: victim } = await arrive();
		await victim.post(path, { email: address });
		const code = codeIn(await auth.mail("sign_up_code"));
		expect((await attacker.put(`${proofPath}/${code}`)).body.code).toBe("not_authenticated");
		expect(await who(attacker)).toBeNull();
		// The attacker's own sign-up, planted in the victim's browser between asking and typing.
		victim.cookies.set("sign-up", attacker.cookies.get("sign-up")!);
		expect((await victim.put(`${proofPath}/${code}`)).body.code).toBe("sign_in_expired");
		expect(countRows(auth, "latchkey_user")).toBe(0);
	});

	it("[A32] takes neither another purpose's code nor another purpose's token", async () => {
		const { auth, arrive } = await open();
		const { browser } = await arrive();
		await browser.post(path, { email: address });
		await browser.post("/api/auth/sign-up", { ...ada, email: "grace@example.com" });
		const signUpCode = codeIn((await auth.mails()).find(({ to }) => to === "grace@example.com")!);
		expect((await browser.put(`${proofPath}/${signUpCode}`)).body.user).toMatchObject({ email: "grace@example.com" });
		expect((await browser.get("/api/auth/identities")).body.connections).toEqual([]);
		for (const cookie of ["attempt", "device", "email-code"]) {
			const other = auth.browser();
			other.cookies.set("sign-up", browser.cookies.get(cookie) ?? "x");
			expect((await other.get(path)).body.pending).toBeNull();
		}
	});

	it("[A23] makes one account of any number of answers at once", async () => {
		const { auth, arrive } = await open({ emailVerification: "optional" });
		const { browser } = await arrive();
		const answers = await Promise.all(Array.from({ length: 16 }, () => browser.post(path, {})));
		expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
		expect(answers.filter(({ body }) => body.code === "sign_in_expired")).toHaveLength(15);
		expect(countRows(auth, "latchkey_user")).toBe(1);
		// The same person in two browsers is one person all the same.
		const two = await Promise.all([arrive({ ...mary, sub: "m2" }), arrive({ ...mary, sub: "m2" })]);
		await Promise.all(two.map((one) => one.browser.post(path, {})));
		expect(countRows(auth, "latchkey_user")).toBe(2);
		const users = await Promise.all(two.map((one) => who(one.browser)));
		expect(users[0].id).toBe(users[1].id);
	});

	it("[A36] reads without using: GET, HEAD and a prefetch change nothing", async () => {
		const { arrive } = await open();
		const { browser } = await arrive();
		for (const method of ["GET", "HEAD"]) await browser.request(method, path);
		await browser.get(path, { "next-router-prefetch": "1" });
		expect((await browser.get(path)).body.pending).not.toBeNull();
	});

	it("[A19] is said by this site's own pages only", async () => {
		const { arrive } = await open({ emailVerification: "optional" });
		const { browser } = await arrive();
		const foreign = { "sec-fetch-site": "cross-site", origin: "https://evil.example" };
		expect((await browser.post(path, {}, foreign)).body.code).toBe("cross_origin");
		expect(await who(browser)).toBeNull();
	});

	it("[A21] is limited like every sign-up", async () => {
		const { arrive } = await open();
		const { browser } = await arrive();
		const codes = [];
		for (let count = 0; count < 7; count++) codes.push((await browser.post(path, { email: address })).status);
		expect(codes).toContain(429);
	});
});
