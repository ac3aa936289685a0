import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signJws } from "../packages/latchkey/src/lib/crypto/jws.ts";
import { deriveKeyRing } from "../packages/latchkey/src/lib/crypto/keys.ts";
import { type Application, startApplication, testSecret } from "./application.ts";
import { newAddress, password, visit } from "./visit.ts";

const minute = 60_000;
let application: Application;
let folder: string;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "latchkey renewal "));
	application = await startApplication({ AUTH_DATABASE_URL: `file:${join(folder, "auth.db")}` });
});

afterAll(async () => {
	await application.stop();
	rmSync(folder, { recursive: true, force: true });
});

interface Claims extends Record<string, unknown> {
	gen: number;
	fresh: number;
	iat: number;
}

/** A session whose token was handed out twenty minutes ago, as the row and the token would then say. */
async function agedSession(): Promise<string> {
	const answer = await fetch(`${application.origin}/api/auth/sign-up`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify({ email: newAddress(), password }),
	});
	const { session } = (await answer.json()) as { session: { id: string } };
	const database = new DatabaseSync(join(folder, "auth.db"), { timeout: 5000 });
	const then = Date.now() - 20 * minute;
	database
		.prepare("update latchkey_session set renewed_at = ?, seen_at = ?, generation_seen = 1 where id = ?")
		.run(then, then, session.id);
	database.close();
	const claims = claimsOf(answer.headers.getSetCookie()[0]!);
	const { id, key } = deriveKeyRing([testSecret], "session-token").current;
	const aged = { ...claims, iat: claims.iat - 20 * 60, fresh: claims.fresh - 20 * 60 };
	return signJws({ alg: "HS256", typ: "latchkey-session+jwt", kid: id }, aged, key);
}

function claimsOf(cookie: string): Claims {
	const payload = cookie.split(".")[1]!;
	return JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as Claims;
}

const sessionCookies = (answer: Response) => answer.headers.getSetCookie().filter((cookie) => /^session=/.test(cookie));

it("the proxy renews on the way, tells no cache to keep it, and hands racing requests one generation [A26]", async () => {
	const token = await agedSession();
	const ask = () =>
		fetch(`${application.origin}/dashboard`, { headers: { cookie: `session=${token}`, accept: "text/html" } });
	const answers = await Promise.all(Array.from({ length: 10 }, ask));
	const renewed = answers.flatMap(sessionCookies);
	expect(renewed.length).toBeGreaterThan(0);
	expect(new Set(renewed.map((cookie) => claimsOf(cookie).gen))).toEqual(new Set([2]));
	for (const answer of answers) {
		expect(answer.status).toBe(200);
		if (sessionCookies(answer).length > 0) expect(answer.headers.get("cache-control")).toMatch(/no-store/);
	}
});

it("the page behind the proxy still sees the token that came", async () => {
	const token = await agedSession();
	const answer = await fetch(`${application.origin}/api/me`, { headers: { cookie: `session=${token}` } });
	expect(answer.status).toBe(200);
	expect(sessionCookies(answer).map((cookie) => claimsOf(cookie).gen)).toContain(2);
});

it("a page full of links, all prefetched with an old token at once, signs nobody out", async () => {
	const page = await visit({ baseURL: application.origin });
	const token = await agedSession();
	await page.context().addCookies([{ name: "session", value: token, url: application.origin, httpOnly: true }]);
	const prefetched = new Set<string>();
	page.on("request", (request) => {
		if ("next-router-prefetch" in request.headers()) prefetched.add(new URL(request.url()).pathname);
	});
	await page.goto("/account", { waitUntil: "networkidle" });
	expect(prefetched.size).toBeGreaterThan(3);
	await page.reload({ waitUntil: "networkidle" });
	const who = await page.evaluate(async () => (await fetch("/api/auth")).json());
	expect(who).toMatchObject({ authenticated: true });
	const cookie = (await page.context().cookies()).find(({ name }) => name === "session");
	expect(claimsOf(cookie!.value).gen).toBe(2);
});

it("a prefetch does not renew, though the same request without its headers does", async () => {
	const token = await agedSession();
	for (const [prefetch, renewals] of [
		[{ "next-router-prefetch": "1" }, 0],
		[{ "sec-purpose": "prefetch", accept: "text/html" }, 0],
		[{ accept: "text/html" }, 1],
	] as [Record<string, string>, number][]) {
		const answer = await fetch(`${application.origin}/dashboard`, {
			headers: { cookie: `session=${token}`, ...prefetch },
		});
		expect([answer.status, sessionCookies(answer).length]).toEqual([200, renewals]);
	}
});

describe("somebody who does nothing for a while [ASVS 7.3.1]", () => {
	const day = 24 * 60 * minute;

	/** Sets or reads when the session of the test ends for want of use. */
	function idleEnd(sessionId: string, to?: number): number {
		const database = new DatabaseSync(join(folder, "auth.db"), { timeout: 5000 });
		if (to !== undefined) {
			database.prepare("update latchkey_session set idle_expires_at = ? where id = ?").run(to, sessionId);
		}
		const row = database.prepare("select idle_expires_at from latchkey_session where id = ?").get(sessionId);
		database.close();
		return Number(row?.idle_expires_at);
	}

	/** Nearly two weeks pass for the page, after which it asks the server how long the session still has. */
	async function letTimePass(page: Page): Promise<void> {
		await Promise.all([
			page.waitForResponse((response) => response.url().endsWith("/api/auth")),
			page.clock.fastForward(14 * day - minute),
		]);
	}

	it("is warned, stays at the press of a key, and is else brought to the sign-in page", async () => {
		const page = await visit({ baseURL: application.origin });
		const answer = await page.request.post("/api/auth/sign-up", { data: { email: newAddress(), password } });
		const sessionId = ((await answer.json()) as { session: { id: string } }).session.id;
		await page.clock.install();
		await page.goto("/account", { waitUntil: "networkidle" });
		const warning = page.getByRole("dialog", { name: "Are you still there?" });

		// It was used elsewhere: there is nothing to warn of.
		await letTimePass(page);
		expect(await warning.count()).toBe(0);

		idleEnd(sessionId, Date.now() + 50_000);
		await letTimePass(page);
		await warning.waitFor();
		await page.keyboard.press("Enter");
		await warning.waitFor({ state: "hidden" });
		await expect.poll(() => idleEnd(sessionId)).toBeGreaterThan(Date.now() + 13 * day);

		idleEnd(sessionId, Date.now() + 50_000);
		await page.clock.fastForward(10_000);
		await letTimePass(page);
		await warning.waitFor();
		idleEnd(sessionId, Date.now() - 1000);
		await page.clock.fastForward(minute);
		await page.waitForURL(/\/sign-in\?next=%2Faccount/);
		await page.getByText("Your session has ended").waitFor();
	});
});
