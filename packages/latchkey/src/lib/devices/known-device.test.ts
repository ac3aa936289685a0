import { describe, expect, it } from "vitest";
import { totpCode } from "../../../test/factors.ts";
import { ada, openTestAuth, signedUp, type TestAuth } from "../../../test/harness.ts";
import { codeIn, type MailAuth, openMailAuth, tokenIn } from "../../../test/mail.ts";
import type { TestBrowser } from "../../testing.ts";
import { main } from "../cli/main.ts";

const right = { email: ada.email, password: ada.password };
const wrong = { ...right, password: "wrong" };

const guess = (browser: TestBrowser) => browser.post("/api/auth", wrong);

async function exhaust(auth: TestAuth): Promise<void> {
	for (let count = 0; count < 10; count++) await guess(auth.browser());
	expect((await auth.browser().post("/api/auth", right)).status).toBe(429);
}

describe("a device that the account was used on", () => {
	it("[A43] lets its owner in while a stranger exhausts the account's limit", async () => {
		const auth = openTestAuth();
		const owner = await signedUp(auth, { ...ada, username: "ada" });
		await owner.delete("/api/auth");
		await exhaust(auth);
		expect((await owner.post("/api/auth", { username: "ADA", password: ada.password })).status).toBe(200);
		expect((await owner.post("/api/auth", right)).status).toBe(200);
		// And that is no second chance for the stranger.
		expect((await auth.browser().post("/api/auth", right)).status).toBe(429);
	});

	it("[A22] has ten attempts of its own and no more", async () => {
		const auth = openTestAuth();
		const owner = await signedUp(auth);
		for (let count = 0; count < 10; count++) expect((await guess(owner)).status).toBe(401);
		expect((await owner.post("/api/auth", right)).status).toBe(429);
		expect((await auth.browser().post("/api/auth", right)).status).toBe(200);
	});

	it("is none for other accounts, nor when its cookie is made up or changed", async () => {
		const auth = openTestAuth();
		const eve = await signedUp(auth, { email: "eve@example.com", password: "an apple a day keeps" });
		await signedUp(auth);
		await exhaust(auth);
		expect((await eve.post("/api/auth", right)).status).toBe(429);
		const device = eve.cookies.get("device")!;
		for (const value of [device.replace(/^./, (first) => (first === "A" ? "B" : "A")), "x", `${device}.`, "a.b.c"]) {
			eve.cookies.set("device", value);
			expect((await eve.post("/api/auth", right)).status).toBe(429);
		}
	});

	it("holds several people, and forgets the oldest before it grows too large", async () => {
		const auth = openTestAuth();
		const browser = auth.browser();
		for (let person = 0; person < 12; person++) {
			await browser.post("/api/auth/sign-up", { email: `p${person}@example.com`, password: ada.password });
		}
		expect(browser.cookies.get("device")!.length).toBeLessThan(600);
		for (const [person, status] of [
			[11, 200],
			[0, 429],
		]) {
			const email = `p${person}@example.com`;
			for (let count = 0; count < 10; count++) await auth.browser().post("/api/auth", { email, password: "wrong" });
			expect((await browser.post("/api/auth", { email, password: ada.password })).status).toBe(status);
		}
	});

	it("is told of when it is new, to a proven address, and not when it is known", async () => {
		const auth = openMailAuth();
		const owner = await signedUp(auth);
		await owner.put(`/api/auth/email-verifications/${codeIn(await auth.mail("verify_email"))}`);
		const news = async () => (await auth.mails()).filter(({ subject }) => subject.includes("new device")).length;
		await owner.post("/api/auth", right);
		expect(await news()).toBe(0);
		const elsewhere = auth.browser({ headers: { "user-agent": "Elsewhere/1" } });
		await elsewhere.post("/api/auth", right);
		expect(await news()).toBe(1);
		const [mail] = await auth.mails();
		expect(mail!.text).toContain("Device: Elsewhere/1");
		expect(mail!.text).toContain("http://localhost:3000/account/devices");
		await elsewhere.post("/api/auth", right);
		expect(await news()).toBe(1);
		await owner.delete("/api/auth/sessions");
		await elsewhere.post("/api/auth", right);
		expect(await news()).toBe(2);
	});

	it("[A28] is told of also when an app is set up there on the way in, and is known from then on", async () => {
		const auth = openMailAuth();
		const owner = await signedUp(auth);
		await owner.put(`/api/auth/email-verifications/${codeIn(await auth.mail("verify_email"))}`);
		// The owner of the application asks for a second factor from now on.
		const engine = await auth.engine();
		Object.assign(engine, { options: { ...engine.options, secondFactor: "required" } });
		const thief = auth.browser({ headers: { "user-agent": "Elsewhere/1" } });
		await thief.post("/api/auth", right);
		const { secret, enrolment } = (await thief.post("/api/auth/attempt/totp")).body;
		const code = () => totpCode(secret, auth.clock());
		expect((await thief.post("/api/auth/attempt", { factor: "totp", enrolment, code: code() })).status).toBe(200);
		const news = async () => (await auth.mails()).filter(({ subject }) => subject.includes("new device")).length;
		expect(await news()).toBe(1);
		auth.clock.advance({ seconds: 30 });
		await thief.post("/api/auth", right);
		expect((await thief.post("/api/auth/attempt", { factor: "totp", code: code() })).status).toBe(200);
		expect(await news()).toBe(1);
	});
});

describe("the hard stop", () => {
	/** So many wrong passwords, each after the wait that the one before brought about. */
	async function fail(auth: MailAuth, times: number): Promise<void> {
		for (let count = 0; count < times; count++) {
			auth.clock.advance({ hours: 2 });
			expect((await guess(auth.browser())).status).toBe(401);
		}
	}

	it("disables the password after 90 wrong ones in a row, on known devices too, and mails the way back", async () => {
		const auth = openMailAuth({ emailVerification: "off" });
		const owner = await signedUp(auth);
		await fail(auth, 89);
		expect((await auth.mails()).length).toBe(0);
		await fail(auth, 1);
		auth.clock.advance({ hours: 2 });
		const disabled = await auth.browser().post("/api/auth", right);
		expect(disabled).toMatchObject({ status: 401, body: { code: "invalid_credentials" } });
		expect((await owner.post("/api/auth", right)).status).toBe(401);
		const mail = await auth.mail("notice");
		expect(mail.subject).toContain("Your password is disabled");
		expect(mail.text).toContain("http://localhost:3000/forgot-password");
		await fail(auth, 2);
		expect((await auth.mails()).filter(({ subject }) => subject.includes("disabled"))).toHaveLength(1);

		await auth.browser().post("/api/auth/password-resets", { email: ada.email });
		const token = tokenIn(await auth.mail("password_reset"));
		await auth.browser().put(`/api/auth/password-resets/${token}`, { newPassword: "another horse staple" });
		const back = await auth.browser().post("/api/auth", { ...right, password: "another horse staple" });
		expect(back.status).toBe(200);
	});

	it("counts anew after a success", async () => {
		const auth = openMailAuth({ emailVerification: "off" });
		await signedUp(auth);
		await fail(auth, 60);
		auth.clock.advance({ hours: 2 });
		expect((await auth.browser().post("/api/auth", right)).status).toBe(200);
		await auth.settled();
		await fail(auth, 60);
		auth.clock.advance({ hours: 2 });
		expect((await auth.browser().post("/api/auth", right)).status).toBe(200);
	});

	it("[A43] is not reached by attempts that were turned away unjudged", async () => {
		const auth = openMailAuth({ emailVerification: "off" });
		await signedUp(auth);
		for (let count = 0; count < 150; count++) await guess(auth.browser());
		auth.clock.advance({ hours: 2 });
		expect((await auth.browser().post("/api/auth", right)).status).toBe(200);
	});
});

it("the hard stop is lifted from the command line", async () => {
	const auth = openMailAuth({ emailVerification: "off" });
	await signedUp(auth);
	const { storage } = await auth.engine();
	const userId = (await storage.findCredentials({ kind: "email", canonical: ada.email }))!.user.id;
	for (let count = 0; count < 90; count++) await storage.recordFailure({ userId, events: [] });
	expect((await auth.browser().post("/api/auth", right)).status).toBe(401);
	const said: string[] = [];
	const say = (text: string) => void said.push(text);
	const context = { cwd: "/", env: { AUTH_DATABASE_URL: `file:${auth.file}` }, print: say, warn: say };
	expect(await main(["unlock", "nobody@example.com"], context)).toBe(1);
	expect(await main(["unlock", "Ada@Example.com"], context)).toBe(0);
	expect(said).toEqual([
		'latchkey: nobody is called "nobody@example.com"',
		"The password of Ada@Example.com can be used again.",
	]);
	expect((await auth.browser().post("/api/auth", right)).status).toBe(200);
});
