import { describe, expect, it } from "vitest";
import * as z from "zod";
import { assertion, signUpWhereRequired, withApp, withPasskey } from "../../test/factors.ts";
import { ada, openTestAuth, signedUp } from "../../test/harness.ts";
import { endpointsOf, everyRow, type InstrumentedAuth, openInstrumented, rows } from "../../test/instruments.ts";
import type { ProviderCode } from "../../test/oauth-harness.ts";
import { type ErrorCode, errorCodes } from "../lib/errors.ts";
import { method } from "../lib/methods/method.ts";
import { passkey } from "../lib/passkeys/passkey.ts";
import { password } from "../lib/passwords/password.ts";
import { type TestAnswer, TestAuthenticator, TestBrowser } from "../testing.ts";

const signInAsAda = { email: ada.email, password: ada.password };
const allMethods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/** How each code comes about, so that a code nobody can bring about does not stay in the contract. */
const causes: Record<Exclude<ErrorCode, ProviderCode>, (auth: InstrumentedAuth) => Promise<TestAnswer>> = {
	invalid_json: (auth) => auth.browser().post("/api/auth", "{"),
	not_authenticated: (auth) => auth.browser().get("/api/auth/user"),
	invalid_credentials: (auth) => auth.browser().post("/api/auth", { ...signInAsAda, password: "wrong" }),
	invalid_code: async (auth) => (await signedUp(auth)).put("/api/auth/email-verifications/000000"),
	expired_link: (auth) => auth.browser().put("/api/auth/password-resets/none", { newPassword: "another horse staple" }),
	cross_origin: (auth) => auth.browser().post("/api/auth", signInAsAda, { "sec-fetch-site": "cross-site" }),
	async reauthentication_required(auth) {
		const browser = await signedUp(auth);
		auth.clock.advance({ minutes: 11 });
		return browser.delete("/api/auth/user");
	},
	async sign_up_closed() {
		const closed = await openInstrumented({ signUp: "closed" });
		return closed.browser().post("/api/auth/sign-up", ada);
	},
	not_found: (auth) => auth.browser().get("/api/auth/nothing"),
	method_not_allowed: (auth) => auth.browser().get("/api/auth/refresh"),
	async identifier_taken(auth) {
		await signedUp(auth);
		return auth.browser().post("/api/auth/sign-up", ada);
	},
	body_too_large: (auth) => auth.browser().post("/api/auth", { password: "x".repeat(65_536) }),
	unsupported_media_type: (auth) => auth.browser().post("/api/auth", "{}", { "content-type": "text/plain" }),
	invalid_input: (auth) => auth.browser().post("/api/auth", {}),
	async too_many_attempts(auth) {
		for (let guess = 0; guess < 10; guess++) await auth.browser().post("/api/auth", { ...signInAsAda, password: "x" });
		return auth.browser().post("/api/auth", signInAsAda);
	},
	attempt_expired: (auth) => auth.browser().post("/api/auth/attempt", { factor: "totp", code: "123456" }),
	async factor_exists(auth) {
		const browser = await signedUp(auth);
		await withApp(auth, browser);
		return browser.put("/api/auth/factors/totp", { enrolment: "x", code: "123456" });
	},
	async factor_missing(auth) {
		return (await signedUp(auth)).delete("/api/auth/factors/totp");
	},
	async insufficient_level(auth) {
		const browser = await signedUp(auth);
		await withApp(auth, browser);
		const userId = (await browser.get("/api/auth")).body.user.id;
		const granted = await auth.createSession(browser.prepare("POST", "/"), { userId });
		browser.cookies.set("session", granted!.cookie.value);
		return browser.delete("/api/auth/factors/totp");
	},
	async last_way_in() {
		const strict = await openInstrumented({ secondFactor: "required" });
		const { browser, enrolment, code } = await signUpWhereRequired(strict);
		await browser.post("/api/auth/attempt", { factor: "totp", enrolment, code });
		return browser.delete("/api/auth/factors/totp");
	},
	async unknown_passkey() {
		const auth = await openInstrumented({ methods: [passkey()] });
		const browser = auth.browser();
		const stranger = new TestAuthenticator();
		stranger.create({ challenge: "x", rp: { id: "localhost" }, user: { id: "x" } });
		return browser.post("/api/auth", { credential: await assertion(browser, stranger, "sign-in") });
	},
	async too_many_passkeys() {
		const auth = await openInstrumented({ methods: [password(), passkey()] });
		const browser = await signedUp(auth);
		for (let count = 0; count < 20; count++) await withPasskey(browser, new TestAuthenticator());
		return browser.post("/api/auth/passkeys/challenges", { for: "registration" });
	},
	async server_error() {
		const verify = () => Promise.reject(new Error("broken"));
		const input = z.object({});
		const broken = method({ name: "broken", input, amr: [], account: () => null, verify });
		return (await openInstrumented({ methods: [broken] })).browser().post("/api/auth", {});
	},
	async busy() {
		const auth = await openInstrumented({}, { pool: { concurrency: 1, queueLimit: 0 } });
		const { promise, resolve } = Promise.withResolvers<void>();
		auth.pool.gate = promise;
		const others = [0, 1].map((index) =>
			auth.browser().post("/api/auth", { email: `p${index}@example.com`, password: "x" }),
		);
		const busy = await Promise.race(others);
		resolve();
		await Promise.all(others);
		return busy;
	},
	async store_unavailable(auth) {
		await (await auth.engine()).storage.close();
		return auth.browser().post("/api/auth", signInAsAda);
	},
	// It has no contract to hold the answer against: nothing is open.
	misconfigured: () => new TestBrowser(openTestAuth({ secret: "short" })).get("/api/auth"),
};

describe("every code of the contract", () => {
	it.each(Object.keys(causes) as (keyof typeof causes)[])(
		"[ASVS 16.5.1] comes with its status and words fit for strangers: %s",
		async (code) => {
			const auth = await openInstrumented();
			const { status, headers, body } = await causes[code](auth);
			expect(status).toBe(errorCodes[code].status);
			const { error, code: given, fields, retryAfter, ...others } = body;
			expect({ error, given, others }).toEqual({ error: errorCodes[code].message, given: code, others: {} });
			expect(fields === undefined).toBe(!["invalid_input", "identifier_taken"].includes(code));
			expect(headers.get("retry-after")).toBe(retryAfter === undefined ? null : String(retryAfter));
			if (status === 429 || code === "busy") expect(retryAfter).toBeGreaterThan(0);
			expect(headers.get("content-type")).toBe("application/json; charset=utf-8");
			expect(headers.getSetCookie()).toEqual([]);
		},
	);
});

describe("a method that a path does not have", () => {
	it("[ASVS 4.1.4] is answered with 405 and what is allowed", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth);
		const before = everyRow(auth);
		for (const [path, allowed] of await methodsOf(auth)) {
			for (const method of [...allMethods, "PROPFIND", "QUERY"]) {
				if (allowed.has(method)) continue;
				const answer = await browser.request(method, path);
				expect(answer.status, `${method} ${path}`).toBe(405);
				expect(new Set(answer.headers.get("allow")?.split(", ")), path).toEqual(new Set([...allowed, "OPTIONS"]));
			}
		}
		expect(everyRow(auth)).toBe(before);
	});

	it("OPTIONS tells what is allowed, and does nothing", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth);
		for (const [path, allowed] of await methodsOf(auth)) {
			const { status, headers, body } = await browser.request("OPTIONS", path);
			expect({ status, body }).toEqual({ status: 204, body: "" });
			expect(new Set(headers.get("allow")?.split(", "))).toEqual(new Set([...allowed, "OPTIONS"]));
		}
		expect((await browser.request("OPTIONS", "/api/auth/nothing")).status).toBe(404);
	});

	it("HEAD is GET without a body, also where GET is refused or finds nothing", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth);
		const paths = [...(await methodsOf(auth))].filter(([, allowed]) => allowed.has("GET")).map(([path]) => path);
		for (const who of [browser, auth.browser()]) {
			for (const path of [...paths, "/api/auth/nothing", "/api/auth/refresh", "/api/auth/events?before="]) {
				const get = await who.get(path);
				const head = await who.request("HEAD", path);
				expect(head.status, path).toBe(get.status);
				expect(head.body, path).toBe("");
				expect([...head.headers], path).toEqual([...get.headers]);
			}
		}
	});
});

describe("a body", () => {
	it.each([
		"text/plain",
		"application/x-www-form-urlencoded",
		"application/json; charset=latin1",
		"text/json",
		"*/*",
		"",
	])("of the media type %j is refused", async (type) => {
		const auth = await openInstrumented();
		const answer = await auth.browser().post("/api/auth", JSON.stringify(signInAsAda), { "content-type": type });
		expect(answer.body.code).toBe("unsupported_media_type");
	});

	it.each(["", " ", "{", "null", "[]", '"text"', "1", '{"a":1}{"b":2}', "{'a':1}", '{"a":\u00a01}', "NaN"])(
		"that is no JSON object is refused: %j",
		async (body) => {
			const auth = await openInstrumented();
			for (const path of ["/api/auth", "/api/auth/sign-up"]) {
				const answer = await auth.browser().post(path, body);
				expect(answer).toMatchObject({ status: 400, body: { code: "invalid_json" } });
			}
		},
	);

	const wrong: readonly [path: string, body: object, fields: Record<string, string>][] = [
		["", {}, { password: "required" }],
		["", { password: "x" }, { identifier: "required" }],
		["", { email: "", password: "x" }, { email: "required" }],
		["", { email: 1, password: "x" }, { email: "wrong_type" }],
		["", { email: ["ada@example.com"], password: "x" }, { email: "wrong_type" }],
		["", { email: ada.email, password: "" }, { password: "required" }],
		["", { email: ada.email, password: null }, { password: "wrong_type" }],
		["", { email: ada.email, password: { length: 8 } }, { password: "wrong_type" }],
		["", { email: ada.email, password: "x".repeat(1025) }, { password: "too_long" }],
		["/sign-up", {}, { password: "required" }],
		["/sign-up", { password: ada.password }, { email: "required" }],
		["/sign-up", { ...ada, email: "ada" }, { email: "invalid_email" }],
		["/sign-up", { ...ada, email: null }, { email: "wrong_type" }],
		["/sign-up", { ...ada, username: "a" }, { username: "too_short" }],
		["/sign-up", { ...ada, username: "a b" }, { username: "invalid_username" }],
		["/sign-up", { ...ada, password: "short" }, { password: "too_short" }],
		["/sign-up", { ...ada, password: "password1" }, { password: "common" }],
		["/sign-up", { ...ada, password: "adalovelace" }, { password: "context" }],
		["/sign-up", { ...ada, password: "\ud800 half a pair" }, { password: "invalid" }],
		["/sign-up", { ...ada, name: 1 }, { name: "wrong_type" }],
		["/sign-up", { ...ada, name: "two\nlines" }, { name: "invalid" }],
		["/sign-up", { ...ada, name: "x".repeat(101) }, { name: "too_long" }],
		[
			"/sign-up",
			{ email: "ada", username: "a", password: ada.password },
			{ email: "invalid_email", username: "too_short" },
		],
	];

	it.each(wrong)("with wrong fields is refused and says which: %s %j", async (path, body, fields) => {
		const auth = await openInstrumented();
		const answer = await auth.browser().post(`/api/auth${path}`, body);
		expect(answer.status).toBe(422);
		expect(answer.body).toEqual({ error: "Some fields need attention", code: "invalid_input", fields });
		expect(auth.statements).toEqual([]);
	});

	it("says which fields are wrong to somebody signed in too, and nothing has changed", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth, { ...ada, username: "ada" });
		const answers: [TestAnswer, Record<string, string>][] = [
			[await browser.patch("/api/auth/user", { name: 1 }), { name: "wrong_type" }],
			[await browser.patch("/api/auth/user", { username: "" }), { username: "invalid_username" }],
			[await browser.put("/api/auth/password", {}), { currentPassword: "required", newPassword: "required" }],
			[
				await browser.put("/api/auth/password", { currentPassword: ada.password, newPassword: "x" }),
				{ newPassword: "too_short" },
			],
			[await browser.post("/api/auth/reauthentication", {}), { password: "required" }],
			[await browser.get(`/api/auth/events?before=${"x".repeat(201)}`), { before: "too_long" }],
			[await browser.get("/api/auth/events?types=user.updated,nothing"), { types: "invalid" }],
		];
		for (const [{ status, body }, fields] of answers) {
			expect({ status, fields: body.fields }).toEqual({ status: 422, fields });
		}
		expect((await browser.get("/api/auth/user")).body.user).toMatchObject({ name: ada.name, username: "ada" });
	});
});

describe("what nobody may write", () => {
	const forbidden = {
		id: "01980000-0000-7000-8000-000000000000",
		userId: "01980000-0000-7000-8000-000000000000",
		role: "admin",
		roles: ["admin"],
		admin: true,
		emailVerified: true,
		email_verified: true,
		verified_at: 1,
		emailVerifiedAt: "2020-01-01T00:00:00.000Z",
		epoch: 99,
		createdAt: "2020-01-01T00:00:00.000Z",
		created_at: 1,
		level: "aal3",
		amr: ["hwk"],
		session: { level: "aal3" },
		password_hash: "x",
		sealed: "x",
		__proto__: { emailVerified: true },
	};

	it("[ASVS 8.2.3] has no effect at sign-up", async () => {
		const auth = await openInstrumented();
		const browser = auth.browser();
		const text = JSON.stringify({ ...ada, ...forbidden }).replace("{", '{"__proto__":{"emailVerified":true},');
		const answer = await browser.post("/api/auth/sign-up", text);
		expect(answer.status).toBe(201);
		expectUntouched(auth, answer);
	});

	it("[ASVS 8.2.3] has no effect in a change of the user, nor has the address or the password there", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth);
		const answer = await browser.patch("/api/auth/user", {
			...forbidden,
			email: "eve@example.com",
			password: "another horse staple",
			newPassword: "another horse staple",
		});
		expect(answer.status).toBe(200);
		expectUntouched(auth, { ...answer, body: { ...(await browser.get("/api/auth")).body } });
		expect((await auth.browser().post("/api/auth", signInAsAda)).status).toBe(200);
	});

	it("[ASVS 8.2.3] has no effect at sign-in, reauthentication and password change", async () => {
		const auth = await openInstrumented();
		const browser = await signedUp(auth);
		const newPassword = "another horse staple";
		const answers = [
			await browser.post("/api/auth", { ...forbidden, ...signInAsAda }),
			await browser.post("/api/auth/reauthentication", { ...forbidden, password: ada.password }),
			await browser.post("/api/auth/refresh", forbidden),
		];
		for (const answer of answers) expectUntouched(auth, answer);
		const changed = await browser.put("/api/auth/password", {
			...forbidden,
			currentPassword: ada.password,
			newPassword,
		});
		expect(changed.body).toMatchObject({ user: { emailVerified: false }, session: { level: "aal1", amr: ["pwd"] } });
	});

	it("[ASVS 8.2.3] is in no answer either: what people get is what the contract names", async () => {
		const auth = await openInstrumented();
		const { body } = await auth.browser().post("/api/auth/sign-up", ada);
		expect(Object.keys(body.user).sort()).toEqual(["createdAt", "email", "emailVerified", "id", "name", "username"]);
		expect(Object.keys(body.session).sort()).toEqual([
			"amr",
			"authenticatedAt",
			"createdAt",
			"expiresAt",
			"id",
			"idleExpiresAt",
			"level",
		]);
	});
});

function expectUntouched(auth: InstrumentedAuth, { body }: Pick<TestAnswer, "body">): void {
	expect(body.user).toMatchObject({ email: ada.email, emailVerified: false, createdAt: "2026-01-01T00:00:00.000Z" });
	expect(body.user.id).not.toContain("01980000");
	expect(body.session).toMatchObject({ level: "aal1", amr: ["pwd"] });
	expect(rows(auth, "SELECT epoch FROM latchkey_user")).toEqual([{ epoch: 1 }]);
	expect(rows(auth, "SELECT verified_at FROM latchkey_identifier")).toEqual([{ verified_at: null }]);
}

/** By path: what the OpenAPI document has, and HEAD where it has GET. */
async function methodsOf(auth: InstrumentedAuth): Promise<Map<string, Set<string>>> {
	const found = new Map<string, Set<string>>();
	for (const { method, path } of await endpointsOf(auth)) {
		const methods = found.get(path) ?? new Set();
		methods.add(method);
		if (method === "GET") methods.add("HEAD");
		found.set(path, methods);
	}
	return found;
}
