import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ada, from, openBeside, signedUp, type TestAuth } from "../../test/harness.ts";
import { claimsOf, type InstrumentedAuth, instrument, openInstrumented, rows } from "../../test/instruments.ts";
import { installArrivalStamp } from "../lib/http/arrival.ts";
import type { TestAnswer } from "../testing.ts";

const canary = "canary-Zq7vK2xw";
const passwords = [`${canary}-first`, `${canary}-second`, `${canary}-wrong`];

installArrivalStamp();

describe("a secret that goes through every flow, failures included", () => {
	it("[A41] [ASVS 16.2.5] is in no log, no answer and no byte of the database", async () => {
		const auth = await openInstrumented();
		const { secrets, answers } = await runEveryFlow(auth);
		await auth.settled();
		await (await auth.engine()).activity.flush();
		expect(secrets.length).toBeGreaterThan(20);
		const logged = JSON.stringify(auth.logged);
		const stored = everyByte(auth);
		for (const secret of secrets) {
			expect(logged).not.toContain(secret);
			for (const encoding of ["utf8", "utf16le", "base64", "base64url", "hex"] as const) {
				expect(stored.includes(encoding === "utf8" ? secret : Buffer.from(secret).toString(encoding))).toBe(false);
			}
			for (const { body } of answers) expect(JSON.stringify(body)).not.toContain(secret);
		}
		expect(auth.logged.length).toBeGreaterThan(3);
	});

	it("[A41] reaches the database as hashes and sealed values only, so that a copy of it signs nobody in", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth);
		const secret = Buffer.from(claimsOf(browser.cookies.get("session")!).sid, "base64url");
		const stored = everyByte(auth);
		expect(stored.includes(secret)).toBe(false);
		expect(stored.includes("$argon2id$")).toBe(false);
		// The copy with another secret: what is in it opens nothing.
		const copy = await instrument(openBeside(auth, { secret: "the-thief-has-a-secret-too-0123456789-abcdefg" }));
		const thief = copy.browser();
		thief.cookies.set("session", browser.cookies.get("session")!);
		expect((await thief.get("/api/auth")).body.authenticated).toBe(false);
		expect((await copy.browser().post("/api/auth", { email: ada.email, password: ada.password })).status).toBe(401);
	});

	it("[A41] is not in what a log says of an error that carries it", async () => {
		const auth = await openInstrumented();
		const bodies = [`{"password":"${canary}"`, `{"password":"${canary}"} x`, `${canary}`, `{"a":${canary}}`];
		for (const body of bodies) {
			const answer = await auth.browser().post("/api/auth", body);
			expect(answer.status).toBe(400);
			expect(JSON.stringify(answer.body)).not.toContain(canary);
		}
		// What strangers send in a broken form is no news for the operator.
		expect(auth.logged).toEqual([]);
		expect(JSON.stringify(auth.logged)).not.toContain(canary);
	});

	it("[A41] typed into the wrong field is not kept either", async () => {
		const auth = await openInstrumented();
		await signedUp(auth);
		for (const field of ["identifier", "email", "username"]) {
			expect((await auth.browser().post("/api/auth", { [field]: canary, password: "x" })).status).toBe(401);
		}
		expect((await auth.browser().post(`/api/auth/sign-up?password=${canary}`, { username: canary })).status).toBe(422);
		expect(everyByte(auth).includes(canary)).toBe(false);
		expect(JSON.stringify(auth.logged)).not.toContain(canary);
	});

	it("[A41] [ASVS 16.4.1] keeps an event one event, whatever control characters the visitor sends", async () => {
		const auth = await openInstrumented();
		const browser = auth.browser({ headers: { "user-agent": '"},{"type":"user.deleted"}\t\u00a0\u009b31m' } });
		await browser.post("/api/auth/sign-up", { ...ada, name: '"}\u200f,{"' });
		const { events } = (await browser.get("/api/auth/events")).body;
		expect(events.map(({ type }: { type: string }) => type)).toEqual(["user.signed_up"]);
	});

	it("[A41] addresses are no keys of counters: the limits' table names nobody", async () => {
		const auth = await openInstrumented();
		const browser = auth.browser({ headers: from("203.0.113.77") });
		await browser.post("/api/auth", { email: "nobody@example.com", password: "x" });
		const keys = rows(auth, "SELECT key FROM latchkey_throttle").map(({ key }) => String(key));
		expect(keys).toHaveLength(2);
		for (const key of keys) expect(key).toMatch(/^[A-Za-z0-9_-]{32}$/);
		expect(everyByte(auth).includes("nobody@example.com")).toBe(false);
	});
});

async function runEveryFlow(auth: InstrumentedAuth): Promise<{ secrets: string[]; answers: TestAnswer[] }> {
	const [first = "", second = "", wrong = ""] = passwords;
	const answers: TestAnswer[] = [];
	const tokens = new Set<string>();
	const browser = auth.browser();
	async function keep(answering: Promise<TestAnswer>): Promise<TestAnswer> {
		const answer = await answering;
		answers.push(answer);
		const token = browser.cookies.get("session");
		if (token !== undefined) tokens.add(token);
		await auth.settled();
		return answer;
	}

	await keep(browser.post("/api/auth/sign-up", { ...ada, password: "short" }));
	await keep(browser.post("/api/auth/sign-up", { ...ada, password: first }));
	await keep(auth.browser().post("/api/auth/sign-up", { ...ada, password: wrong }));
	await keep(browser.get("/api/auth/user"));
	auth.clock.advance({ hours: 1 });
	await keep(browser.post("/api/auth/refresh"));
	await keep(browser.get("/api/auth/sessions"));
	await keep(browser.post("/api/auth", { email: ada.email, password: wrong }));
	await keep(browser.post("/api/auth", { email: wrong, password: wrong }));
	await keep(browser.post("/api/auth", { email: ada.email, password: first }));
	await keep(browser.post("/api/auth/reauthentication", { password: wrong }));
	await keep(browser.post("/api/auth/reauthentication", { password: first }));
	await keep(browser.put("/api/auth/password", { currentPassword: wrong, newPassword: second }));
	await keep(browser.put("/api/auth/password", { currentPassword: first, newPassword: "short" }));
	await keep(browser.put("/api/auth/password", { currentPassword: first, newPassword: second }));
	await keep(browser.get("/api/auth/user/export"));
	await keep(browser.get("/api/auth/events"));
	for (let guess = 0; guess < 12; guess++)
		await keep(auth.browser().post("/api/auth", { email: ada.email, password: wrong }));
	await keep(browser.delete(`/api/auth/sessions/${wrong}`));
	await keep(browser.post("/api/auth", `{"password":"${first}`));
	await keep(
		browser.request("POST", "/api/auth", first, { origin: "https://evil.example", "sec-fetch-site": "cross-site" }),
	);
	await keep(browser.request("POST", "/api/auth", first, { "content-type": "text/plain" }));

	await stolenCopy(auth, keep);
	const { storage } = await auth.engine();
	await auth.replaceStorage(() => ({
		// A parameter that SQLite refuses, with its own words.
		findCredentials: () => storage.findCredentials({ kind: "email", canonical: {} as never }),
	}));
	await keep(browser.post("/api/auth", { email: ada.email, password: second }));
	await auth.replaceStorage(() => ({}));
	await keep(browser.delete("/api/auth"));
	await keep(browser.post("/api/auth", { email: ada.email, password: second }));
	auth.clock.advance({ hours: 2 });
	await keep(browser.post("/api/auth", { email: ada.email, password: second }));

	const sids = [...tokens].map((token) => claimsOf(token).sid);
	const signatures = [...tokens].map((token) => token.split(".")[2]!);
	return { secrets: [...new Set([...passwords, ...tokens, ...sids, ...signatures])], answers };
}

/** A session whose old token comes back: it ends, and that is logged. */
async function stolenCopy(auth: InstrumentedAuth, keep: (answering: Promise<TestAnswer>) => Promise<TestAnswer>) {
	const victim = await signedUp(auth, { email: "bob@example.com", password: `${canary}-bob` });
	const stolen = victim.cookies.get("session")!;
	await keep(victim.get("/api/auth/user"));
	auth.clock.advance({ hours: 1 });
	await keep(victim.post("/api/auth/refresh"));
	await keep(victim.get("/api/auth/user"));
	auth.clock.advance({ hours: 1 });
	const thief = auth.browser();
	thief.cookies.set("session", stolen);
	expect((await keep(thief.get("/api/auth"))).body.authenticated).toBe(false);
	expect(auth.logged).toContainEqual(expect.objectContaining({ event: "session.copied" }));
}

/** The database's file and its write-ahead log, as a thief would carry them away. */
function everyByte({ file }: TestAuth): Buffer {
	const wal = `${file}-wal`;
	expect(existsSync(wal)).toBe(true);
	return Buffer.concat([readFileSync(file), readFileSync(wal)]);
}
