import { describe, expect, it } from "vitest";
import { ada, openBeside, signedUp } from "../../../test/harness.ts";
import { countRows } from "../../../test/instruments.ts";
import { codeIn, type MailAuth, openMailAuth, tokenIn } from "../../../test/mail.ts";
import type { TestBrowser } from "../../testing.ts";

const path = "/api/auth/email-verifications";
const emailOf = async (browser: TestBrowser) => (await browser.get("/api/auth")).body.user?.email;
const isVerified = async (browser: TestBrowser) => (await browser.get("/api/auth")).body.user.emailVerified;

const linkOf = (token: string) => `/api/auth/mail-links/${token}`;

describe("the address of a sign-up", () => {
	it("is asked to be proven by mail, and proven by the code in the session that made it", async () => {
		const auth = openMailAuth();
		const browser = await signedUp(auth);
		const mail = await auth.mail("verify_email");
		expect(mail.to).toBe(ada.email);
		expect(await isVerified(browser)).toBe(false);
		const proven = await browser.put(`${path}/${codeIn(mail)}`);
		expect(proven).toMatchObject({ status: 200, body: { user: { emailVerified: true } } });
		expect(await isVerified(browser)).toBe(true);
		expect((await browser.put(`${path}/${codeIn(mail)}`)).body.code).toBe("invalid_code");
		const answer = await auth.browser().post("/api/auth", { email: ada.email, password: ada.password });
		expect(answer.status).toBe(200);
	});

	it("[A1] is not proven for a stranger's account by whoever merely reads the mail", async () => {
		const auth = openMailAuth();
		const stranger = await signedUp(auth);
		const mail = await auth.mail("verify_email");
		const victim = auth.browser();
		expect((await victim.get(linkOf(tokenIn(mail)))).headers.get("location")).toBe("/verify-email");
		for (const token of [codeIn(mail), tokenIn(mail)]) {
			expect((await victim.put(`${path}/${token}`)).body.code).toBe("not_authenticated");
		}
		const other = await signedUp(auth, { email: "bob@example.com", password: "a bobby pin in hay" });
		for (const token of [codeIn(mail), tokenIn(mail)]) {
			expect((await other.put(`${path}/${token}`)).body.code).toBe("invalid_code");
		}
		expect(await isVerified(stranger)).toBe(false);
	});

	it("is proven by the link of the message where one is signed in, and asked for again", async () => {
		const auth = openMailAuth();
		const browser = await signedUp(auth);
		const first = await auth.mail("verify_email");
		expect((await browser.post(path, {})).status).toBe(202);
		const second = await auth.mail("verify_email");
		expect((await browser.put(`${path}/${tokenIn(first)}`)).body.code).toBe("invalid_code");
		expect((await browser.put(`${path}/${tokenIn(second)}`)).status).toBe(200);
		expect((await browser.post(path, {})).body).toMatchObject({ fields: { email: "verified" } });
	});

	it("[A22] is guessed at five times", async () => {
		const auth = openMailAuth();
		const browser = await signedUp(auth);
		const code = codeIn(await auth.mail("verify_email"));
		const wrong = code === "000000" ? "000001" : "000000";
		await Promise.all(Array.from({ length: 20 }, () => browser.put(`${path}/${wrong}`)));
		expect((await browser.put(`${path}/${code}`)).body.code).toBe("invalid_code");
		auth.clock.advance({ minutes: 59 });
		expect((await browser.put(`${path}/${code}`)).body.code).toBe("invalid_code");
	});

	it("is not asked for where that is off, or where there is none", async () => {
		const off = openMailAuth({ emailVerification: "off" });
		await signedUp(off);
		expect(await off.mails()).toEqual([]);
		const auth = openMailAuth();
		const browser = await signedUp(auth, { username: "ada", password: ada.password });
		expect(await auth.mails()).toEqual([]);
		expect((await browser.post(path, {})).body).toMatchObject({ fields: { email: "required" } });
	});
});

describe("a sign-up that must be proven first", () => {
	const openRequired = () => openMailAuth({ emailVerification: "required" });
	const register = (auth: MailAuth, person: object = ada, browser = auth.browser()) =>
		browser.post("/api/auth/sign-up", person).then((answer) => ({ browser, answer }));

	it("[A20] [A21] answers alike for a new and a taken address, and makes nothing", async () => {
		const auth = openRequired();
		const first = await register(auth);
		expect(first.answer.status).toBe(202);
		await first.browser.put(`${path}/${codeIn(await auth.mail("sign_up_code"))}`);
		const taken = await register(auth, { ...ada, password: "quite another password" });
		const fresh = await register(auth, { ...ada, email: "bob@example.com" });
		expect(taken.answer.status).toBe(202);
		expect(taken.answer.body).toEqual(fresh.answer.body);
		const names = ({ browser }: typeof fresh) => [...browser.cookies].map(([name, value]) => [name, value.length]);
		expect(names(taken)).toEqual(names(fresh));
		expect(countRows(auth, "latchkey_user")).toBe(1);
		expect((await auth.mail("already_registered")).to).toBe(ada.email);
	});

	it("is finished by the code in the browser that asked, which is then signed in", async () => {
		const auth = openRequired();
		const { browser } = await register(auth);
		const mail = await auth.mail("sign_up_code");
		const elsewhere = auth.browser();
		expect((await elsewhere.put(`${path}/${codeIn(mail)}`)).body.code).toBe("not_authenticated");
		expect((await elsewhere.put(`${path}/${tokenIn(mail)}`)).body.code).toBe("invalid_code");
		const done = await browser.put(`${path}/${codeIn(mail)}`);
		expect(done).toMatchObject({ status: 201, body: { user: { name: ada.name, emailVerified: true } } });
		expect((await auth.browser().post("/api/auth", { email: ada.email, password: ada.password })).status).toBe(200);
	});

	it("[A24] gives one of those who sign up for an address at once the account", async () => {
		const auth = openRequired();
		const tries = await Promise.all(
			["ADA@example.com", "ada@EXAMPLE.com"].map((email) => register(auth, { ...ada, email })),
		);
		const codes = (await auth.mails()).filter(({ kind }) => kind === "sign_up_code");
		expect(codes).toHaveLength(2);
		const codeOf = (email: string) => codeIn(codes.find(({ to }) => to === email)!);
		const answers = await Promise.all([
			tries[0]!.browser.put(`${path}/${codeOf("ADA@example.com")}`),
			tries[1]!.browser.put(`${path}/${codeOf("ada@EXAMPLE.com")}`),
		]);
		expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409]);
		expect(countRows(auth, "latchkey_user")).toBe(1);
	});

	it("asks for an address, and lets a user name wait", async () => {
		const auth = openRequired();
		const { answer } = await register(auth, { username: "ada", password: ada.password });
		expect(answer.body).toMatchObject({ code: "invalid_input", fields: { email: "required" } });
		const both = await register(auth, { ...ada, username: "ada" });
		expect(both.answer.body.fields).toEqual({ username: "not_yet" });
	});
});

describe("another address", () => {
	const next = "ada@new.example";

	async function verified(auth: MailAuth): Promise<TestBrowser> {
		const browser = await signedUp(auth);
		await browser.put(`${path}/${codeIn(await auth.mail("verify_email"))}`);
		return browser;
	}

	it("takes the place of the old one when it is proven, and not before", async () => {
		const auth = openMailAuth();
		const browser = await verified(auth);
		expect((await browser.post(path, { email: next })).status).toBe(202);
		expect((await browser.get(path)).body.pending).toMatchObject({ email: next });
		expect(await emailOf(browser)).toBe(ada.email);
		const mail = await auth.mail("change_email");
		expect(mail.to).toBe(next);
		expect((await browser.put(`${path}/${codeIn(mail)}`)).body.user).toMatchObject({
			email: next,
			emailVerified: true,
		});
		expect((await browser.get(path)).body.pending).toBeNull();
		const told = await auth.mail("email_changed");
		expect(told.to).toBe(ada.email);
		expect(told.text).toContain(next);
	});

	it("asks for a recent proof", async () => {
		const auth = openMailAuth();
		const browser = await verified(auth);
		auth.clock.advance({ minutes: 11 });
		expect((await browser.post(path, { email: next })).body.code).toBe("reauthentication_required");
	});

	it("[A4] stays away when the change was dropped, or a newer one, a reset or a proof came between", async () => {
		const auth = openMailAuth();
		const browser = await verified(auth);
		const begin = async () => {
			auth.clock.advance({ hours: 1 });
			await browser.post("/api/auth/reauthentication", { password: ada.password });
			await browser.post(path, { email: next });
			return codeIn(await auth.mail("change_email"));
		};
		const confirm = (code: string) => browser.put(`${path}/${code}`);

		const dropped = await begin();
		expect((await browser.delete(path)).status).toBe(200);
		expect((await confirm(dropped)).body.code).toBe("invalid_code");

		const older = await begin();
		await browser.post(path, { email: "third@new.example" });
		await auth.mails();
		expect((await confirm(older)).body.code).toBe("invalid_code");

		const last = await begin();
		await auth.browser().post("/api/auth/password-resets", { email: ada.email });
		const reset = tokenIn(await auth.mail("password_reset"));
		await auth.browser().put(`/api/auth/password-resets/${reset}`, { newPassword: "another horse staple" });
		const again = auth.browser();
		await again.post("/api/auth", { email: ada.email, password: "another horse staple" });
		expect((await again.put(`${path}/${last}`)).body.code).toBe("invalid_code");
		expect(await emailOf(again)).toBe(ada.email);
	});

	it("[A4] stays away also when its message had not even been sent before the reset", async () => {
		const auth = openMailAuth();
		const browser = await verified(auth);
		await auth.browser().post("/api/auth/password-resets", { email: ada.email });
		const reset = tokenIn(await auth.mail("password_reset"));
		await (await auth.engine()).sender.stop();
		await browser.post(path, { email: next });
		await auth.browser().put(`/api/auth/password-resets/${reset}`, { newPassword: "another horse staple" });
		const later = openBeside(auth);
		const { sender, mailbox } = await later.engine();
		await sender.flush();
		expect(mailbox.list().map(({ kind }) => kind)).not.toContain("change_email");
	});

	it("[A21] is answered alike when somebody has it; they are told, and nobody else", async () => {
		const auth = openMailAuth();
		const browser = await verified(auth);
		await signedUp(auth, { email: "bob@example.com", password: "a bobby pin in hay" });
		const taken = await browser.post(path, { email: "bob@example.com" });
		const free = await browser.post(path, { email: next });
		expect(taken).toMatchObject({ status: 202, body: free.body });
		await auth.mails();
		await browser.post(path, { email: "bob@example.com" });
		expect(await auth.mail("already_registered")).toMatchObject({ to: "bob@example.com" });
	});

	it("is taken back from the old one for seven days: everybody is out, and the password is chosen anew", async () => {
		const auth = openMailAuth();
		const browser = await verified(auth);
		await browser.post(path, { email: next });
		await browser.put(`${path}/${codeIn(await auth.mail("change_email"))}`);
		const link = tokenIn(await auth.mail("email_changed"));
		const { undoEmailChange } = await import("./undo-email-change.ts");
		const engine = await auth.engine();
		const visitor = {
			headers: new Headers(),
			address: null,
			userAgent: null,
			arrivedAgoMs: 0,
			kind: "fetch",
			url: null,
		} as const;
		auth.clock.advance({ days: 7 });
		expect(await undoEmailChange(engine, visitor, link)).toMatchObject({ code: "expired_link" });
		auth.clock.set(auth.clock() - 1);
		expect(await undoEmailChange(engine, visitor, link)).toEqual({ ok: true });
		expect(await undoEmailChange(engine, visitor, link)).toMatchObject({ code: "expired_link" });
		expect(await emailOf(browser)).toBeUndefined();
		for (const email of [ada.email, next]) {
			expect((await auth.browser().post("/api/auth", { email, password: ada.password })).status).toBe(401);
		}
		expect((await auth.mail("notice")).to).toBe(ada.email);
		await auth.browser().post("/api/auth/password-resets", { email: ada.email });
		const reset = tokenIn(await auth.mail("password_reset"));
		const set = await auth.browser().put(`/api/auth/password-resets/${reset}`, { newPassword: "another horse staple" });
		expect(set.status).toBe(200);
	});

	it("[A1] gives an old address that was never proven no way back in", async () => {
		const auth = openMailAuth();
		const browser = await signedUp(auth);
		await browser.post(path, { email: next });
		await browser.put(`${path}/${codeIn(await auth.mail("change_email"))}`);
		expect((await auth.mails()).map(({ kind }) => kind)).not.toContain("email_changed");
	});
});
