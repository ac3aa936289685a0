import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Application } from "./application.ts";
import { startGuardApp } from "./guard-app.ts";
import { newAddress, origin, password, register, visit } from "./visit.ts";

describe("contacts at the example provider", () => {
	async function comeAsKatherine(page: Page): Promise<void> {
		await page.goto("/contacts");
		await page.getByRole("button", { name: "Continue with the example provider" }).click();
		await page.getByRole("button", { name: "Katherine Johnson" }).click();
		await page.waitForURL("/contacts");
		await page.getByText("grace@example.org").waitFor();
	}

	it("are offered to be connected to whoever has no account there", async () => {
		const page = await visit();
		await register(page);
		await page.goto("/contacts");
		await page.getByText("Your account there is not connected").waitFor();
		await page.getByRole("button", { name: "Connect the example provider" }).click();
		await page.getByRole("heading", { name: "Who are you today?" }).waitFor();
	});

	it("are read on the server without JavaScript", async () => {
		const page = await visit({ javaScriptEnabled: false });
		await comeAsKatherine(page);
		expect((await page.locator("main li").allTextContents()).join()).toContain("Ada Lovelace");
		expect(await page.locator("main").textContent()).toContain("so it needs JavaScript");
	});

	it("are read by the browser too, which sends no token and gets none [ASVS 10.1.1]", async () => {
		const page = await visit();
		await comeAsKatherine(page);
		const sent = page.waitForRequest("**/api/bff/contacts");
		const answered = page.waitForResponse("**/api/bff/contacts");
		await page.getByRole("button", { name: "Ask from the browser" }).click();
		expect(await (await sent).allHeaders()).not.toHaveProperty("authorization");
		const answer = await answered;
		expect(answer.status()).toBe(200);
		const { contacts } = await answer.json();
		expect(contacts.map(({ name }: { name: string }) => name)).toContain("Grace Hopper");
		await page.getByText('"name": "Grace Hopper"').waitFor();
		// No second judge before it, which would keep the body of an upload in memory.
		const fromElsewhere = await fetch(`${origin}/api/bff/contacts`, { headers: { "sec-fetch-site": "cross-site" } });
		expect([fromElsewhere.status, (await fromElsewhere.json()).code]).toEqual([403, "cross_origin"]);
	});
});

it("signs out here and at the provider without JavaScript, and comes back", async () => {
	const page = await visit({ javaScriptEnabled: false });
	await page.goto("/sign-in?next=%2Faccount%2Fconnections");
	await page.getByRole("button", { name: "Continue with the example provider" }).click();
	await page.getByRole("button", { name: "Katherine Johnson" }).click();
	await page.waitForURL("/account/connections");
	await page.getByRole("button", { name: "Sign out here and at the provider" }).click();
	await page.getByRole("heading", { name: "Sign out here too?" }).waitFor();
	expect((await (await page.request.get("/api/auth")).json()).authenticated).toBe(false);
	await page.getByRole("button", { name: "Sign out" }).click();
	await page.waitForURL(`${origin}/`);
});

describe("a backend for the frontend through Next.js", () => {
	let application: Application;
	let folder: string;
	let upstream: Server;
	let evilOrigin: string;
	let answer: (request: IncomingMessage, response: ServerResponse) => void;
	let seen: IncomingMessage[];

	beforeAll(async () => {
		folder = mkdtempSync(join(tmpdir(), "latchkey bff "));
		upstream = createServer((request, response) => {
			// A page of another origin of the same site: another port gets the cookies of this host.
			if (request.url === "/evil") {
				return void response.writeHead(200, { "content-type": "text/html" }).end("<h1>evil</h1>");
			}
			seen.push(request);
			answer(request, response);
		}).listen(0, "127.0.0.1");
		await once(upstream, "listening");
		const { port } = upstream.address() as AddressInfo;
		evilOrigin = `http://localhost:${port}`;
		application = await startGuardApp("cache-components", {
			AUTH_DATABASE_URL: `file:${join(folder, "auth.db")}`,
			GUARD_APP_UPSTREAM: `http://127.0.0.1:${port}`,
		});
	});

	afterAll(async () => {
		await application.stop();
		upstream.closeAllConnections();
		upstream.close();
		rmSync(folder, { recursive: true, force: true });
	});

	beforeEach(() => {
		seen = [];
		answer = (_, response) => response.end("ok");
	});

	async function signedIn(): Promise<Page> {
		const page = await visit({ baseURL: application.origin });
		await page.goto("/");
		const status = await page.evaluate(
			async (body) => {
				const headers = { "content-type": "application/json" };
				return (await fetch("/api/auth/sign-up", { method: "POST", headers, body })).status;
			},
			JSON.stringify({ email: newAddress(), password }),
		);
		expect(status).toBe(201);
		return page;
	}

	async function cookieOf(page: Page): Promise<string> {
		return (await page.context().cookies(application.origin)).map(({ name, value }) => `${name}=${value}`).join("; ");
	}

	/** A request whose body the test writes piece by piece, which a page cannot do over HTTP/1.1. */
	async function upload(page: Page, path: string, method = "POST") {
		const headers = { cookie: await cookieOf(page), origin: application.origin, "transfer-encoding": "chunked" };
		return request(`${application.origin}/api/bff/echo${path}`, { method, headers });
	}

	it("hands the browser what an API streams, as it comes, and never the token", async () => {
		const page = await signedIn();
		const goOn = Promise.withResolvers<void>();
		answer = async (_, response) => {
			response.writeHead(200, { "content-type": "text/event-stream", "set-cookie": "theirs=1" });
			response.write("data: first\n\n");
			await goOn.promise;
			response.end("data: second\n\n");
		};
		await page.exposeFunction("firstSeen", () => goOn.resolve());
		const { text, headers, cookies } = await page.evaluate(async () => {
			const response = await fetch("/api/bff/echo/events");
			const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
			let text = "";
			for (let part = await reader.read(); !part.done; part = await reader.read()) {
				text += part.value;
				// The second comes only once the first is here.
				if (text === "data: first\n\n") await (globalThis as unknown as { firstSeen(): Promise<void> }).firstSeen();
			}
			return { text, headers: JSON.stringify([...response.headers]), cookies: document.cookie };
		});
		expect(text).toBe("data: first\n\ndata: second\n\n");
		const token = seen[0]!.headers.authorization!.replace("Bearer ", "");
		expect(token.split(".")).toHaveLength(3);
		expect(headers + cookies + (await page.content())).not.toContain(token);
		expect(seen[0]!.headers.cookie).toBeUndefined();
		expect((await page.context().cookies()).map(({ name }) => name)).not.toContain("theirs");
	});

	it("[A37] passes an encoded slash on as it came where the API takes it, and nowhere that leads up", async () => {
		const page = await signedIn();
		const headers = { cookie: await cookieOf(page), origin: application.origin };
		// Not by `fetch`, which resolves what leads up itself.
		const ask = async (path: string): Promise<number> => {
			const sending = request({ host: "127.0.0.1", port: new URL(application.origin).port, path, headers }).end();
			const [response] = (await once(sending, "response")) as [IncomingMessage];
			response.resume();
			return response.statusCode ?? 0;
		};
		const names = ["/projects/group%2Fproject", "/projects/group%2fsub%2Fproject/files/a%2Fb.ts?ref=a%2Fb", "/a%2F"];
		for (const name of names) expect(await ask(`/api/bff/names${name}`), name).toBe(200);
		expect(seen.map(({ url }) => url)).toEqual(names.map((name) => `/names${name}`));
		for (const path of ["/names/..%2Fadmin", "/names/a%2F..%2F..%2Fadmin", "/names%2F..%2Fecho/a", "/echo/a%2Fb"]) {
			expect(await ask(`/api/bff${path}`), path).toBeGreaterThanOrEqual(300);
		}
		expect(seen).toHaveLength(names.length);
	});

	it("tells the API when the browser has stopped reading", async () => {
		const page = await signedIn();
		const closed = Promise.withResolvers<void>();
		answer = (_, response) => {
			response.on("close", () => closed.resolve());
			response.writeHead(200, { "content-type": "text/event-stream" });
			response.write("data: first\n\n");
		};
		await page.evaluate(async () => {
			const stop = new AbortController();
			const response = await fetch("/api/bff/echo/events", { signal: stop.signal });
			await response.body!.getReader().read();
			stop.abort();
		});
		await closed.promise;
	});

	it("streams an upload on as it comes, and whole however long it is", async () => {
		const page = await signedIn();
		const first = Promise.withResolvers<void>();
		answer = async (request, response) => {
			let bytes = 0;
			for await (const chunk of request) {
				bytes += chunk.length;
				first.resolve();
			}
			response.end(String(bytes));
		};
		const sending = await upload(page, "/files");
		const answered = once(sending, "response") as Promise<[IncomingMessage]>;
		sending.write("x");
		await first.promise;
		// More than Next.js keeps of a body that goes through a proxy.ts.
		const megabytes = 12;
		for (let sent = 0; sent < megabytes; sent++) {
			if (!sending.write(Buffer.alloc(1024 * 1024))) await once(sending, "drain");
		}
		sending.end();
		const [response] = await answered;
		let text = "";
		for await (const chunk of response) text += chunk;
		expect([response.statusCode, text]).toEqual([200, String(megabytes * 1024 * 1024 + 1)]);
	});

	it.each(["POST", "DELETE"])("[A37] sends one request for one, however its body ends: %s", async (method) => {
		const page = await signedIn();
		const smuggled = "GET /admin HTTP/1.1\r\nhost: localhost\r\n\r\n";
		let body = "";
		answer = async (request, response) => {
			for await (const chunk of request) body += chunk;
			response.end("ok");
		};
		const sending = await upload(page, "/notes", method);
		const answered = once(sending, "response") as Promise<[IncomingMessage]>;
		sending.end(smuggled);
		(await answered)[0].resume();
		expect(await page.evaluate(async () => (await fetch("/api/bff/echo/own")).text())).toBe("ok");
		expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([`${method} /notes`, "GET /own"]);
		expect(body).toBe(smuggled);
	});

	it("[A38] says that an upload is too large before it has come", async () => {
		const page = await signedIn();
		const headers = { cookie: await cookieOf(page), origin: application.origin, "content-length": 65 * 1024 * 1024 };
		const sending = request(`${application.origin}/api/bff/echo/files`, { method: "POST", headers });
		sending.on("error", () => {});
		sending.write("x");
		const [response] = (await once(sending, "response")) as [IncomingMessage];
		expect(response.statusCode).toBe(413);
		expect(seen).toEqual([]);
		sending.destroy();
	});

	it("passes no WebSocket on", async () => {
		const page = await signedIn();
		const outcome = await page.evaluate(
			() =>
				new Promise((resolve) => {
					const socket = new WebSocket(`${location.origin.replace("http", "ws")}/api/bff/echo/socket`);
					socket.onopen = () => resolve("open");
					socket.onerror = () => resolve("refused");
				}),
		);
		expect(outcome).toBe("refused");
		expect(seen.filter(({ url }) => url?.includes("socket"))).toEqual([]);
	});

	it("[A38] tells the API when an upload is broken off", async () => {
		const page = await signedIn();
		const first = Promise.withResolvers<void>();
		const broken = Promise.withResolvers<void>();
		answer = (request) => {
			request.on("data", () => first.resolve());
			request.on("close", () => broken.resolve());
		};
		const sending = await upload(page, "/files");
		sending.on("error", () => {});
		sending.write("x");
		await first.promise;
		sending.destroy();
		await broken.promise;
		expect(seen[0]!.complete).toBe(false);
	});

	it("[A19] answers no page of another origin, though the cookie comes along", async () => {
		const page = await signedIn();
		await page.goto(`${evilOrigin}/evil`);
		const ways = await page.evaluate(async (target) => {
			const read = await fetch(target, { credentials: "include" }).then(
				(response) => response.status,
				() => "unreadable",
			);
			const sent = await fetch(target, { method: "POST", mode: "no-cors", credentials: "include", body: "x" });
			return [read, sent.type];
		}, `${application.origin}/api/bff/echo/notes`);
		expect(ways).toEqual(["unreadable", "opaque"]);
		await page.goto("/");
		expect(await page.evaluate(async () => (await fetch("/api/bff/echo/notes")).status)).toBe(200);
		expect(seen.map(({ url }) => url).filter((url) => url !== "/favicon.ico")).toEqual(["/notes"]);
	});
});
