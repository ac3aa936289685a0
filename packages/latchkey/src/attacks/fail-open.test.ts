import { rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { factorOperations, firstStep, withApp } from "../../test/factors.ts";
import { ada, openTestAuth, signedUp } from "../../test/harness.ts";
import { countRows, endpointsOf, type InstrumentedAuth, openInstrumented } from "../../test/instruments.ts";
import { AuthError } from "../lib/errors.ts";
import { method } from "../lib/methods/method.ts";
import { password } from "../lib/passwords/password.ts";
import type { Storage } from "../lib/storage/storage.ts";
import type { TestAnswer, TestBrowser } from "../testing.ts";

const signInAsAda = { email: ada.email, password: ada.password };
/** Tried in provider-linking.test.ts, on the way over a provider. */
const ofProviders = new Set<string>([
	...["listIdentities", "linkIdentity", "unlinkIdentity", "keepProviderTokens", "findProviderTokens"],
	...["claimRefresh", "replaceProviderTokens", "findProviderSession", "findSessionsOfProvider"],
	"endSessionsOfProvider",
]);
const canary = "a detail that no stranger may read";

const failures = [
	{ what: "out of reach", error: () => new AuthError("store_unavailable", { detail: canary }), status: 503 },
	{ what: "broken", error: () => new TypeError(canary), status: 500 },
];

describe.each(failures)("while the store is $what", ({ error, status }) => {
	it("[A39] [ASVS 16.5.3] every endpoint refuses, signed in or not", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth);
		await withApp(auth, browser);
		browser.cookies.set("attempt", (await firstStep(auth)).browser.cookies.get("attempt")!);
		await breakEverything(auth, error);
		const passwords = { currentPassword: ada.password, newPassword: "another horse staple" };
		const body = { ...ada, ...passwords, factor: "totp", code: "123456", secondStep: true };
		for (const endpoint of await endpointsOf(auth)) {
			if (endpoint.path.endsWith("/openapi.json")) continue;
			const form = endpoint.path.endsWith("/sign-out");
			const answer = await browser.request(
				endpoint.method,
				endpoint.path,
				endpoint.hasBody ? (form ? "redirectTo=/" : body) : undefined,
				form ? { "content-type": "application/x-www-form-urlencoded" } : {},
			);
			const what = `${endpoint.method} ${endpoint.path}`;
			// Nobody need be asked about a link that is broken.
			if (endpoint.path.includes("/mail-links/")) continue;
			if (/\/(password-resets|undoings)\//.test(endpoint.path)) expect(answer.status, what).toBe(410);
			else expect(answer.status, what).toBe(endpoint.path.endsWith("/health") ? 503 : status);
			expectNothingTold(answer);
		}
		expect(browser.cookies.has("session")).toBe(true);
	});

	it("[A39] the guards of trusted code throw, and never answer that nobody is signed in", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth);
		const { user } = (await browser.get("/api/auth")).body;
		await breakEverything(auth, error);
		const request = { headers: new Headers({ cookie: browser.cookieHeader(), "sec-fetch-site": "same-origin" }) };
		const thrown = status === 503 ? { code: "store_unavailable" } : { message: canary };
		await expect(auth.readSession(request)).rejects.toMatchObject(thrown);
		await expect(auth.createSession(request, { userId: user.id })).rejects.toMatchObject(thrown);
		await expect(auth.endSession(request)).rejects.toMatchObject(thrown);
		if (status === 503) {
			expect(await auth.signIn(request, signInAsAda)).toEqual({ ok: false, code: "store_unavailable" });
			expect(await auth.signUp(request, { ...ada, email: "b@example.com" })).toMatchObject({ ok: false });
		} else {
			await expect(auth.signIn(request, signInAsAda)).rejects.toMatchObject(thrown);
			await expect(auth.signUp(request, { ...ada, email: "b@example.com" })).rejects.toMatchObject(thrown);
		}
	});

	it("[A39] [ASVS 16.5.2] a guess that cannot be counted is not judged", async () => {
		const auth = await openInstrumented();
		await signedUp(auth);
		auth.pool.hashes = 0;
		await auth.replaceStorage(() => ({ countAttempt: () => Promise.reject(error()) }));
		expect((await auth.browser().post("/api/auth", signInAsAda)).status).toBe(status);
		expect(auth.pool.hashes).toBe(0);
	});
});

describe("while one operation of the store fails", () => {
	it("[A39] [ASVS 16.5.3] whatever asked for it is denied, and nothing else", async () => {
		const harmless = ["recordSight", "touchSessions", "resealPassword", "deleteExpired"];
		const { storage } = await (await openInstrumented()).engine();
		const operations = Object.keys(storage) as (keyof Storage)[];
		const seen = new Set<string>();
		for (const operation of operations.filter((name) => name !== "close")) {
			const auth = await openInstrumented();
			const people = await openPeople(auth);
			let calls = 0;
			await auth.replaceStorage(() => ({
				[operation]: () => {
					calls += 1;
					return Promise.reject(new AuthError("store_unavailable", { detail: canary }));
				},
			}));
			for (const [what, act] of acts) {
				calls = 0;
				const answer = await act(people);
				const failed = calls > 0 && !harmless.includes(operation);
				if (calls > 0) seen.add(operation);
				if (failed) expectNothingTold(answer);
				if (failed) expect(answer.status, `${operation} in ${what}`).toBe(503);
				else expect(answer.status, `${operation} in ${what}`).toBeLessThan(500);
				await auth.settled();
			}
		}
		// Tried where what goes by mail is tried and in fail-open-factors, or never asked for by a request.
		const untried = operations.filter(
			(name) =>
				!seen.has(name) && !ofProviders.has(name) && !harmless.includes(name) && !factorOperations.includes(name),
		);
		expect(untried.sort()).toEqual([
			...["changeEmail", "claimMails", "close", "dropTokens", "endAllSessions"],
			...[
				"findCredentials",
				"findToken",
				"findUserByIdentity",
				"finishMail",
				"forgetAttempts",
				"forgetFailures",
				"listDueDeletions",
				"peekToken",
			],
			...["postponeMail", "proveEmail", "readDeletion", "replaceToken", "requestDeletion"],
			...["resetPassword", "undoDeletion"],
		]);
	});
});

describe("a failure halfway", () => {
	it("[A39] [ASVS 16.5.3] of a sign-up leaves no part of an account", async () => {
		const auth = await openInstrumented();
		const { storage } = await auth.engine();
		await auth.replaceStorage(() => ({
			// A second session with the same id, so that the transaction fails at its last step but one.
			createUser: async (input) => {
				await storage.createUser({ ...input, id: `${input.id}-first`, identifiers: [] });
				return storage.createUser(input);
			},
		}));
		const answer = await auth.browser().post("/api/auth/sign-up", ada);
		expect(answer.status).toBe(500);
		expect(answer.headers.getSetCookie()).toEqual([]);
		expect(countRows(auth, "latchkey_user")).toBe(1);
		expect(countRows(auth, "latchkey_identifier")).toBe(0);
		expect(countRows(auth, "latchkey_session")).toBe(1);
	});

	it("[A39] of what is written after an answer takes nothing back and is logged", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth);
		await auth.replaceStorage(() => ({
			recordSight: () => Promise.reject(new TypeError("the disk is full")),
			touchSessions: () => Promise.reject(new TypeError("the disk is full")),
		}));
		expect((await browser.get("/api/auth/user")).status).toBe(200);
		await auth.settled();
		await (await auth.engine()).activity.flush();
		const warnings = auth.logged.filter(({ level }) => level !== "info").map(({ event }) => event);
		expect(warnings).toEqual(["background_failed", "activity_not_written"]);
	});
});

describe("a method that does not keep its word", () => {
	const lies: readonly [what: string, verify: () => Promise<never>][] = [
		["throws", () => Promise.reject(new Error(canary))],
		["throws what is not an error", () => Promise.reject(canary)],
		["answers undefined", async () => undefined as never],
		["answers true", async () => true as never],
		["answers an empty object", async () => ({}) as never],
		["answers a user that does not exist", async () => ({ userId: "01980000-0000-7000-8000-000000000000" }) as never],
		["answers no user", async () => ({ userId: null }) as never],
	];

	it.each(lies)("[A39] [ASVS 16.5.3] denies when it %s", async (_what, verify) => {
		const card = method({
			name: "card",
			input: z.object({ card: z.string() }),
			amr: ["sc"],
			account: () => null,
			verify,
		});
		const auth = await openInstrumented({ methods: [password(), card] });
		await signedUp(auth);
		const browser = auth.browser();
		const answer = await browser.post("/api/auth", { method: "card", card: "1234" });
		expect([401, 500]).toContain(answer.status);
		expectNothingTold(answer);
		expect(browser.cookies.size).toBe(0);
		expect(countRows(auth, "latchkey_session")).toBe(1);
	});
});

describe("a look-up that a method asks for", () => {
	it("[A39] [ASVS 16.5.3] denies when it fails", async () => {
		const card = method({
			name: "card",
			input: z.object({ card: z.string() }),
			amr: ["sc"],
			account: () => null,
			verify: (_input, tools) => tools.findAccount(ada.email),
		});
		const auth = await openInstrumented({ methods: [password(), card] });
		await signedUp(auth);
		await auth.replaceStorage(() => ({
			findCredentials: () => Promise.reject(new AuthError("store_unavailable", { detail: canary })),
		}));
		const browser = auth.browser();
		const answer = await browser.post("/api/auth", { method: "card", card: "1234" });
		expect(answer.status).toBe(503);
		expectNothingTold(answer);
		expect(browser.cookies.size).toBe(0);
	});
});

describe("an error that nobody foresaw", () => {
	it("[A39] [ASVS 16.5.1] [ASVS 16.3.4] tells a stranger an id to quote, and the operator the rest under the same id", async () => {
		const auth = await openInstrumented();
		await auth.replaceStorage(() => ({ countAttempt: () => Promise.reject(new TypeError(canary)) }));
		const answer = await auth.browser().post("/api/auth", signInAsAda);
		expect(answer.body).toEqual({ error: "Something went wrong", code: "server_error" });
		const requestId = answer.headers.get("x-request-id");
		expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
		expect(auth.logged.filter(({ level }) => level !== "info")).toEqual([
			expect.objectContaining({ level: "error", event: "server_error", requestId, message: canary }),
		]);
	});

	it("[A39] while the store cannot be opened is an answer for everybody, until it can", async () => {
		const { file } = openTestAuth();
		writeFileSync(join(dirname(file), "occupied"), "not a folder");
		const auth = openTestAuth({ database: `file:${join(dirname(file), "occupied", "auth.db")}` });
		const anonymous = () => auth.handle(new Request("http://localhost:3000/api/auth"));
		const answer = await anonymous();
		expect(answer.status).toBe(500);
		expect(await answer.json()).toEqual({ error: "Something went wrong", code: "misconfigured" });
		await expect(auth.readSession({ headers: new Headers() })).rejects.toMatchObject({ code: "misconfigured" });
		rmSync(join(dirname(file), "occupied"));
		expect((await anonymous()).status).toBe(200);
	});
});

async function breakEverything(auth: InstrumentedAuth, error: () => Error): Promise<void> {
	await auth.replaceStorage((storage) =>
		Object.fromEntries(
			Object.keys(storage)
				.filter((name) => name !== "close")
				.map((name) => [name, () => Promise.reject(error())]),
		),
	);
}

function expectNothingTold({ status, headers, body }: TestAnswer): void {
	expect(status).toBeGreaterThanOrEqual(400);
	expect(headers.getSetCookie()).toEqual([]);
	expect(body).not.toHaveProperty("user");
	expect(body).not.toHaveProperty("authenticated");
	expect(JSON.stringify(body)).not.toContain(canary);
}

interface People {
	auth: InstrumentedAuth;
	/** Whose token is due for renewal. */
	tired: TestBrowser;
	/** Who has just proven themselves. */
	fresh: TestBrowser;
	deviceId: string;
}

async function openPeople(auth: InstrumentedAuth): Promise<People> {
	const tired = await signedUp(auth);
	await tired.get("/api/auth/user");
	await auth.settled();
	auth.clock.advance({ hours: 1 });
	const device = auth.browser();
	const deviceId = (await device.post("/api/auth", signInAsAda)).body.session.id;
	const fresh = await signedUp(auth, { email: "bob@example.com", password: "bob has another one" });
	return { auth, tired, fresh, deviceId };
}

const acts: readonly [what: string, act: (people: People) => Promise<TestAnswer>][] = [
	["health", ({ fresh }) => fresh.get("/api/auth/health")],
	["who", ({ tired }) => tired.get("/api/auth")],
	["refresh", ({ tired }) => tired.post("/api/auth/refresh")],
	["user", ({ tired }) => tired.get("/api/auth/user")],
	["export", ({ fresh }) => fresh.get("/api/auth/user/export")],
	["events", ({ tired }) => tired.get("/api/auth/events")],
	["devices", ({ tired }) => tired.get("/api/auth/sessions")],
	["rename", ({ tired }) => tired.patch("/api/auth/user", { name: "Countess" })],
	["end one", ({ tired, deviceId }) => tired.delete(`/api/auth/sessions/${deviceId}`)],
	["end others", ({ tired }) => tired.delete("/api/auth/sessions")],
	["wrong sign-in", ({ auth }) => auth.browser().post("/api/auth", { ...signInAsAda, password: "wrong" })],
	["sign-in", ({ auth }) => auth.browser().post("/api/auth", signInAsAda)],
	["sign-up", ({ auth }) => auth.browser().post("/api/auth/sign-up", { ...ada, email: "eve@example.com" })],
	["reauthentication", ({ tired }) => tired.post("/api/auth/reauthentication", { password: ada.password })],
	[
		"password",
		({ tired }) =>
			tired.put("/api/auth/password", { currentPassword: ada.password, newPassword: "another horse staple" }),
	],
	["sign-out", ({ tired }) => tired.delete("/api/auth")],
	["deletion", ({ fresh }) => fresh.delete("/api/auth/user")],
];
