import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testSecret } from "../../test/harness.ts";
import { createEngine } from "../lib/auth.ts";
import { guardedFetch } from "../lib/http/guarded-fetch.ts";
import { isPublicAddress } from "../lib/http/public-address.ts";
import { oidc } from "../lib/oauth/providers/oidc.ts";

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
