import { describe, expect, it } from "vitest";
import { withApp, withTrust } from "../../test/factors.ts";
import { ada, from, openTestAuth, signedUp, type TestAuth } from "../../test/harness.ts";
import { codeIn, withMails } from "../../test/mail.ts";
import { emailCode } from "../lib/email-codes/email-code.ts";
import { installArrivalStamp } from "../lib/http/arrival.ts";
import type { AuthOptions } from "../lib/options.ts";
import { password } from "../lib/passwords/password.ts";
import { freshName, inSchema, sharedServer } from "../lib/storage/postgres/fixtures/postgres-contract-store.ts";
import type { TestBrowser } from "../lib/testing/test-browser.ts";

installArrivalStamp();

const hour = 3_600_000;

const stores = [
	{ name: "SQLite", database: async () => ({}) },
	{ name: "PostgreSQL", database: async () => ({ database: inSchema(await sharedServer(), freshName()) }) },
];

/** The database's clock is set wrong by an hour, and some time later right again. */
describe.each(stores)("a clock that jumps by an hour, on $name", ({ database }) => {
	async function open(options: Partial<AuthOptions> = {}): Promise<{ auth: TestAuth; jump(hours: number): void }> {
		const auth = openTestAuth({ ...(await database()), ...options });
		return { auth, jump: (hours) => auth.clock.set(auth.clock() + hours * hour) };
	}

	const isSignedIn = async (browser: TestBrowser) => (await browser.get("/api/auth")).body.authenticated as boolean;
	const signIn = (browser: TestBrowser, password = ada.password) =>
		browser.post("/api/auth", { identifier: ada.email, password });

	it.each([
		[1, -1],
		[-1, 1],
		[1, -1, -1, 1],
	])("signs nobody out, and nobody's renewal fails: %j", async (...jumps) => {
		const { auth, jump } = await open();
		const browser = await signedUp(auth);
		for (const hours of jumps) {
			jump(hours);
			expect(await isSignedIn(browser)).toBe(true);
			expect((await browser.post("/api/auth/refresh")).status).toBe(200);
			await auth.settled();
			expect((await signIn(auth.browser())).status).toBe(200);
		}
		auth.clock.advance({ minutes: 31 });
		expect((await browser.post("/api/auth/refresh")).status).toBe(200);
		expect(await isSignedIn(browser)).toBe(true);
	});

	it("lets nobody in whose session looks idle, and lets them in again when the clock is right: nothing was destroyed", async () => {
		const { auth, jump } = await open({ profile: "aal3", secondFactor: "optional" });
		const browser = await signedUp(auth, { ...ada, password: "correct horse battery staple" });
		jump(1);
		expect(await isSignedIn(browser)).toBe(false);
		const { storage } = await auth.engine();
		expect(await storage.deleteExpired(100)).toBeLessThanOrEqual(1);
		jump(-1);
		expect(await isSignedIn(browser)).toBe(true);
	});

	it.each([1, -1])("accepts nothing again that was ended: jump %d", async (hours) => {
		const { auth, jump } = await open();
		const [kept, ended] = [await signedUp(auth), auth.browser()];
		await signIn(ended);
		expect((await kept.delete("/api/auth/sessions")).body.ended).toBe(1);
		for (const jumped of [hours, -hours, -hours, hours]) {
			jump(jumped);
			expect(await isSignedIn(ended)).toBe(false);
			expect(await isSignedIn(kept)).toBe(true);
		}
	});

	it.each([1, -1])(
		"keeps what came about while it was wrong: sessions, a trusted device, a mailed code: jump %d",
		async (hours) => {
			const { auth, jump } = await open({
				methods: [password(), emailCode()],
				emailVerification: "optional",
				trustedDevices: { days: 30 },
			});
			const mails = withMails(auth);
			const owner = await signedUp(auth);
			const { browser, app } = await withTrust(auth, { app: await withApp(auth, owner) });
			jump(hours);
			// The device rotates what it holds.
			expect((await signIn(browser)).status).toBe(200);
			// Before its second step when the clock is set right.
			const between = auth.browser();
			expect((await signIn(between)).status).toBe(202);
			jump(-hours);
			expect(await isSignedIn(browser)).toBe(true);
			expect((await browser.post("/api/auth/refresh")).status).toBe(200);
			auth.clock.advance({ minutes: 20 });
			expect((await browser.post("/api/auth/refresh")).status).toBe(200);
			expect(await isSignedIn(browser)).toBe(true);
			expect((await signIn(browser)).status).toBe(200);
			const second = () => between.post("/api/auth/attempt", { factor: "recovery_code", code: app.recoveryCodes[0] });
			// Begun an hour ago by the right clock, it has expired; an hour from now, it has not.
			expect((await second()).status).toBe(hours < 0 ? 401 : 200);
			// What is mailed while the clock is ahead is good by the right one.
			const asking = auth.browser();
			jump(hours);
			expect((await asking.post("/api/auth/email-codes", { email: ada.email })).status).toBe(202);
			const code = codeIn(await mails.mail("sign_in_code"));
			jump(-hours);
			expect((await asking.post("/api/auth", { email: ada.email, code })).status).toBe(hours < 0 ? 401 : 200);
		},
	);

	it("sends what was to be sent, an hour later at most", async () => {
		const { auth, jump } = await open({ methods: [password(), emailCode()], emailVerification: "optional" });
		const mails = withMails(auth);
		await signedUp(auth);
		jump(1);
		expect((await auth.browser().post("/api/auth/password-resets", { email: ada.email })).status).toBe(202);
		jump(-1);
		auth.clock.advance({ hours: 1 });
		expect(await mails.mail("password_reset")).toMatchObject({ to: ada.email });
	});

	it("gives no further guesses for going back, and nobody waits longer than the hour and the rule together", async () => {
		const { auth, jump } = await open();
		await signedUp(auth);
		const guesser = auth.browser({ headers: from("203.0.113.7") });
		const guess = () => signIn(guesser, "wrong horse battery");
		jump(1);
		let accepted = 0;
		while ((await guess()).status === 401) accepted += 1;
		expect(accepted).toBe(10);
		jump(-1);
		const refused = await guess();
		expect(refused.status).toBe(429);
		expect(refused.body.retryAfter).toBeLessThanOrEqual(3600 + 30);
		auth.clock.advance({ seconds: refused.body.retryAfter });
		expect((await guess()).status).toBe(401);
	});
});
