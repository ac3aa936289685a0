import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { ada, openTestAuth, testSecret } from "../../../test/harness.ts";
import { begin, comeBack, problemOf } from "../../../test/oauth-harness.ts";
import { createEngine } from "../auth.ts";
import { bffHandler } from "../bff/bff-handler.ts";
import type { Engine } from "../engine.ts";
import type { TestBrowser } from "../testing/test-browser.ts";
import { examplePeople } from "./example-people.ts";
import { exampleProvider } from "./example-provider.ts";

const port = 21_000 + (process.pid % 1000);

/** What a browser does at the example provider: follows, chooses, follows. Answers the address of the callback. */
async function choose(
	authorizationUrl: string,
	person: string,
	{ site = "http://localhost:3000", cookies = new Map<string, string>() } = {},
): Promise<string> {
	let url = authorizationUrl;
	let body: URLSearchParams | undefined;
	for (let step = 0; step < 10; step++) {
		const response = await follow(url, cookies, body);
		body = undefined;
		const location = response.headers.get("location");
		if (location === null) {
			expect(await response.text()).toContain("Ada Lovelace");
			body = new URLSearchParams({ person });
			continue;
		}
		url = new URL(location, url).href;
		if (url.startsWith(`${site}/`)) return url;
	}
	throw new Error(`the example provider did not come back from ${url}`);
}

async function signInAs(person: string, browser: TestBrowser) {
	return comeBack(browser, await choose(await begin(browser), person));
}

/** One request with the cookies of a browser, which keeps what it gets. */
async function follow(url: string, cookies: Map<string, string>, body?: URLSearchParams): Promise<Response> {
	const cookie = [...cookies].map((pair) => pair.join("=")).join("; ");
	const response = await fetch(url, { redirect: "manual", headers: { cookie }, ...(body && { method: "POST", body }) });
	for (const set of response.headers.getSetCookie()) {
		const [name = "", value = ""] = set.split(";")[0]!.split("=");
		cookies.set(name, value);
	}
	return response;
}

function askContacts(opening: () => Promise<Engine>) {
	const bff = bffHandler(opening, { upstreams: { contacts: { url: "/contacts", token: { provider: "example" } } } });
	return (browser: TestBrowser) => {
		const headers = { "sec-fetch-site": "same-origin", cookie: browser.cookieHeader() };
		return bff(new Request("http://localhost:3000/api/bff/contacts", { headers }));
	};
}

describe("the example provider", () => {
	it("signs in with a real OpenID provider on loopback, without the network", async () => {
		const auth = openTestAuth({ methods: [exampleProvider({ port })] });
		const browser = auth.browser();
		expect((await browser.get("/api/auth/providers")).body.providers).toEqual([
			{ id: "example", name: "the example provider" },
		]);
		expect((await signInAs("ada", browser)).headers.get("location")).toBe("/");
		expect((await browser.get("/api/auth")).body.user).toMatchObject({
			name: "Ada Lovelace",
			email: "ada@example.org",
			emailVerified: true,
		});
		const mary = auth.browser();
		await signInAs("mary", mary);
		expect((await mary.get("/api/auth")).body.user).toMatchObject({ name: "Mary Somerville", email: null });
		const alan = auth.browser();
		await signInAs("alan", alan);
		expect((await alan.get("/api/auth")).body.user).toMatchObject({ email: null, emailVerified: false });
	});

	it("says that somebody cancelled there", async () => {
		const auth = openTestAuth({ methods: [exampleProvider({ port })] });
		expect(problemOf(await signInAs("", auth.browser()))).toBe("sign_in_cancelled");
	});

	it("does not exist for any other origin than loopback", async () => {
		const logged: unknown[] = [];
		const auth = createEngine({
			methods: [exampleProvider({ port: port + 1 })],
			url: "https://app.example.com",
			secret: testSecret,
			database: "file::memory:",
			logger: (entry) => logged.push(entry),
		});
		expect((await auth.engine()).providers.offered).toEqual([]);
		const request = new Request("https://app.example.com/api/auth/oauth/example", {
			method: "POST",
			headers: { "content-type": "application/json", origin: "https://app.example.com" },
			body: "{}",
		});
		expect((await auth.handle(request)).status).toBe(404);
		await expect(fetch(`http://127.0.0.1:${port + 1}/`)).rejects.toThrow();
		await auth.close();
	});

	it("has an API that the backend for the frontend can call, and nobody without a token", async () => {
		const auth = openTestAuth({ methods: [exampleProvider({ port })] });
		const browser = auth.browser();
		await signInAs("ada", browser);
		const ask = askContacts(auth.engine);
		const answer = await ask(browser);
		expect(answer.status).toBe(200);
		const { contacts } = (await answer.json()) as { contacts: { name: string; email: string | null }[] };
		const others = examplePeople.filter(({ sub }) => sub !== "ada").map(({ name }) => name);
		expect(contacts.map(({ name }) => name)).toEqual(others);
		for (const headers of [{}, { authorization: "Bearer forged" }, { authorization: "Basic eDp5" }]) {
			expect((await fetch(`http://127.0.0.1:${port}/contacts`, { headers })).status).toBe(401);
		}
		const elsewhere = openTestAuth();
		const other = elsewhere.browser();
		await other.post("/api/auth/sign-up", ada);
		expect((await askContacts(elsewhere.engine)(other)).status).toBe(404);
	});

	it("ends its own session when the site asks for it, and tells the site [A45]", async () => {
		const site = createServer();
		site.listen(0, "127.0.0.1");
		await once(site, "listening");
		const origin = `http://localhost:${(site.address() as AddressInfo).port}`;
		const auth = openTestAuth({ url: origin, methods: [exampleProvider({ port: port + 2 })] });
		site.on("request", async (request, response) => {
			const body = Readable.toWeb(request) as ReadableStream;
			const init = {
				method: "POST",
				headers: request.headers as Record<string, string>,
				body,
				duplex: "half",
			} as const;
			const answer = await auth.handle(new Request(`${origin}${request.url}`, init));
			response.writeHead(answer.status).end(await answer.text());
		});
		const cookies = new Map<string, string>();
		const [browser, elsewhere] = [auth.browser({ origin }), auth.browser({ origin })];
		await comeBack(browser, await choose(await begin(browser), "ada", { site: origin, cookies }));
		await comeBack(elsewhere, await choose(await begin(elsewhere), "ada", { site: origin }));
		const isSignedIn = async (one: TestBrowser) => (await one.get("/api/auth")).body.authenticated;
		expect([await isSignedIn(browser), await isSignedIn(elsewhere)]).toEqual([true, true]);

		const query = new URLSearchParams({ client_id: "this-site", post_logout_redirect_uri: `${origin}/after` });
		const asked = await follow(`http://127.0.0.1:${port + 2}/session/end?${query}`, cookies);
		expect(asked.headers.get("content-security-policy")).toContain("default-src 'none'");
		const [, action = "", xsrf = ""] = /action="([^"]+)".*name="xsrf" value="([^"]+)"/.exec(await asked.text()) ?? [];
		const left = await follow(action, cookies, new URLSearchParams({ xsrf, logout: "yes" }));
		expect(left.headers.get("location")).toBe(`${origin}/after`);
		// Told over the back channel, and of this one session only.
		expect([await isSignedIn(browser), await isSignedIn(elsewhere)]).toEqual([false, true]);
		query.set("post_logout_redirect_uri", "https://evil.example/");
		expect((await follow(`http://127.0.0.1:${port + 2}/session/end?${query}`, cookies)).status).toBe(400);
		site.closeAllConnections();
		site.close();
	});

	it("answers to no other name than its own", async () => {
		const auth = openTestAuth({ methods: [exampleProvider({ port })] });
		await begin(auth.browser());
		const { request } = await import("node:http");
		const status = await new Promise((resolve) => {
			const options = { host: "127.0.0.1", port, headers: { host: "evil.example" } };
			request(options, (response) => resolve(response.resume().statusCode)).end();
		});
		expect(status).toBe(421);
	});
});
