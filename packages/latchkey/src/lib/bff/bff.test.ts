import { createLocalJWKSet, jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { openBeside } from "../../../test/harness.ts";
import { begin, comeBack, oidcAt } from "../../../test/oauth-harness.ts";
import { AuthError } from "../errors.ts";
import { bffHandler } from "./bff-handler.ts";
import { callBff as call, codeOf, openBff, testUpstream } from "./fixtures/open-bff.ts";
import type { Upstream } from "./upstream.ts";

const upstream = testUpstream();
const { seen } = upstream;
const open = (options: Partial<Upstream> = {}) => openBff(upstream, options);

describe("the backend for the frontend", () => {
	it("sends a request on with the user's token, and neither cookies nor who sends it", async () => {
		const { fake, browser, bff } = await open();
		upstream.answer = (_, response) => {
			response.setHeader("set-cookie", "theirs=1");
			response.setHeader("server", "secret/1");
			response.setHeader("content-type", "text/html");
			response.setHeader("etag", '"1"');
			response.end("<script>alert(1)</script>");
		};
		const response = await call(bff, browser, "notes/a%20b?q=1&q=2", {
			headers: {
				"accept-language": "ar",
				authorization: "Bearer of-the-page",
				"x-forwarded-for": "1.2.3.4",
				"proxy-authorization": "x",
				referer: "http://localhost:3000/secret",
				"x-own": "1",
			},
		});
		expect(await response.text()).toBe("<script>alert(1)</script>");
		const [{ url, headers }] = seen as [(typeof seen)[0]];
		expect(url).toBe("/v1/a%20b?q=1&q=2");
		expect(fake.holderOf(headers.authorization)).toMatchObject({ sub: "ada-1" });
		for (const name of ["cookie", "x-forwarded-for", "proxy-authorization", "referer", "origin", "x-own"]) {
			expect(headers[name], name).toBeUndefined();
		}
		expect(headers["accept-language"]).toBe("ar");
		const given = Object.fromEntries(response.headers);
		expect(given).toMatchObject({ "cache-control": "private, no-store", etag: '"1"', "content-type": "text/html" });
		expect(given["content-security-policy"]).toContain("sandbox");
		expect(Object.keys(given)).not.toContain("server");
		expect(response.headers.getSetCookie()).toEqual([]);
	});

	it.each(["cross-site", "same-site", "none"])(
		"[A19] answers no other site's page, also not for a read: %s",
		async (site) => {
			const { browser, bff } = await open();
			for (const method of ["GET", "POST"]) {
				const response = await call(bff, browser, "notes/1", { method, headers: { "sec-fetch-site": site } });
				expect(await codeOf(response)).toEqual([403, "cross_origin"]);
			}
			expect(seen).toEqual([]);
		},
	);

	it("answers nobody who is not signed in", async () => {
		const { auth, bff } = await open();
		expect(await codeOf(await call(bff, auth.browser(), "notes/1"))).toEqual([401, "not_authenticated"]);
		expect(seen).toEqual([]);
	});

	it("refuses methods that are not listed, and redirects", async () => {
		const { browser, bff } = await open({ methods: ["GET"] });
		const refused = await call(bff, browser, "notes/1", { method: "DELETE" });
		expect(refused.headers.get("allow")).toBe("GET");
		expect(await codeOf(refused)).toEqual([405, "method_not_allowed"]);
		upstream.answer = (_, response) => response.writeHead(302, { location: "http://169.254.169.254/" }).end();
		expect(await codeOf(await call(bff, browser, "notes/1"))).toEqual([502, "upstream_unavailable"]);
	});

	it("says whose host it is to the upstream, and takes the whole query along", async () => {
		const { browser, bff } = await open();
		const query = "?a=1&a=2&b=%26%3D&c&url=https://evil.example/..%2f&%2e%2e";
		await call(bff, browser, `notes/1${query}`, {
			headers: { "x-original-host": "evil.example" },
		});
		expect(seen[0]).toMatchObject({ url: `/v1/1${query}`, headers: { host: new URL(upstream.origin).host } });
		expect(seen[0]!.headers).not.toHaveProperty("x-original-host");
		await call(bff, browser, "notes");
		await call(bff, browser, "notes/?q");
		expect(seen.slice(1).map(({ url }) => url)).toEqual(["/v1", "/v1/?q"]);
	});

	it.each(["script", "style", "serviceworker", "sharedworker"])(
		"is no %s of this site: what an API holds may be a stranger's",
		async (dest) => {
			const { browser, bff } = await open();
			const response = await call(bff, browser, "notes/1", { headers: { "sec-fetch-dest": dest } });
			expect(await codeOf(response)).toEqual([404, "not_found"]);
			expect((await call(bff, browser, "notes/1", { headers: { "sec-fetch-dest": "empty" } })).status).toBe(200);
			expect(seen).toHaveLength(1);
		},
	);

	it("passes no WebSocket on", async () => {
		const { browser, bff } = await open();
		const headers = { connection: "upgrade", upgrade: "websocket", "sec-websocket-version": "13" };
		expect((await call(bff, browser, "notes/1", { headers })).status).toBe(404);
		expect(seen).toEqual([]);
	});

	it("renews the session where that is due, as any answer does", async () => {
		const { auth, browser, bff } = await open();
		upstream.answer = (_, response) => response.setHeader("set-cookie", "session=planted").end("ok");
		expect((await call(bff, browser, "notes/1")).headers.getSetCookie()).toEqual([]);
		await auth.settled();
		auth.clock.advance({ minutes: 16 });
		const response = await call(bff, browser, "notes/1");
		const [cookie = "", ...others] = response.headers.getSetCookie();
		expect(others).toEqual([]);
		expect(cookie).toMatch(/^session=[\w-]+\.[\w-]+\.[\w-]+; .*HttpOnly/);
		expect(await response.text()).toBe("ok");
	});

	it.each(["readSession", "findProviderTokens"] as const)(
		"[A39] [ASVS 16.5.3] calls nothing while the store cannot say whose token it is: %s",
		async (operation) => {
			const { auth, browser, bff } = await open();
			const { storage } = await auth.engine();
			const real = storage[operation];
			Object.assign(storage, { [operation]: () => Promise.reject(new AuthError("store_unavailable")) });
			expect(await codeOf(await call(bff, browser, "notes/1"))).toEqual([503, "store_unavailable"]);
			Object.assign(storage, { [operation]: real });
			expect(seen).toEqual([]);
			expect((await call(bff, browser, "notes/1")).status).toBe(200);
		},
	);

	it("asks once more with a new token when the present one is refused, with the same body", async () => {
		const { fake, browser, bff } = await open();
		const bodies: string[] = [];
		upstream.answer = async (request, response) => {
			let body = "";
			for await (const chunk of request) body += chunk;
			bodies.push(body);
			response.writeHead(seen.length === 1 ? 401 : 200).end("done");
		};
		const headers = { "content-type": "application/json", "content-length": "7" };
		const response = await call(bff, browser, "notes/1", { method: "PUT", body: '{"a":1}', headers });
		expect([response.status, await response.text()]).toEqual([200, "done"]);
		expect(bodies).toEqual(['{"a":1}', '{"a":1}']);
		expect(seen[0]?.headers.authorization).not.toBe(seen[1]?.headers.authorization);
		expect(fake.holderOf(seen[1]?.headers.authorization)).not.toBeNull();
	});

	it("asks no third time, and says that the connection must be made anew", async () => {
		const { browser, bff } = await open();
		upstream.answer = (_, response) => response.writeHead(401).end("no");
		expect(await codeOf(await call(bff, browser, "notes/1"))).toEqual([403, "reconnect_required"]);
		expect(seen).toHaveLength(2);
	});

	it("[A38] asks the provider for another token now and then only, of an API that refuses every one", async () => {
		const { auth, fake, browser, bff } = await open();
		upstream.answer = (_, response) => response.writeHead(401).end("no");
		fake.requests.length = 0;
		const asked = () => fake.requests.filter((request) => request === "POST /token").length;
		const beside = bffHandler(() => openBeside(auth, { methods: [oidcAt(fake)] }).engine(), {
			upstreams: { notes: { url: upstream.origin, token: { provider: "example" } } },
		});
		for (let sent = 0; sent < 5; sent++) {
			for (const one of [bff, beside]) {
				expect(await codeOf(await call(one, browser, "notes/1"))).toEqual([403, "reconnect_required"]);
			}
		}
		await Promise.all(Array.from({ length: 10 }, () => call(bff, browser, "notes/1")));
		expect(asked()).toBe(1);
		// A token that was good for a while may have been taken back.
		auth.clock.advance({ minutes: 5 });
		upstream.forget();
		upstream.answer = (_, response) => response.writeHead(seen.length === 1 ? 401 : 200).end("done");
		expect((await call(bff, browser, "notes/1")).status).toBe(200);
		expect(asked()).toBe(2);
		// And whoever has come from there anew has another grant.
		await comeBack(browser, fake.authorize(await begin(browser)));
		upstream.forget();
		expect((await call(bff, browser, "notes/1")).status).toBe(200);
		expect(asked()).toBe(4);
	});

	it("says that it is not the person's to mend when a service refuses this site's own token", async () => {
		const { auth, browser, bff } = await open({ token: { audience: "https://notes.example" } });
		upstream.answer = (_, response) => response.writeHead(401).end("no");
		expect(await codeOf(await call(bff, browser, "notes/1"))).toEqual([502, "upstream_refused"]);
		expect(seen).toHaveLength(1);
		const told = { event: "upstream_refused", detail: expect.stringContaining("notes") };
		expect(auth.logged).toContainEqual(expect.objectContaining(told));
	});

	it("says so when there is no grant any more", async () => {
		const { auth, fake, browser, bff } = await open();
		fake.revokeAll();
		auth.clock.advance({ hours: 2 });
		expect(await codeOf(await call(bff, browser, "notes/1"))).toEqual([403, "reconnect_required"]);
		expect(seen).toEqual([]);
	});

	it("streams both ways, no faster than the browser reads", async () => {
		const { browser, bff } = await open({ maxRequestBytes: 100 * 1024 * 1024 });
		upstream.answer = (request, response) => void request.pipe(response);
		const chunks = 1024;
		let pulled = 0;
		const body = new ReadableStream<Uint8Array>({
			async pull(controller) {
				await new Promise((resolve) => setImmediate(resolve));
				pulled += 1;
				if (pulled > chunks) controller.close();
				else controller.enqueue(new Uint8Array(65_536));
			},
		});
		const response = await call(bff, browser, "notes/1", { method: "POST", body, duplex: "half" });
		// Nobody reads, so it comes to a stand by itself, long before its end.
		for (let before = -1; before !== pulled; ) {
			before = pulled;
			await new Promise((resolve) => setTimeout(resolve, 300));
		}
		expect(pulled).toBeLessThan(chunks);
		let bytes = 0;
		for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) bytes += chunk.byteLength;
		expect(bytes).toBe(chunks * 65_536);
	});

	it("[A38] breaks off a request over the limit, whether it says its length or not", async () => {
		const { browser, bff } = await open({ maxRequestBytes: 100_000 });
		upstream.answer = (request, response) => request.resume().on("end", () => response.end());
		const declared = { method: "POST", body: "x".repeat(100_001), headers: { "content-length": "100001" } };
		expect(await codeOf(await call(bff, browser, "notes/1", declared))).toEqual([413, "body_too_large"]);
		const body = new Blob(["x".repeat(200_000)]).stream();
		const streamed = await call(bff, browser, "notes/1", { method: "POST", body, duplex: "half" });
		expect(streamed.status).toBeGreaterThanOrEqual(400);
	});

	it("[A38] waits no longer than its time, and stops when the browser has gone", async () => {
		const { browser, bff } = await open({ timeoutMs: 100 });
		upstream.answer = () => {};
		expect(await codeOf(await call(bff, browser, "notes/1"))).toEqual([504, "upstream_timeout"]);
		const gone = new AbortController();
		const closed = Promise.withResolvers<void>();
		upstream.answer = (request) => {
			request.socket.on("close", () => closed.resolve());
			gone.abort();
		};
		const slow = await open({ timeoutMs: 60_000 });
		expect((await call(slow.bff, slow.browser, "notes/1", { signal: gone.signal })).status).toBe(502);
		await closed.promise;
	});

	it("[A41] tells nothing of an upstream that is away", async () => {
		const { browser, bff } = await open({ url: "http://127.0.0.1:1/internal" });
		const response = await call(bff, browser, "notes/1");
		const text = await response.text();
		expect(response.status).toBe(502);
		expect(text).not.toMatch(/127\.0\.0\.1|internal|ECONN/);
	});

	it("sends a short token of this site's own, which its keys prove and nobody else can make", async () => {
		const { auth, browser, bff } = await open({ token: { audience: "https://notes.example" } });
		await call(bff, browser, "notes/1");
		const token = seen[0]!.headers.authorization!.replace("Bearer ", "");
		const { keys } = (await browser.get("/api/auth/jwks")).body;
		const checks = { issuer: "http://localhost:3000", audience: "https://notes.example", typ: "at+jwt" };
		const { payload } = await jwtVerify(token, createLocalJWKSet({ keys }), checks);
		const { user } = (await browser.get("/api/auth")).body;
		expect(payload.sub).toBe(user.id);
		expect(payload.exp! - payload.iat!).toBe(60);
		expect(JSON.stringify(keys)).not.toContain('"d"');
		// No session, and no key of anything else.
		browser.cookies.set("session", token);
		expect((await browser.get("/api/auth")).body.authenticated).toBe(false);
		expect(auth.logged.some(({ event }) => event === "server_error")).toBe(false);
	});

	it("is not set up to send what it must not, or in the clear", () => {
		const opening = () => Promise.reject(new Error("not opened"));
		for (const notes of [
			{ url: "http://api.example.com" },
			{ url: "nonsense" },
			{ url: "https://u:p@api.example.com" },
			{ url: "https://:p@api.example.com" },
			{ url: "https://api.example.com", headers: ["Cookie"] },
			{ url: "https://api.example.com", headers: ["Transfer-Encoding"] },
			{ url: "https://api.example.com", headers: ["content-length"] },
			{ url: "https://api.example.com", methods: ["CONNECT"] },
			{ url: "/api/v4" },
			{ url: "/api/v4", token: { audience: "x" } },
			{ url: "/api/../v4", token: { provider: "example" } },
			{ url: "//evil.example", token: { provider: "example" } },
		]) {
			expect(() => bffHandler(opening, { upstreams: { notes } })).toThrow(/^bff: /);
		}
		const upstreams = { "No Name": { url: "https://api.example.com" } };
		expect(() => bffHandler(opening, { upstreams })).toThrow(/named like/);
	});
});
