import { describe, expect, it } from "vitest";
import { ada, from, openTestAuth, signedUp, type TestAuth } from "../../test/harness.ts";
import { installArrivalStamp } from "../lib/http/arrival.ts";
import type { AuthOptions } from "../lib/options.ts";
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
