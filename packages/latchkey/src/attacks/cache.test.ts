import { describe, expect, it } from "vitest";
import { ada, signedUp } from "../../test/harness.ts";
import { endpointsOf, type InstrumentedAuth, openInstrumented } from "../../test/instruments.ts";

let people = 0;

describe("every answer", () => {
	it("[A42] [ASVS 14.3.2] [ASVS 14.2.2] [ASVS 3.4.4] [ASVS 4.1.1] is kept by no cache and is what its type says", async () => {
		const auth = await openInstrumented();
		const statuses = new Set<number>();
		for (const { path } of await endpointsOf(auth)) {
			for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
				const somebody = await signedUp(auth, { ...ada, email: `person${++people}@example.com` });
				for (const cookie of ["", somebody.cookieHeader()]) {
					const response = await send(auth, method, path, cookie);
					statuses.add(response.status);
					expectUncached(response, `${method} ${path}`);
					const isBare = response.status === 303 || ((await response.text()) === "" && method !== "HEAD");
					const type = isBare ? null : "application/json; charset=utf-8";
					expect(response.headers.get("content-type"), `${method} ${path}`).toBe(type);
				}
			}
		}
		expect([...statuses].sort()).toEqual([200, 204, 303, 401, 404, 405, 409, 410, 415]);
	});

	it("[A42] is kept by no cache when it begins, renews or ends a session, nor when it refuses to", async () => {
		const auth = await openInstrumented();
		const browser = auth.browser();
		const answers = [
			await browser.post("/api/auth/sign-up", ada),
			await browser.post("/api/auth/refresh"),
			await browser.post("/api/auth", { email: ada.email, password: ada.password }),
			await browser.post("/api/auth", { email: ada.email, password: "wrong" }),
			await browser.post("/api/auth", "{"),
			await browser.post("/api/auth", {}),
			await browser.post("/api/auth", { password: "x".repeat(70_000) }),
			await browser.post("/api/auth/sign-up", ada),
			await browser.post("/api/auth", ada, { "sec-fetch-site": "cross-site" }),
			await browser.request("POST", "/api/auth/sign-out", "", { "content-type": "application/x-www-form-urlencoded" }),
		];
		expect(answers.map(({ status }) => status)).toEqual([201, 200, 200, 401, 400, 422, 413, 409, 403, 303]);
		for (const { headers } of answers) expect(headers.get("cache-control")).toBe("no-store");
	});

	it("[ASVS 3.2.1] is shown in no frame and run nowhere", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth, { ...ada, name: "<script>alert(1)</script>" });
		for (const path of ["/api/auth", "/api/auth/user", "/api/auth/user/export", "/api/auth/nothing"]) {
			const { headers } = await browser.get(path, { accept: "text/html" });
			expect(headers.get("content-type")).toBe("application/json; charset=utf-8");
			expect(headers.get("x-content-type-options")).toBe("nosniff");
			expect(headers.get("content-security-policy")).toBe("default-src 'none'; frame-ancestors 'none'");
		}
	});

	it("[ASVS 3.4.2] lets no other origin read it", async () => {
		const auth = await openInstrumented();
		const cookie = (await signedUp(auth)).cookieHeader();
		for (const origin of ["https://evil.example", "null", "http://localhost:3000.evil.example"]) {
			for (const method of ["GET", "OPTIONS"]) {
				const headers = { origin, cookie, "access-control-request-method": "POST" };
				const response = await auth.handle(new Request("http://localhost:3000/api/auth", { method, headers }));
				const names = [...response.headers.keys()].filter((name) => name.startsWith("access-control-"));
				expect(names).toEqual([]);
			}
		}
	});
});

describe("an address that a cache could take for a static file", () => {
	const addresses = [
		"/api/auth.css",
		"/api/auth/.css",
		"/api/auth/x.css",
		"/api/auth/user.css",
		"/api/auth/user/x.css",
		"/api/auth/user/export.js",
		"/api/auth/sessions/x.css",
		"/api/auth;x.css",
		"/api/auth/user;x.css",
		"/api/auth%2fx.css",
		"/api/auth%3bx.css",
		"/api/auth%23x.css",
		"/api/auth%3fx.css",
		"/api/auth%00.css",
		"/api/auth%0a.css",
	];
	const otherSpellings = [
		"//api/auth",
		"/api//auth",
		"/api/auth/",
		"/api/auth//",
		"/api/auth/user/",
		"/api/auth//user",
		"/api/auth/%2e",
		"/api/auth/.",
		"/api/auth%2e",
		"/api/auth/user/%2e%2e/",
		"/api/auth/%2e%2e/auth/",
		"/api%2fauth",
		"/api/%61uth",
		"/API/auth",
		"/api/Auth",
		"/api/auth/USER",
		"/api\u2044auth",
	];

	it.each([...addresses, ...otherSpellings])("[A42] [ASVS 14.2.5] is not found: %s", async (path) => {
		const auth = await openInstrumented();
		const cookie = (await signedUp(auth)).cookieHeader();
		for (const method of ["GET", "POST", "DELETE"]) {
			const response = await send(auth, method, path, cookie);
			expect(response.status, method).toBe(404);
			expectUncached(response, path);
			expect(await response.text()).toBe('{"error":"Not found","code":"not_found"}');
			expect(response.headers.getSetCookie()).toEqual([]);
		}
	});

	it("[A42] is not made of a query or a fragment", async () => {
		const auth = await openInstrumented();
		const cookie = (await signedUp(auth)).cookieHeader();
		for (const path of ["/api/auth?x.css", "/api/auth?/x.css", "/api/auth#x.css"]) {
			const response = await send(auth, "GET", path, cookie);
			expect(response.status).toBe(200);
			expectUncached(response, path);
		}
	});
});

function send(auth: InstrumentedAuth, method: string, path: string, cookie: string): Promise<Response> {
	const headers = { "sec-fetch-site": "same-origin", ...(cookie !== "" && { cookie }) };
	return auth.handle(new Request(`http://localhost:3000${path}`, { method, headers }));
}

function expectUncached({ headers }: Response, what: string): void {
	expect(headers.get("cache-control"), what).toBe("no-store");
	expect(headers.get("x-content-type-options"), what).toBe("nosniff");
	for (const name of ["etag", "last-modified", "expires", "age"])
		expect(headers.has(name), `${what} ${name}`).toBe(false);
}
