import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adaThere, startFakeProvider } from "../../test/fake-provider.ts";
import { testSecret } from "../../test/harness.ts";
import { comeBack, openWithProvider, problemOf, signInAt } from "../../test/oauth-harness.ts";
import { createEngine } from "../lib/auth.ts";
import { type FetchLimits, guardedFetch } from "../lib/http/guarded-fetch.ts";
import { isPublicAddress } from "../lib/http/public-address.ts";
import { oidc } from "../lib/oauth/providers/oidc.ts";

function resolverOf(addresses: readonly string[]): NonNullable<FetchLimits["resolve"]> {
	const found = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
	return (_name, _options, callback) => callback(null, found);
}

const abroad = { loopback: false, privateNetwork: false };

describe("addresses that the server must not be talked into asking [A37]", () => {
	it.each([
		...["127.0.0.1", "127.1.2.3", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
		...["169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255"],
		...["::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "64:ff9b::10.0.0.1", "64:ff9b:1::1"],
		...[
			"fe80::1",
			"fc00::1",
			"fd00:ec2::254",
			"ff02::1",
			"2001:db8::1",
			"2001::1",
			"2002:7f00:1::",
			"3fff::1",
			"x",
			"",
		],
	])("%s is not public", (address) => {
		expect(isPublicAddress(address)).toBe(false);
	});

	it.each(["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"])(
		"%s is public",
		(address) => {
			expect(isPublicAddress(address)).toBe(true);
		},
	);

	it.each([
		...["http://example.com/", "https://127.0.0.1/", "https://[::1]/", "https://2130706433/", "https://0x7f.1/"],
		...["https://017700000001/", "https://127.1/", "https://[::ffff:127.0.0.1]/", "https://169.254.169.254/latest/"],
		...["https://localhost/", "https://a.localhost/", "https://user:pass@example.com/", "ftp://example.com/"],
		...["file:///etc/passwd", "data:text/plain,x", "gopher://example.com/", "", "https://0/", "https://10.1/"],
	])("%s is not fetched", async (url) => {
		await expect(guardedFetch(abroad)(url)).rejects.toMatchObject({ name: "FetchRefused" });
	});

	it("a private network is fetched from where the owner said so, loopback and metadata services never are", async () => {
		const fetch = guardedFetch({ loopback: false, privateNetwork: true, timeoutMs: 200 });
		for (const url of ["https://127.0.0.1/", "https://169.254.169.254/", "https://[fe80::1]/", "https://[::1]/"]) {
			await expect(fetch(url), url).rejects.toMatchObject({ name: "FetchRefused" });
		}
		for (const url of ["https://10.255.255.1/", "https://192.168.255.1/"]) {
			await expect(fetch(url), url).rejects.not.toMatchObject({ name: "FetchRefused" });
		}
	});

	it.each([
		["loopback", ["127.0.0.1"]],
		["loopback, in IPv6", ["::1"]],
		["loopback, IPv4 in IPv6", ["::ffff:127.0.0.1"]],
		["a private address, IPv4 in IPv6, in hexadecimal", ["::ffff:a00:1"]],
		["this host", ["0.0.0.0"]],
		["the metadata service", ["169.254.169.254"]],
		["the metadata service, through NAT64", ["64:ff9b::a9fe:a9fe"]],
		["a unique local address", ["fd00::1"]],
		["a public address and a private one", ["93.184.215.14", "10.0.0.1"]],
		["a private address and a public one", ["192.168.0.1", "93.184.215.14"]],
		["nothing", []],
	])("a name that leads to %s is not connected to", async (_, addresses) => {
		const fetch = guardedFetch({ ...abroad, resolve: resolverOf(addresses) });
		for (const name of ["rebound.example", "127.0.0.1.nip.example", "xn--bcher-kva.example", "rebound.example."]) {
			await expect(fetch(`https://${name}/`), name).rejects.toMatchObject({ name: "FetchRefused" });
		}
	});

	it("a name is looked up once, and connected to where it was judged, whatever it leads to a moment later", async () => {
		const server = createServer((_, response) => response.end("judged")).listen(0, "127.0.0.2");
		await once(server, "listening");
		const { port } = server.address() as AddressInfo;
		let asked = 0;
		const fetch = guardedFetch({
			loopback: true,
			privateNetwork: false,
			resolve: (name, options, callback) => {
				asked += 1;
				resolverOf([asked === 1 ? "127.0.0.2" : "10.0.0.1"])(name, options, callback);
			},
		});
		const url = `http://localhost:${port}/`;
		expect(await (await fetch(url)).text()).toBe("judged");
		expect(asked).toBe(1);
		await expect(fetch(url)).rejects.toMatchObject({ name: "FetchRefused" });
		server.closeAllConnections();
		server.close();
	});

	it("a name of the private network is connected to where the owner said so, and no further", async () => {
		const within = { loopback: false, privateNetwork: true, timeoutMs: 200 };
		const at = (address: string) => guardedFetch({ ...within, resolve: resolverOf([address]) })("https://id.internal/");
		for (const address of ["127.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fe80::1"]) {
			await expect(at(address), address).rejects.toMatchObject({ name: "FetchRefused" });
		}
		await expect(at("10.255.255.1")).rejects.not.toMatchObject({ name: "FetchRefused" });
	});

	it("a configured issuer on this machine is not asked by a site that is not", async () => {
		const server = createServer((_, response) => response.end("{}")).listen(0, "127.0.0.1");
		await once(server, "listening");
		let asked = 0;
		server.on("request", () => {
			asked += 1;
		});
		const { port } = server.address() as AddressInfo;
		for (const issuer of [`http://127.0.0.1:${port}`, `https://127.0.0.1:${port}`, `https://localhost:${port}`]) {
			const auth = createEngine({
				methods: [oidc({ issuer, clientId: "c", clientSecret: "s", insecurePrivateNetwork: true })],
				url: "https://app.example.com",
				secret: testSecret,
				database: "file::memory:",
				logger: () => {},
			});
			const request = new Request("https://app.example.com/api/auth/oauth/oidc", {
				method: "POST",
				headers: { "content-type": "application/json" },
				body: "{}",
			});
			const response = await auth.handle(request);
			expect([502, 503]).toContain(response.status);
			expect(await response.text()).not.toContain("127.0.0.1");
			await auth.close();
		}
		expect(asked).toBe(0);
		server.close();
	});
});

describe("what a provider says of itself [A37]", () => {
	it.each(["token_endpoint", "jwks_uri", "userinfo_endpoint"])(
		"sends nobody to the metadata service by %s",
		async (name) => {
			for (const url of [
				"http://169.254.169.254/latest",
				"https://169.254.169.254/latest",
				"https://[::ffff:10.0.0.1]/x",
			]) {
				const { auth, fake } = await openWithProvider();
				fake.mischief.metadata = (right) => ({ ...right, [name]: url });
				// So that user info is asked for.
				fake.mischief.idToken = ({ header, claims: { email: _, ...claims } }) => ({ header, claims });
				const answer = await signInAt(fake, auth.browser());
				expect(problemOf(answer), url).toMatch(/^provider_(error|unavailable)$/);
				expect(answer.headers.get("location")).not.toContain("169.254");
			}
		},
	);

	it("leads nowhere else by a redirect, in its metadata, keys, tokens and user info", async () => {
		for (const path of ["/.well-known/openid-configuration", "/jwks", "/token", "/userinfo"]) {
			const { auth, fake } = await openWithProvider();
			const elsewhere = await startFakeProvider();
			fake.redirects.set(path, `${elsewhere.issuer}${path}`);
			fake.mischief.idToken = ({ header, claims: { email: _, ...claims } }) => ({ header, claims });
			const browser = auth.browser();
			const started = await browser.post("/api/auth/oauth/example", {});
			if (path.startsWith("/.well-known")) expect(started.body.code).toMatch(/^provider_/);
			else {
				const answer = await comeBack(browser, fake.authorize(started.body.authorizationUrl));
				expect(problemOf(answer), path).toMatch(/^provider_/);
			}
			expect(elsewhere.requests).toEqual([]);
		}
	});

	it("fetches no picture: nothing here shows one", async () => {
		const { auth, fake } = await openWithProvider();
		const browser = auth.browser();
		await signInAt(fake, browser, { ...adaThere, picture: `${fake.issuer}/avatar.png` });
		expect((await browser.get("/api/auth")).body.authenticated).toBe(true);
		expect(fake.requests).not.toContain("GET /avatar.png");
	});
});

describe("an answer to the server", () => {
	const server = createServer((request, response) => {
		if (request.url === "/redirect") response.writeHead(302, { location: "http://127.0.0.1:1/" }).end();
		else if (request.url === "/endless") {
			response.write("x");
			const more = setInterval(() => response.write("x".repeat(65_536)), 1);
			response.on("close", () => clearInterval(more));
		} else if (request.url === "/silent") return;
		else response.end(JSON.stringify({ method: request.method, host: request.headers.host }));
	});
	let origin = "";
	beforeAll(async () => {
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	});
	afterAll(() => server.closeAllConnections());

	it("[A37] is followed nowhere else", async () => {
		const response = await guardedFetch({ loopback: true, privateNetwork: false })(`${origin}/redirect`);
		expect(response.status).toBe(302);
	});

	it("[A38] is read up to its limit", async () => {
		const fetch = guardedFetch({ loopback: true, privateNetwork: false, maxBytes: 100_000 });
		await expect(fetch(`${origin}/endless`)).rejects.toMatchObject({ name: "FetchRefused" });
	});

	it("[A38] is waited for no longer than its time", async () => {
		const fetch = guardedFetch({ loopback: true, privateNetwork: false, timeoutMs: 50 });
		await expect(fetch(`${origin}/silent`)).rejects.toMatchObject({ name: "AbortError" });
	});
});
