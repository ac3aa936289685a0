import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Application } from "./application.ts";
import { type GuardAppVariant, startGuardApp } from "./guard-app.ts";
import { newAddress, password, visit } from "./visit.ts";

const variants: GuardAppVariant[] = ["cache-components", "classic"];

describe.each(variants)("guards without a proxy, %s", (variant) => {
	let application: Application;
	let origin: string;
	let folder: string;

	beforeAll(async () => {
		folder = mkdtempSync(join(tmpdir(), "latchkey guards "));
		application = await startGuardApp(variant, { AUTH_DATABASE_URL: `file:${join(folder, "auth.db")}` });
		origin = application.origin;
	});

	afterAll(async () => {
		await application.stop();
		rmSync(folder, { recursive: true, force: true });
	});

	/** Somebody who is signed in: their address and cookie. */
	async function somebody(): Promise<{ email: string; cookie: string }> {
		const email = newAddress();
		const answer = await fetch(`${origin}/api/auth/sign-up`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify({ email, password }),
		});
		return { email, cookie: answer.headers.getSetCookie()[0]!.split(";")[0]! };
	}

	async function visitAs(cookie: string | null): Promise<Page> {
		const page = await visit({ baseURL: origin });
		if (cookie !== null) {
			const value = cookie.slice("session=".length);
			await page.context().addCookies([{ name: "session", value, url: origin, httpOnly: true, sameSite: "Lax" }]);
		}
		return page;
	}

	async function calls(): Promise<Record<string, number>> {
		const answer = await fetch(`${origin}/api/calls`);
		// No proxy has turned this away, not even the one of the application above this folder.
		expect(answer.status).toBe(200);
		return answer.json() as Promise<Record<string, number>>;
	}

	/** Next.js sends a request of the router's on to where its headers stand in the address too. */
	async function askAsRouter(path: string, headers: Record<string, string>): Promise<Response> {
		const answer = await fetch(`${origin}${path}`, { headers, redirect: "manual" });
		const onward = answer.headers.get("location") ?? "";
		return onward.includes("_rsc") ? fetch(new URL(onward, origin), { headers, redirect: "manual" }) : answer;
	}

	const forged: [string, string, Record<string, string>][] = [
		["plainly", "/secret", {}],
		["past middleware [A16]", "/secret", { "x-middleware-subrequest": "middleware:middleware:middleware:middleware" }],
		["past proxy [A16]", "/secret", { "x-middleware-subrequest": "proxy:proxy:proxy:proxy:proxy" }],
		["as a navigation of the router", "/secret", { rsc: "1" }],
		["as a prefetch", "/secret", { rsc: "1", "next-router-prefetch": "1" }],
		["as a runtime prefetch", "/secret", { rsc: "1", "next-router-prefetch": "2" }],
		[
			"as a prefetch of a segment",
			"/secret",
			{ rsc: "1", "next-router-prefetch": "1", "next-router-segment-prefetch": "/_tree" },
		],
		["as flight data by its address", "/secret.rsc", {}],
		["as a segment by its address", "/secret.segments/_tree.segment.rsc", {}],
		["with a cookie that was set by nobody", "/secret", { cookie: "session=eyJhbGciOiJub25lIn0.e30." }],
		["with an arrival that it made up", "/secret", { "x-latchkey-arrival": "fetch;0;127.0.0.1;/secret" }],
		["with a cookie that a proxy set", "/secret", { "x-middleware-set-cookie": "session=1" }],
	];

	it.each(forged)("a page shows nothing to a stranger who asks %s", async (_how, path, headers) => {
		const before = await calls();
		expect(await (await askAsRouter(path, headers)).text()).not.toContain("the-secret-of");
		expect(await calls()).toEqual(before);
	});

	it.each(forged.filter(([how]) => /plainly|past|navigation|made up|proxy set/.test(how)))(
		"the same page shows its owner what is theirs who asks %s, so that the refusals have a reason",
		async (_how, path, headers) => {
			const { email, cookie } = await somebody();
			const answer = await (await askAsRouter(path, { ...headers, cookie })).text();
			for (const part of ["the-secret-of", email]) expect(answer).toContain(part);
		},
	);

	it("a page sends a stranger to sign in with the way back, and shows its owner what is theirs", async () => {
		const stranger = await visitAs(null);
		await stranger.goto("/secret/3?a=b");
		await stranger.waitForURL(`${origin}/sign-in?next=${encodeURIComponent("/secret/3?a=b")}`);

		const { email, cookie } = await somebody();
		const owner = await visitAs(cookie);
		await owner.goto("/secret/3");
		await owner.getByText(`the-secret-of ${email} number 3 agrees`).waitFor();
	});

	it("a page that asks for a recent proof lets in who has just signed in", async () => {
		const { cookie } = await somebody();
		const page = await visitAs(cookie);
		await page.goto("/recent");
		await page.getByText("the-recent-secret").waitFor();
	});

	it("an action runs for its user, refuses bad input, and refuses a stranger without running", async () => {
		const { email, cookie } = await somebody();
		const page = await visitAs(cookie);
		await page.goto("/act");
		await page.getByRole("button", { name: "Act", exact: true }).click();
		await page.getByText(`hello by ${email}`).waitFor();
		await page.getByRole("button", { name: "Act badly" }).click();
		await page.getByText('"fields":{"word":"too_short"}').waitFor();

		const before = await calls();
		await page.context().clearCookies();
		await page.getByRole("button", { name: "Act", exact: true }).click();
		await page.getByText('"code":"not_authenticated"').waitFor();
		expect(await calls()).toEqual(before);
	});

	it("an action refuses another site, also when the header that Next.js looks at is missing [A19]", async () => {
		const { cookie } = await somebody();
		const page = await visitAs(cookie);
		await page.goto("/act");
		const sent = page.waitForRequest((request) => request.headers()["next-action"] !== undefined);
		await page.getByRole("button", { name: "Act", exact: true }).click();
		const action = (await sent).headers()["next-action"]!;
		await page.getByText("hello by").waitFor();

		const before = await calls();
		const call = (headers: Record<string, string>) =>
			fetch(`${origin}/act`, {
				method: "POST",
				headers: { "next-action": action, "content-type": "text/plain;charset=UTF-8", cookie, ...headers },
				body: JSON.stringify([{ word: "hello" }]),
			});
		for (const headers of [
			{},
			{ "sec-fetch-site": "cross-site" },
			{ origin: "https://evil.example" },
			{ origin: "null" },
		]) {
			const answer = await call(headers as Record<string, string>);
			expect(await answer.text()).not.toContain("hello by");
		}
		expect(await calls()).toEqual(before);
		expect(await (await call({ "sec-fetch-site": "same-origin" })).text()).toContain("hello by");
	});

	it("a route answers each kind of request in its own way", async () => {
		const before = await calls();
		const ask = (headers: Record<string, string>, method = "GET") =>
			fetch(`${origin}/api/secret`, { method, headers, redirect: "manual" });
		const asJson = await ask({});
		expect(asJson.status).toBe(401);
		expect(await asJson.json()).toEqual({ error: "Not signed in", code: "not_authenticated" });
		const asDocument = await ask({ "sec-fetch-dest": "document", "sec-fetch-mode": "navigate" });
		expect([asDocument.status, asDocument.headers.get("location")]).toEqual([303, "/sign-in"]);

		const { email, cookie } = await somebody();
		const asPrefetch = await ask({ cookie, "next-router-prefetch": "1" });
		expect(asPrefetch.status).toBe(204);
		expect((await ask({ cookie, "sec-fetch-site": "cross-site" }, "POST")).status).toBe(403);
		expect((await ask({ cookie }, "POST")).status).toBe(403);
		expect(await calls()).toEqual(before);

		const answer = await ask({ cookie });
		expect(await answer.json()).toEqual({ secret: `the-secret-of ${email}` });
		expect(answer.headers.get("cache-control")).toBe("private, no-store");
	});

	it("a page, a route and the API agree about a cookie that was planted beside another [A17]", async () => {
		const [ada, mallory] = [await somebody(), await somebody()];
		const token = mallory.cookie.slice("session=".length);
		const encoded = `%${token.charCodeAt(0).toString(16)}${token.slice(1)}`;
		const planted: [string, string, boolean][] = [
			["alone", ada.cookie, true],
			["twice", `${ada.cookie}; ${mallory.cookie}`, false],
			["percent-encoded behind it", `${ada.cookie}; session=${encoded}`, false],
			["percent-encoded before it", `session=${encoded}; ${ada.cookie}`, false],
			["without a value", `${ada.cookie}; session`, true],
		];
		for (const [how, cookie, asAda] of planted) {
			const page = await (await fetch(`${origin}/secret`, { headers: { cookie } })).text();
			const route = await (await fetch(`${origin}/api/secret`, { headers: { cookie } })).text();
			const api = await (await fetch(`${origin}/api/auth`, { headers: { cookie } })).text();
			for (const answer of [page, route, api]) expect([how, answer.includes(ada.email)]).toEqual([how, asAda]);
			for (const answer of [page, route, api]) expect([how, answer.includes(mallory.email)]).toEqual([how, false]);
		}
	});

	it("a route's answer is no shared cache's, whatever its handler says [A42]", async () => {
		const { cookie } = await somebody();
		for (const wish of ["public, s-maxage=600", "max-age=600"]) {
			const answer = await fetch(`${origin}/api/cached?wish=${encodeURIComponent(wish)}`, { headers: { cookie } });
			expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "private, no-store"]);
		}
	});

	it("a route that changes something is not talked out of it by calling it a prefetch", async () => {
		const { cookie } = await somebody();
		const headers = { cookie, "content-type": "application/json", "sec-fetch-site": "same-origin" };
		const answer = await fetch(`${origin}/api/secret`, {
			method: "POST",
			headers: { ...headers, "next-router-prefetch": "1" },
			body: JSON.stringify({ word: "hello" }),
		});
		expect(await answer.json()).toEqual({ said: "hello" });
	});

	it("a form cannot stop the server with a password that is dear to normalise [A38]", async () => {
		const { cookie } = await somebody();
		const dear = "\u0315\u0316".repeat(10_000);
		const headers = { cookie, "content-type": "application/json", "sec-fetch-site": "same-origin" };
		const answer = await fetch(`${origin}/api/auth/reauthentication`, {
			method: "POST",
			headers,
			body: JSON.stringify({ password: dear }),
		});
		expect(answer.status).toBe(422);
	});

	it("a link to a route runs nothing ahead of the click", async () => {
		const { cookie } = await somebody();
		const before = await calls();
		const page = await visitAs(cookie);
		await page.goto("/", { waitUntil: "networkidle" });
		expect(await calls()).toEqual(before);
	});
});
