import { describe, expect, it } from "vitest";
import { ada, signedUp } from "../../test/harness.ts";
import { claimsOf, type InstrumentedAuth, openInstrumented, rows } from "../../test/instruments.ts";
import type { TestBrowser } from "../testing.ts";

describe("sixteen refreshes at once", () => {
	it("[A26] receive the same next generation, and every one of them is good", async () => {
		const { auth, browser } = await openDueForRenewal();
		const tokens = await refreshAtOnce(auth, browser, 16);
		expect(new Set(tokens.map((token) => claimsOf(token).gen))).toEqual(new Set([2]));
		expect(new Set(tokens.map((token) => claimsOf(token).sid)).size).toBe(1);
		for (const token of tokens) expect(await isSignedIn(auth, token)).toBe(true);
		expect(generationOf(auth)).toBe(2);
	});

	it("[A26] can go on for days without anybody being signed out", async () => {
		const { auth, browser } = await openDueForRenewal();
		for (let round = 2; round < 12; round++) {
			const tokens = await refreshAtOnce(auth, browser, 16);
			expect(new Set(tokens.map((token) => claimsOf(token).gen))).toEqual(new Set([round]));
			browser.cookies.set("session", tokens.at(-1)!);
			await use(auth, browser);
			auth.clock.advance({ hours: 5 });
		}
		expect(await isSignedIn(auth, browser.cookies.get("session")!)).toBe(true);
	});

	it("[A26] do not move when and how the person authenticated, nor when the session ends", async () => {
		const { auth, browser } = await openDueForRenewal();
		const before = claimsOf(browser.cookies.get("session")!);
		const [token] = await refreshAtOnce(auth, browser, 1);
		const { auth_time, amr, exp } = claimsOf(token!);
		expect({ auth_time, amr, exp }).toEqual({ auth_time: before.auth_time, amr: before.amr, exp: before.exp });
	});
});

describe("a token that was renewed", () => {
	it("[A26] is good for thirty seconds after its successor was first seen, not longer", async () => {
		const { auth, old, successor } = await openRenewedAndSeen();
		auth.clock.advance({ seconds: 30 });
		expect(await isSignedIn(auth, old)).toBe(true);
		expect(await isSignedIn(auth, successor)).toBe(true);
		auth.clock.advance({ seconds: 1 });
		expect(await isSignedIn(auth, successor)).toBe(true);
	});

	it("[A26] ends the session when it comes back after that, for its thief and its owner", async () => {
		const { auth, old, successor } = await openRenewedAndSeen();
		auth.clock.advance({ seconds: 31 });
		expect(await isSignedIn(auth, old)).toBe(false);
		expect(await isSignedIn(auth, successor)).toBe(false);
		const events = rows(auth, "SELECT type FROM latchkey_audit_event ORDER BY id DESC");
		expect(events[0]).toEqual({ type: "session.copied" });
		expect(auth.logged).toContainEqual(expect.objectContaining({ event: "session.copied" }));
	});

	it.each(["refresh", "reauthentication", "user"])(
		"[A26] ends the session at /%s as well, with no effect there",
		async (path) => {
			const { auth, old, successor } = await openRenewedAndSeen();
			auth.clock.advance({ seconds: 31 });
			const thief = browserWith(auth, old);
			const answer = path === "user" ? await thief.get("/api/auth/user") : await thief.post(`/api/auth/${path}`, ada);
			expect(answer.status).toBe(401);
			expect(answer.headers.getSetCookie()).toEqual([]);
			expect(await isSignedIn(auth, successor)).toBe(false);
		},
	);

	it("[A26] in sixteen copies at once ends the session once", async () => {
		const { auth, old, successor } = await openRenewedAndSeen();
		auth.clock.advance({ seconds: 31 });
		const answers = await Promise.all(
			Array.from({ length: 16 }, () => browserWith(auth, old).post("/api/auth/refresh")),
		);
		expect(answers.map(({ status }) => status)).toEqual(Array<number>(16).fill(401));
		expect(await isSignedIn(auth, successor)).toBe(false);
		expect(rows(auth, "SELECT id FROM latchkey_audit_event WHERE type = 'session.copied'")).toHaveLength(1);
	});

	it("[A26] stays good as long as its successor was lost on the way", async () => {
		const { auth, browser } = await openDueForRenewal();
		const old = browser.cookies.get("session")!;
		await refreshAtOnce(auth, browser, 1);
		auth.clock.advance({ hours: 3 });
		expect(await isSignedIn(auth, old)).toBe(true);
		expect(await refreshAtOnce(auth, browser, 16)).toHaveLength(16);
		expect(generationOf(auth)).toBe(2);
	});

	it("[A26] two generations back is nobody's, and ends the session once no late request can be its excuse", async () => {
		const { auth, browser, old } = await openRenewedAndSeen();
		auth.clock.advance({ hours: 1 });
		const [third] = await refreshAtOnce(auth, browser, 1);
		expect(claimsOf(third!).gen).toBe(3);
		auth.clock.advance({ seconds: 1 });
		expect(await isSignedIn(auth, old)).toBe(false);
		expect(await isSignedIn(auth, third!)).toBe(true);
		auth.clock.advance({ seconds: 30 });
		expect(await isSignedIn(auth, old)).toBe(false);
		expect(await isSignedIn(auth, third!)).toBe(false);
	});
});

/** Signed in, the first token seen, and old enough to be renewed. */
async function openDueForRenewal() {
	const auth = await openInstrumented();
	const browser = await signedUp(auth);
	await use(auth, browser);
	auth.clock.advance({ hours: 1 });
	return { auth, browser };
}

/** Renewed once; the successor has come in on the wire. */
async function openRenewedAndSeen() {
	const { auth, browser } = await openDueForRenewal();
	const old = browser.cookies.get("session")!;
	const [successor] = await refreshAtOnce(auth, browser, 1);
	browser.cookies.set("session", successor!);
	await use(auth, browser);
	return { auth, browser, old, successor: successor! };
}

async function use(auth: InstrumentedAuth, browser: TestBrowser): Promise<void> {
	expect((await browser.get("/api/auth/user")).status).toBe(200);
	await auth.settled();
}

/** All with the token that `browser` has now, which keeps it. */
async function refreshAtOnce(auth: InstrumentedAuth, browser: TestBrowser, count: number): Promise<string[]> {
	const copies = Array.from({ length: count }, () => browserWith(auth, browser.cookies.get("session")!));
	const answers = await Promise.all(copies.map((copy) => copy.post("/api/auth/refresh")));
	expect(answers.map(({ status }) => status)).toEqual(Array<number>(count).fill(200));
	await auth.settled();
	return copies.map(({ cookies }) => cookies.get("session")!);
}

function browserWith(auth: InstrumentedAuth, token: string): TestBrowser {
	const browser = auth.browser();
	browser.cookies.set("session", token);
	return browser;
}

async function isSignedIn(auth: InstrumentedAuth, token: string): Promise<boolean> {
	return (await browserWith(auth, token).get("/api/auth")).body.authenticated;
}

function generationOf(auth: InstrumentedAuth): unknown {
	return rows(auth, "SELECT generation FROM latchkey_session")[0]!.generation;
}
