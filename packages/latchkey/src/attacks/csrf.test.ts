import { describe, expect, it } from "vitest";
import { ada, signedUp } from "../../test/harness.ts";
import { type Endpoint, endpointsOf, everyRow, openInstrumented } from "../../test/instruments.ts";

const json = "application/json";
const form = "application/x-www-form-urlencoded";

const foreign: readonly [what: string, headers: Record<string, string>][] = [
	["nothing that says where it came from", {}],
	["Origin: null", { origin: "null" }],
	["another origin", { origin: "https://evil.example" }],
	["an origin that begins like ours", { origin: "http://localhost:3000.evil.example" }],
	["our host on another port", { origin: "http://localhost:3001" }],
	["our host over https", { origin: "https://localhost:3000" }],
	["two origins", { origin: "http://localhost:3000, https://evil.example" }],
	["Sec-Fetch-Site: cross-site", { "sec-fetch-site": "cross-site" }],
	["Sec-Fetch-Site: same-site", { "sec-fetch-site": "same-site" }],
	["Sec-Fetch-Site: none", { "sec-fetch-site": "none" }],
	["Sec-Fetch-Site: cross-site and our origin", { "sec-fetch-site": "cross-site", origin: "http://localhost:3000" }],
	["an unknown Sec-Fetch-Site", { "sec-fetch-site": "same-origin, cross-site" }],
	["a Referer of ours", { referer: "http://localhost:3000/account", origin: "null" }],
];

const bodies: readonly [media: string, body: string][] = [
	[json, JSON.stringify({ ...ada, currentPassword: ada.password, newPassword: "another horse staple" })],
	["text/plain", JSON.stringify({ ...ada, currentPassword: ada.password, newPassword: "another horse staple" })],
	[form, new URLSearchParams({ ...ada, redirectTo: "/" }).toString()],
	["multipart/form-data; boundary=b", '--b\r\ncontent-disposition: form-data; name="password"\r\n\r\nx\r\n--b--'],
];

describe("a request that another site made the browser send", () => {
	it.each(foreign)(
		"[A19] [ASVS 3.5.1] [ASVS 3.5.2] is refused everywhere with no effect: %s",
		async (_what, headers) => {
			const auth = await openInstrumented();
			const browser = await signedUp(auth);
			const cookie = browser.cookieHeader();
			await auth.settled();
			const before = everyRow(auth);
			for (const endpoint of await mutatingEndpoints(auth)) {
				for (const [media, body] of bodies) {
					const response = await auth.handle(requestOf(endpoint, { ...headers, cookie, "content-type": media }, body));
					const what = `${endpoint.method} ${endpoint.path} ${media}`;
					expect(response.status, what).toBe(403);
					expect(await response.json(), what).toMatchObject({ code: "cross_origin" });
					expect(response.headers.getSetCookie(), what).toEqual([]);
				}
			}
			await auth.settled();
			expect(everyRow(auth)).toBe(before);
			expect((await browser.get("/api/auth")).body.authenticated).toBe(true);
		},
	);

	it.each(foreign.filter(([, headers]) => Object.keys(headers).length > 0))(
		"[A19] is refused everywhere also without a cookie, such as a sign-in as the attacker: %s",
		async (_what, headers) => {
			const auth = await openInstrumented();
			await signedUp(auth);
			await auth.settled();
			const before = everyRow(auth);
			for (const endpoint of await mutatingEndpoints(auth)) {
				for (const [media, body] of bodies) {
					const response = await auth.handle(requestOf(endpoint, { ...headers, "content-type": media }, body));
					expect(response.status, `${endpoint.method} ${endpoint.path} ${media}`).toBe(403);
				}
			}
			await auth.settled();
			expect(everyRow(auth)).toBe(before);
		},
	);

	it("[A19] [ASVS 3.5.2] cannot pass as JSON by a media type that needs no preflight, wherever it says it comes from", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth);
		const cookie = browser.cookieHeader();
		await browser.get("/api/auth/user");
		await auth.settled();
		const before = everyRow(auth);
		const withBody = (await mutatingEndpoints(auth)).filter(
			({ hasBody, path }) => hasBody && !path.endsWith("/sign-out"),
		);
		expect(withBody.length).toBeGreaterThan(4);
		for (const endpoint of withBody) {
			for (const [media, body] of bodies.filter(([media]) => media !== json)) {
				for (const from of [{ "sec-fetch-site": "same-origin", cookie }, {}]) {
					const response = await auth.handle(requestOf(endpoint, { ...from, "content-type": media }, body));
					// Without a cookie a private endpoint refuses before it has looked at the body.
					expect(response.status, `${endpoint.path} ${media}`).toBeOneOf("cookie" in from ? [415] : [415, 401]);
				}
			}
		}
		await auth.settled();
		expect(everyRow(auth)).toBe(before);
	});

	it("[A19] is refused by the functions for trusted code as well", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth);
		const before = everyRow(auth);
		const request = { headers: new Headers({ cookie: browser.cookieHeader(), origin: "https://evil.example" }) };
		expect(await auth.signIn(request, ada)).toMatchObject({ ok: false, code: "cross_origin" });
		expect(await auth.signUp(request, ada)).toMatchObject({ ok: false, code: "cross_origin" });
		await expect(auth.endSession(request)).rejects.toMatchObject({ code: "cross_origin" });
		await expect(auth.createSession(request, { userId: "x" })).rejects.toMatchObject({ code: "cross_origin" });
		expect(everyRow(auth)).toBe(before);
	});
});

describe("a request of this site", () => {
	it("[A19] is served with Sec-Fetch-Site, with Origin alone, and without a cookie with neither", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth);
		const cookie = browser.cookieHeader();
		const signIn: Endpoint = { method: "POST", path: "/api/auth", hasBody: true };
		const refresh: Endpoint = { method: "POST", path: "/api/auth/refresh", hasBody: false };
		const body = JSON.stringify({ email: ada.email, password: ada.password });
		const byCurl = await auth.handle(requestOf(signIn, { "content-type": json }, body));
		expect(byCurl.status).toBe(200);
		const byOrigin = await auth.handle(requestOf(refresh, { cookie, origin: "http://localhost:3000" }));
		expect(byOrigin.status).toBe(200);
		const byBrowser = await auth.handle(requestOf(refresh, { cookie, "sec-fetch-site": "same-origin" }));
		expect(byBrowser.status).toBe(200);
	});

	it("[ASVS 3.5.3] [A19] changes nothing by GET or HEAD, whatever the query says", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth);
		// The first sight of a token and the last use of a session are not what a GET is for, but what it tells.
		await browser.get("/api/auth/user");
		await auth.settled();
		const before = everyRow(auth);
		const paths = new Set((await endpointsOf(auth)).map(({ path }) => path));
		// That somebody took everything along is worth a line in the log, and a message.
		paths.delete("/api/auth/user/export");
		for (const path of paths) {
			for (const method of ["GET", "HEAD"]) {
				const query = "?_method=DELETE&method=password&email=ada%40example.com&password=correct+horse+battery";
				const answer = await browser.request(method, path + query, undefined, { "x-http-method-override": "DELETE" });
				expect(answer.headers.getSetCookie(), `${method} ${path}`).toEqual([]);
			}
		}
		await auth.settled();
		expect(everyRow(auth)).toBe(before);
	});
});

async function mutatingEndpoints(auth: Parameters<typeof endpointsOf>[0]): Promise<Endpoint[]> {
	const endpoints = (await endpointsOf(auth)).filter(({ method }) => method !== "GET");
	expect(endpoints.length).toBeGreaterThan(9);
	return endpoints;
}

function requestOf({ method, path }: Endpoint, headers: Record<string, string>, body?: string): Request {
	return new Request(`http://localhost:3000${path}`, { method, headers, ...(body !== undefined && { body }) });
}
