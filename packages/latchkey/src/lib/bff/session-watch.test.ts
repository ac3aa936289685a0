import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ada, openTestAuth, signedUp, type TestAuth } from "../../../test/harness.ts";
import { AuthError } from "../errors.ts";
import { freshName, inSchema, sharedServer } from "../storage/postgres/fixtures/postgres-contract-store.ts";
import type { TestBrowser } from "../testing/test-browser.ts";
import { bffHandler } from "./bff-handler.ts";

const databases = [
	["SQLite", async () => ({})],
	["PostgreSQL", async () => ({ database: inSchema(await sharedServer(), freshName()) })],
] as const;

const between = 5000;

let server: Server;
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
	server = createServer((request, response) => answer(request, response)).listen(0, "127.0.0.1");
	await once(server, "listening");
});

afterEach(() => {
	vi.useRealTimers();
	server.closeAllConnections();
	server.close();
});

/** The next look at the session, until it is answered. */
async function look(auth: TestAuth): Promise<void> {
	const { storage } = await auth.engine();
	const { readSession } = storage;
	const looks: Promise<unknown>[] = [];
	storage.readSession = (...given) => {
		const answered = readSession(...given);
		looks.push(answered.catch(() => {}));
		return answered;
	};
	await vi.advanceTimersByTimeAsync(between);
	await Promise.all(looks);
	storage.readSession = readSession;
}

/** Server-sent events: what the upstream says, and what arrives at the browser. */
interface Events {
	readonly upstream: ServerResponse;
	say(text: string): void;
	hear(): Promise<string | undefined>;
	readonly isOver: Promise<unknown>;
}

function call(auth: TestAuth, browser: TestBrowser, init: RequestInit & { duplex?: "half" } = {}): Promise<Response> {
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	const bff = bffHandler(() => auth.engine(), { upstreams: { notes: { url } } });
	const headers = new Headers({ "sec-fetch-site": "same-origin", cookie: browser.cookieHeader() });
	return bff(new Request("http://localhost:3000/api/bff/notes", { ...init, headers }));
}

/** The clock of the watch alone: everything else goes on by itself. */
async function listen(auth: TestAuth, browser: TestBrowser): Promise<Events> {
	await auth.open();
	vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
	const { promise: begun, resolve } = Promise.withResolvers<ServerResponse>();
	answer = (_, response) => {
		response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 0\n\n");
		resolve(response);
	};
	const reader = (await call(auth, browser)).body!.pipeThrough(new TextDecoderStream()).getReader();
	const hear = async () => (await reader.read()).value;
	expect(await hear()).toBe("data: 0\n\n");
	const upstream = await begun;
	return { upstream, hear, say: (text) => upstream.write(text), isOver: once(upstream, "close") };
}

async function expectEnded({ hear, isOver }: Events): Promise<void> {
	await expect(hear()).rejects.toThrow();
	await isOver;
	expect(vi.getTimerCount()).toBe(0);
}

describe.each(databases)("what streams through the backend for the frontend on %s", (_, database) => {
	const open = async () => openTestAuth(await database());

	it("goes on while the session lives, which it keeps no longer alive", async () => {
		const auth = await open();
		const browser = await signedUp(auth);
		const events = await listen(auth, browser);
		const idleExpiresAt = async () => (await browser.get("/api/auth")).body.session.idleExpiresAt;
		const before = await idleExpiresAt();
		for (let told = 1; told <= 20; told++) {
			auth.clock.advance({ seconds: 5 });
			await look(auth);
			events.say(`data: ${told}\n\n`);
			expect(await events.hear()).toBe(`data: ${told}\n\n`);
		}
		await auth.settled();
		expect(await idleExpiresAt()).toBe(before);
		events.upstream.end();
		expect(await events.hear()).toBeUndefined();
		await expect.poll(() => vi.getTimerCount()).toBe(0);
	});

	it.each<[string, (auth: TestAuth, browser: TestBrowser) => Promise<unknown>]>([
		["signed out", (_, browser) => browser.delete("/api/auth")],
		["ended from another device", endedElsewhere],
		["overtaken by a new password", newPassword],
		["past its time", async (auth) => auth.clock.advance({ days: 31 })],
	])("[A40] ends within seconds when the session was %s", async (_what, end) => {
		const auth = await open();
		const browser = await signedUp(auth);
		// As the stream had it: what comes after has another cookie.
		const asItWas = auth.browser();
		for (const [name, value] of browser.cookies) asItWas.cookies.set(name, value);
		const events = await listen(auth, asItWas);
		await end(auth, browser);
		await look(auth);
		await expectEnded(events);
	});

	it("[A39] ends when nothing is known of the session for long, and not for a moment of the store's", async () => {
		const auth = await open();
		const browser = await signedUp(auth);
		const events = await listen(auth, browser);
		const { storage } = await auth.engine();
		const { readSession } = storage;
		const away = () => Promise.reject(new AuthError("store_unavailable"));
		for (let told = 1; told <= 2; told++) {
			storage.readSession = away;
			for (let looked = 0; looked < 4; looked++) await look(auth);
			storage.readSession = readSession;
			await look(auth);
			events.say(`data: ${told}\n\n`);
			expect(await events.hear()).toBe(`data: ${told}\n\n`);
		}
		// Nor does a store that never answers keep it alive.
		storage.readSession = () => new Promise(() => {});
		await vi.advanceTimersByTimeAsync(6 * between);
		await expectEnded(events);
	});

	it("[A39] is answered, and watched to its end, though the session could not be renewed", async () => {
		const auth = await open();
		const browser = await signedUp(auth);
		await browser.get("/api/auth/user");
		await auth.settled();
		auth.clock.advance({ hours: 1 });
		const { storage } = await auth.engine();
		storage.advanceGeneration = () => Promise.reject(new AuthError("store_unavailable"));
		const events = await listen(auth, browser);
		events.upstream.end();
		expect(await events.hear()).toBeUndefined();
		await expect.poll(() => vi.getTimerCount()).toBe(0);
		expect(auth.logged.map(({ event }) => event)).toContain("session_not_renewed");
	});

	it("[A40] and an upload that goes on are broken off, and the answer says why", async () => {
		const auth = await open();
		const browser = await signedUp(auth);
		await auth.open();
		vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
		const arrived = Promise.withResolvers<void>();
		const broken = Promise.withResolvers<void>();
		answer = (request) => {
			request.once("data", () => arrived.resolve());
			request.once("close", () => broken.resolve());
			request.on("error", () => {});
		};
		const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(new Uint8Array(1)) });
		const answered = call(auth, browser, { method: "POST", body, duplex: "half" });
		await arrived.promise;
		await browser.delete("/api/auth");
		await look(auth);
		const response = await answered;
		expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([401, "not_authenticated"]);
		await broken.promise;
		expect(vi.getTimerCount()).toBe(0);
	});
});

async function endedElsewhere(auth: TestAuth): Promise<void> {
	const elsewhere = auth.browser();
	await elsewhere.post("/api/auth", { email: ada.email, password: ada.password });
	expect((await elsewhere.delete("/api/auth/sessions")).status).toBe(200);
}

async function newPassword(_: TestAuth, browser: TestBrowser): Promise<void> {
	const passwords = { currentPassword: ada.password, newPassword: "another horse staple" };
	expect((await browser.put("/api/auth/password", passwords)).status).toBe(200);
}
