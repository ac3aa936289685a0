import { closeSync, fstatSync, openSync, writeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startApplication } from "./application.ts";
import { complaint, origin, register, signInBy, visit } from "./visit.ts";

const strictPages = ["/sign-in", "/sign-in/problem", "/sign-up", "/fetch"];
const strictAndProtected = [
	"/reauthenticate",
	"/dashboard",
	"/account",
	"/account/password",
	"/account/devices",
	"/account/connections",
	"/account/activity",
	"/account/data",
	"/account/appearance",
];

describe("the content security policy", () => {
	it("lets in no script without this response's nonce where a password or an account is shown [ASVS 3.4.3]", async () => {
		const page = await visit();
		await register(page);
		const violations: string[] = [];
		page.on("console", (message) => {
			if (/content security policy/i.test(message.text())) violations.push(message.text());
		});
		const nonces = new Set<string>();
		for (const path of [...strictPages, ...strictAndProtected]) {
			const response = (await page.goto(path, { waitUntil: "load" }))!;
			const policy = response.headers()["content-security-policy"]!;
			const scripts = /script-src ([^;]*)/.exec(policy)![1]!;
			expect(scripts).toMatch(/^'self' 'nonce-[\w+/=]{22,}' 'strict-dynamic'$/);
			for (const part of ["object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"]) {
				expect(policy).toContain(part);
			}
			const nonce = /'nonce-([^']+)'/.exec(scripts)![1]!;
			nonces.add(nonce);
			const tags = (await response.text()).match(/<script[^>]*>/g) ?? [];
			expect(tags.length).toBeGreaterThan(3);
			expect(tags.filter((tag) => !tag.includes(`nonce="${nonce}"`))).toEqual([]);
			expect(response.headers()["cache-control"]).toContain("no-store");
		}
		expect(nonces.size).toBe(strictPages.length + strictAndProtected.length);
		expect(violations).toEqual([]);
	});

	it("stops a script that was injected into the page", async () => {
		const page = await visit();
		await page.goto("/sign-in");
		const ran = await page.evaluate(() => {
			const script = document.createElement("div");
			script.innerHTML = `<img src="data:," onerror="globalThis.injected = true">`;
			document.body.append(script);
			return new Promise((resolve) => setTimeout(() => resolve("injected" in globalThis), 200));
		});
		expect(ran).toBe(false);
	});

	it("is there for the static page too, as strict as a static page can have it", async () => {
		const page = await visit();
		await register(page);
		for (const path of ["/", "/welcome/en/dark"]) {
			const policy = (await page.request.get(path)).headers()["content-security-policy"]!;
			expect(policy).toContain("frame-ancestors 'none'");
			expect(policy).toContain("object-src 'none'");
		}
	});
});

describe("every answer", () => {
	it.each(["/", "/sign-in", "/api/auth", "/api/me", "/nothing", "/.well-known/change-password", "/icon.svg"])(
		"of %s carries the security headers [ASVS 3.4.4, 3.4.5, 3.4.8]",
		async (path) => {
			const { headers } = await fetch(`${origin}${path}`, { redirect: "manual" });
			expect(headers.get("x-content-type-options")).toBe("nosniff");
			expect(headers.get("referrer-policy")).toBe("same-origin");
			expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
			expect(headers.get("x-frame-options")).toBe("DENY");
			expect(headers.get("permissions-policy")).toContain("camera=()");
			expect(headers.get("x-powered-by")).toBeNull();
			expect(headers.get("strict-transport-security")).toBeNull();
		},
	);

	it("asks for https from then on when it came by https [ASVS 3.4.1]", async () => {
		const { headers } = await fetch(`${origin}/sign-in`, { headers: { "x-forwarded-proto": "https" } });
		expect(headers.get("strict-transport-security")).toBe("max-age=63072000; includeSubDomains");
	});
});

describe("addresses", () => {
	it("lead password managers to the pages where passwords and passkeys are changed", async () => {
		const answer = await fetch(`${origin}/.well-known/change-password`, { redirect: "manual" });
		expect([answer.status, answer.headers.get("location")]).toEqual([302, "/account/password"]);
		const endpoints = await fetch(`${origin}/.well-known/passkey-endpoints`, { redirect: "manual" });
		const page = `${origin}/account/security/passkeys`;
		expect([endpoints.status, await endpoints.json()]).toEqual([200, { enroll: page, manage: page }]);
		expect((await fetch(`${origin}/.well-known/webauthn`, { redirect: "manual" })).status).toBe(404);
		const probe = "resource-that-should-not-exist-whose-status-code-should-not-be-200";
		expect((await fetch(`${origin}/.well-known/${probe}`, { redirect: "manual" })).status).toBe(404);
	});

	it.each(strictAndProtected)(
		"turn a stranger away from %s by a real redirect, and say nothing [A16]",
		async (path) => {
			for (const headers of [{}, { "x-middleware-subrequest": "proxy:proxy:proxy:proxy:proxy" }] as Record<
				string,
				string
			>[]) {
				const answer = await fetch(`${origin}${path}`, {
					redirect: "manual",
					headers: { accept: "text/html", ...headers },
				});
				expect(answer.status).toBe(307);
				expect(answer.headers.get("location")).toBe(`/sign-in?next=${encodeURIComponent(path)}`);
				expect(await answer.text()).not.toContain("<main");
			}
		},
	);

	it("answer a form that was sent too late with the sign-in page, not by sending it on", async () => {
		const body = new FormData();
		body.set("current_password", "a-canary-password");
		const answer = await fetch(`${origin}/account/password`, {
			method: "POST",
			body,
			redirect: "manual",
			headers: { origin, accept: "text/html", "sec-fetch-dest": "document", "sec-fetch-site": "same-origin" },
		});
		expect([answer.status, answer.headers.get("location")]).toEqual([303, "/sign-in?next=%2Faccount%2Fpassword"]);
	});

	it("of the guarded route answer 401 as JSON to a stranger, and to its owner what is theirs", async () => {
		const page = await visit();
		expect((await page.request.get("/api/me", { headers: { accept: "application/json" } })).status()).toBe(401);
		const email = await register(page);
		expect(await (await page.request.get("/api/me")).json()).toMatchObject({ email });
	});
});

it("says in plain words that the store is out of reach, and shows nobody's page [A39]", async () => {
	const folder = await mkdtemp(join(tmpdir(), "latchkey outage "));
	const application = await startApplication({ AUTH_DATABASE_URL: `file:${join(folder, "auth.db")}` });
	try {
		const page = await visit({ baseURL: application.origin });
		await register(page, "Ada Lovelace");
		await page.goto("/dashboard");
		await page.getByRole("heading", { name: /Ada Lovelace/ }).waitFor();
		for (const file of ["auth.db", "auth.db-wal", "auth.db-shm"]) overwrite(join(folder, file));

		const answer = (await page.goto("/account"))!;
		expect(answer.status()).toBe(503);
		expect(answer.headers()["cache-control"]).toContain("no-store");
		expect(await page.content()).not.toContain("Ada Lovelace");
		expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("This is not available right now");
		expect((await page.request.get("/account", { headers: { accept: "application/json" } })).status()).toBe(503);

		await page.goto("/sign-in");
		await signInBy(page, "ada@example.com");
		await complaint(page).filter({ hasText: "not available right now" }).waitFor();
	} finally {
		await application.stop();
		await rm(folder, { recursive: true, force: true });
	}
});

/** Ruins a file where it stands, so that whoever has it open meets the ruins. */
function overwrite(file: string): void {
	const handle = openSync(file, "r+");
	writeSync(handle, Buffer.alloc(fstatSync(handle).size, "gone"), 0);
	closeSync(handle);
}
