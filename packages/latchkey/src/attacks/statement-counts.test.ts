import { beforeEach, describe, expect, it } from "vitest";
import { ada, from, signedUp } from "../../test/harness.ts";
import { type InstrumentedAuth, openInstrumented } from "../../test/instruments.ts";
import { installArrivalStamp } from "../lib/http/arrival.ts";
import type { TestAnswer, TestBrowser } from "../testing.ts";

installArrivalStamp();

const signInAsAda = { email: ada.email, password: ada.password };

let auth: InstrumentedAuth;
let browser: TestBrowser;

beforeEach(async () => {
	auth = await openInstrumented();
	browser = await signedUp(auth);
	await browser.get("/api/auth/user");
	await auth.settled();
});

describe("statements that reading a session takes", () => {
	it("is one, wherever it is read", async () => {
		expect(await countOf(() => browser.get("/api/auth"))).toBe(1);
		expect(await countOf(() => browser.get("/api/auth/user"))).toBe(1);
		expect(await countOf(() => browser.request("HEAD", "/api/auth"))).toBe(1);
		const headers = new Headers({ cookie: browser.cookieHeader() });
		expect(await countOf(() => auth.readSession({ headers }))).toBe(1);
	});

	it("is none without a cookie, and with one that is not ours", async () => {
		expect(await countOf(() => auth.browser().get("/api/auth"))).toBe(0);
		expect(await countOf(() => auth.browser().get("/api/auth/user"), 401)).toBe(0);
		const token = browser.cookies.get("session")!;
		for (const value of ["x", token.slice(0, -2), `${token}x`, token.replace(".", "..")]) {
			browser.cookies.set("session", value);
			expect(await countOf(() => browser.get("/api/auth"))).toBe(0);
		}
	});

	it("is one more, once, for the first sight of a new token", async () => {
		await browser.post("/api/auth", signInAsAda);
		expect(await countOf(() => browser.get("/api/auth/user"))).toBe(2);
		expect(await countOf(() => browser.get("/api/auth/user"))).toBe(1);
	});
});

describe("statements that a flow takes, BEGIN and COMMIT included", () => {
	it("are 6 for a sign-in, 2 more when it ends the session before", async () => {
		expect(await countOf(() => auth.browser().post("/api/auth", signInAsAda))).toBe(6);
		const known = auth.browser({ headers: from("203.0.113.7") });
		expect(await countOf(() => known.post("/api/auth", signInAsAda))).toBe(6);
		expect(await countOf(() => browser.post("/api/auth", signInAsAda))).toBe(8);
	});

	it("are 5 for a sign-in that fails and is counted, 2 for the first that is throttled and 1 for each after it", async () => {
		const wrong = { ...signInAsAda, password: "wrong" };
		for (let guess = 0; guess < 10; guess++) {
			expect(await countOf(() => auth.browser().post("/api/auth", wrong), 401)).toBe(5);
		}
		expect(await countOf(() => auth.browser().post("/api/auth", signInAsAda), 429)).toBe(2);
		expect(await countOf(() => auth.browser().post("/api/auth", signInAsAda), 429)).toBe(1);
	});

	it("are 8 at most for a sign-up", async () => {
		const person = (name: string) => ({ ...ada, email: `${name}@example.com`, username: name });
		expect(await countOf(() => auth.browser().post("/api/auth/sign-up", person("bob")), 201)).toBe(7);
		const known = auth.browser({ headers: from("203.0.113.7") });
		expect(await countOf(() => known.post("/api/auth/sign-up", person("eve")), 201)).toBe(8);
		expect(await countOf(() => auth.browser().post("/api/auth/sign-up", person("eve")), 409)).toBe(4);
	});

	it("are none for input that is refused", async () => {
		expect(await countOf(() => auth.browser().post("/api/auth", {}), 422)).toBe(0);
		expect(await countOf(() => auth.browser().post("/api/auth/sign-up", { ...ada, password: "short" }), 422)).toBe(0);
		expect(await countOf(() => browser.post("/api/auth", ada, { "sec-fetch-site": "cross-site" }), 403)).toBe(0);
	});

	it("are 1 for a refresh, 2 for one that makes the next generation", async () => {
		expect(await countOf(() => browser.post("/api/auth/refresh"))).toBe(1);
		auth.clock.advance({ hours: 1 });
		expect(await countOf(() => browser.post("/api/auth/refresh"))).toBe(2);
	});

	it("are 5 for a sign-out, none when nobody was signed in", async () => {
		expect(await countOf(() => browser.delete("/api/auth"))).toBe(5);
		expect(await countOf(() => browser.delete("/api/auth"))).toBe(0);
	});

	it("are 14 for a password change, the message that tells of it, what it kills and goes on with, in one transaction", async () => {
		const body = { currentPassword: ada.password, newPassword: "another horse staple" };
		expect(await countOf(() => browser.put("/api/auth/password", body))).toBe(14);
		expect(auth.statements.filter((sql) => sql.startsWith("BEGIN"))).toHaveLength(1);
	});
});

describe("hashes that a flow takes", () => {
	it("are one to sign in, to fail and to sign up, two to change the password, none for all else", async () => {
		expect(await hashesOf(() => auth.browser().post("/api/auth", signInAsAda))).toBe(1);
		expect(await hashesOf(() => auth.browser().post("/api/auth", { email: "no@example.com", password: "x" }))).toBe(1);
		expect(await hashesOf(() => auth.browser().post("/api/auth/sign-up", { ...ada, email: "b@example.com" }))).toBe(1);
		const body = { currentPassword: ada.password, newPassword: "another horse staple" };
		expect(await hashesOf(() => browser.put("/api/auth/password", body))).toBe(2);
		expect(await hashesOf(() => browser.get("/api/auth"))).toBe(0);
		expect(await hashesOf(() => browser.post("/api/auth/refresh"))).toBe(0);
	});
});

/** What runs after the answer is counted too. */
async function countOf(act: () => Promise<unknown>, status = 200): Promise<number> {
	auth.statements.length = 0;
	const answer = (await act()) as Partial<TestAnswer> | null;
	if (answer?.status !== undefined) expect(answer.status).toBe(status);
	await auth.settled();
	return auth.statements.length;
}

async function hashesOf(act: () => Promise<unknown>): Promise<number> {
	auth.pool.hashes = 0;
	await act();
	return auth.pool.hashes;
}
