import { describe, expect, it } from "vitest";
import { ada, openTestAuth, signedUp, type TestAuth } from "../../../test/harness.ts";
import { tokenIn } from "../../../test/mail.ts";
import { startMailServer } from "../../../test/mail-server.ts";
import { emailCode } from "../email-codes/email-code.ts";
import { password } from "../passwords/password.ts";

async function flush(auth: TestAuth): Promise<void> {
	await (await auth.engine()).sender.flush();
}

const methods = [password(), emailCode()];

describe("a message through a real mail server", () => {
	it("has both parts, one recipient, and the headers of a message that nobody is to answer", async () => {
		const server = await startMailServer();
		const auth = openTestAuth({ smtp: server.url, name: "Example", mail: { from: "Example <no-reply@example.com>" } });
		await signedUp(auth);
		await auth.browser().post("/api/auth/password-resets", { email: ada.email });
		await flush(auth);
		expect(server.delivered).toHaveLength(1);
		const { email, envelope, raw } = server.delivered[0]!;
		expect(envelope).toEqual({ from: "no-reply@example.com", to: [ada.email] });
		expect(email.from).toMatchObject({ name: "Example", address: "no-reply@example.com" });
		expect(email.to).toEqual([{ name: "", address: ada.email }]);
		expect(email.subject).toBe("Choose a new password for Example");
		expect(email.messageId).toMatch(/^<[0-9a-f-]{36}@example\.com>$/);
		expect(new Date(email.date!).getTime()).toBeGreaterThan(0);
		const header = (key: string) => email.headers.find((each) => each.key === key)?.value;
		expect(header("auto-submitted")).toBe("auto-generated");
		expect(header("content-language")).toBe("en");
		expect(header("content-type")).toMatch(/^multipart\/alternative/);
		const link = `http://localhost:3000/api/auth/mail-links/${tokenIn({ text: email.text! })}`;
		expect(email.text).toContain(`\n${link}\n`);
		expect(email.html).toContain(`href="${link}"`);
		expect(email.html).toContain('<html lang="en" dir="ltr">');
		// RFC 5322, section 2.1.1: no line is longer than 998 octets.
		expect(Math.max(...raw.split("\r\n").map((line) => line.length))).toBeLessThanOrEqual(998);
		// Nothing is fetched when it is opened, so nobody learns that it was.
		expect(email.html).not.toMatch(/<img|<script|src=|@import|url\(/i);
		expect(email.attachments).toEqual([]);
	});

	it("is in the language of whoever asked, right to left where that is written so", async () => {
		const server = await startMailServer();
		const auth = openTestAuth({ smtp: server.url, methods });
		const browser = await signedUp(auth);
		await browser.post("/api/auth/email-codes", { email: ada.email }, { "accept-language": "fr, ar;q=0.9" });
		await flush(auth);
		const { email } = server.delivered[0]!;
		expect(email.subject).toMatch(/^\d{6} هو رمزك في localhost$/);
		expect(email.html).toContain('<html lang="ar" dir="rtl">');
		expect(email.text).toMatch(/\p{Script=Arabic}/u);
	});

	it("[A14] leads to AUTH_URL, whatever host the request names", async () => {
		const server = await startMailServer();
		const auth = openTestAuth({ smtp: server.url, url: "https://example.com", methods });
		const browser = auth.browser({ origin: "https://example.com" });
		await browser.post("/api/auth/sign-up", ada);
		const hostile = {
			host: "evil.example",
			"x-forwarded-host": "evil.example",
			"x-forwarded-proto": "http",
			"x-forwarded-port": "81",
			forwarded: "host=evil.example;proto=http",
		};
		await browser.post("/api/auth/password-resets", { email: ada.email }, hostile);
		await browser.post("/api/auth/email-codes", { email: ada.email }, hostile);
		await flush(auth);
		expect(server.delivered).toHaveLength(2);
		for (const { raw, email } of server.delivered) {
			expect(raw).not.toContain("evil");
			const links = email.text!.match(/https?:\/\/\S+/g)!;
			for (const link of links) expect(new URL(link).origin).toBe("https://example.com");
		}
	});

	it("[A34] holds no header and no line that a stranger chose", async () => {
		const server = await startMailServer();
		const auth = openTestAuth({ smtp: server.url, methods, name: "Example\r\nBcc: eve@example.com" });
		const agent = 'x"><img src=https://evil.example/>\u2028Bcc: eve@example.com\u202e';
		await signedUp(auth);
		const { storage } = await auth.engine();
		const { auditEvent } = await import("../events/events.ts");
		const user = (await storage.findCredentials({ kind: "email", canonical: ada.email }))!.user;
		const visitor = { address: "203.0.113.7\r\nBcc: eve@example.com", userAgent: agent };
		await (await auth.engine()).storage.appendEvents([auditEvent("password.changed", visitor, { userId: user.id })]);
		await flush(auth);
		const { email, envelope, raw } = server.delivered[0]!;
		expect(envelope.to).toEqual([ada.email]);
		expect(email.bcc).toBeUndefined();
		expect(raw).not.toMatch(/^ *bcc:/im);
		expect(email.html).not.toContain("<img");
		expect(email.text).not.toMatch(/^Bcc:/m);
		expect(`${email.text}${email.html}`).not.toMatch(/[\u2028\u202e]/);
	});

	it.each([
		["Ada@Bücher.example", "Ada@bücher.example"],
		["o'hara+x@example.com", "o'hara+x@example.com"],
		["\u00fc\u00f6\u00e4@example.com", "\u00fc\u00f6\u00e4@example.com"],
	])("[A34] [A35] goes to %s and to nobody else", async (address, delivered) => {
		const server = await startMailServer();
		const auth = openTestAuth({ smtp: server.url });
		await signedUp(auth, { ...ada, email: address });
		await auth.browser().post("/api/auth/password-resets", { email: address });
		await flush(auth);
		expect(server.delivered.map(({ envelope }) => envelope.to)).toEqual([[delivered]]);
	});
});

describe("a mail server", () => {
	it("that is away delays no answer; what waits is sent later, with growing pauses", async () => {
		const server = await startMailServer();
		server.refuse(451);
		const auth = openTestAuth({ smtp: server.url });
		await signedUp(auth);
		expect((await auth.browser().post("/api/auth/password-resets", { email: ada.email })).status).toBe(202);
		for (const waitSeconds of [15, 30, 60]) {
			await flush(auth);
			expect(server.delivered).toEqual([]);
			expect(auth.logged.at(-1)).toMatchObject({ level: "warn", event: "mail_delayed", kind: "password_reset" });
			auth.clock.advance({ seconds: waitSeconds });
		}
		server.refuse(null);
		await flush(auth);
		expect(server.delivered).toHaveLength(1);
		expect(JSON.stringify(auth.logged)).not.toContain("example.com");
	});

	it("that refuses for good makes a message dead, which the log and the health page count", async () => {
		const server = await startMailServer();
		server.refuse(550);
		const auth = openTestAuth({ smtp: server.url });
		await signedUp(auth);
		await auth.browser().post("/api/auth/password-resets", { email: ada.email });
		await flush(auth);
		expect(auth.logged.at(-1)).toMatchObject({ level: "error", event: "mail_dead", reason: "EENVELOPE 550" });
		const health = await auth.browser().get("/api/auth/health");
		expect(health).toMatchObject({ status: 200, body: { ready: true, mail: { dead: 1, late: 0 } } });
		server.refuse(null);
		auth.clock.advance({ hours: 2 });
		await flush(auth);
		expect(server.delivered).toEqual([]);
		expect(JSON.stringify(auth.logged)).not.toContain("example.com");
	});

	it("that never comes back: a code dies with its ten minutes, a notice after days", async () => {
		const auth = openTestAuth({ smtp: "smtp://127.0.0.1:1", methods });
		await signedUp(auth);
		await auth.browser().post("/api/auth/email-codes", { email: ada.email });
		for (let minute = 0; minute < 12; minute++) {
			await flush(auth);
			auth.clock.advance({ minutes: 1 });
		}
		expect(auth.logged.filter(({ event }) => event === "mail_dead")).toHaveLength(1);
		expect((await auth.browser().get("/api/auth/health")).body.mail).toEqual({ dead: 1, late: 0 });
	});
});
