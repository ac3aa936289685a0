import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { withApp } from "../../../test/factors.ts";
import { type FakeProvider, startFakeProvider as foreignProvider, unsigned } from "../../../test/fake-provider.ts";
import { ada, openBeside, signedUp, testSecret } from "../../../test/harness.ts";
import { begin, comeBack, oidcAt, openWithProvider, signInAt } from "../../../test/oauth-harness.ts";
import { password } from "../passwords/password.ts";
import type { TestBrowser } from "../testing/test-browser.ts";

const event = { "http://schemas.openid.net/event/backchannel-logout": {} };
const form = { "content-type": "application/x-www-form-urlencoded" };

function claimsOf(fake: FakeProvider, change: Record<string, unknown> = {}): Record<string, unknown> {
	const now = Math.floor(Date.now() / 1000);
	return {
		iss: fake.issuer,
		aud: "client-1",
		iat: now,
		exp: now + 120,
		jti: crypto.randomUUID(),
		sub: "ada-1",
		events: event,
		...change,
	};
}

async function open() {
	const opened = await openWithProvider();
	const browser = opened.auth.browser();
	await signInAt(opened.fake, browser);
	// The provider's own server, which has no cookie and no page.
	const server = opened.auth.browser({ headers: { "sec-fetch-site": "none" } });
	const send = (token: string) =>
		server.post(
			"/api/auth/oauth/example/backchannel-logout",
			new URLSearchParams({ logout_token: token }).toString(),
			form,
		);
	return { ...opened, browser, send };
}

const isSignedIn = async (browser: TestBrowser) => (await browser.get("/api/auth")).body.authenticated;

async function expectRefused(make: (fake: FakeProvider) => Promise<string> | string): Promise<void> {
	const { fake, browser, send } = await open();
	const answer = await send(await make(fake));
	expect(answer).toMatchObject({ status: 400, body: { code: "invalid_logout_token" } });
	expect(await isSignedIn(browser)).toBe(true);
}

// The eight cases of the OpenID Foundation's back-channel logout plan for relying parties, by their names.
describe("Back-channel logout [A45]", () => {
	it("oidcc-client-test-rp-backchannel-rpinitlogout: ends the sessions of the subject, and only those", async () => {
		const { auth, fake, browser, send } = await open();
		const other = auth.browser();
		await signInAt(fake, other, { sub: "bob-1" });
		expect(await send(await fake.sign(claimsOf(fake), { typ: "logout+jwt" }))).toMatchObject({ status: 200 });
		expect(await isSignedIn(browser)).toBe(false);
		expect(await isSignedIn(other)).toBe(true);
	});

	it("ends one session of the provider alone, by its sid", async () => {
		const { auth, fake, browser, send } = await open();
		const elsewhere = auth.browser();
		const url = await begin(elsewhere);
		await comeBack(elsewhere, fake.authorize(url, undefined, "sid-2"));
		const { sub: _, ...claims } = claimsOf(fake, { sid: "sid-2" });
		expect((await send(await fake.sign(claims))).status).toBe(200);
		expect(await isSignedIn(elsewhere)).toBe(false);
		expect(await isSignedIn(browser)).toBe(true);
	});

	const wrong: [string, (fake: FakeProvider) => Promise<string> | string][] = [
		["alg-none", (fake) => unsigned(claimsOf(fake))],
		["no-event", (fake) => fake.sign(claimsOf(fake, { events: undefined }))],
		["with-nonce", (fake) => fake.sign(claimsOf(fake, { nonce: "n" }))],
		["wrong-alg", (fake) => forgedWithPublicKey(fake)],
		["wrong-aud", (fake) => fake.sign(claimsOf(fake, { aud: "somebody-else" }))],
		["wrong-event", (fake) => fake.sign(claimsOf(fake, { events: { "https://example.com/other": {} } }))],
		["wrong-iss", (fake) => fake.sign(claimsOf(fake, { iss: "https://evil.example" }))],
	];

	it.each(wrong)("oidcc-client-test-rp-backchannel-rpinitlogout-%s: is refused [ASVS 10.5.5]", async (_, make) => {
		await expectRefused(make);
	});

	const hostile: typeof wrong = [
		["without sub and sid", (fake) => fake.sign(claimsOf(fake, { sub: undefined }))],
		["without jti", (fake) => fake.sign(claimsOf(fake, { jti: undefined }))],
		["without iat", (fake) => fake.sign(claimsOf(fake, { iat: undefined }))],
		["of an hour ago", (fake) => fake.sign(claimsOf(fake, { iat: Math.floor(Date.now() / 1000) - 3600 }))],
		["of an hour ahead", (fake) => fake.sign(claimsOf(fake, { iat: Math.floor(Date.now() / 1000) + 3600 }))],
		["that has expired", (fake) => fake.sign(claimsOf(fake, { exp: Math.floor(Date.now() / 1000) - 60 }))],
		["with a nonce that is null", (fake) => fake.sign(claimsOf(fake, { nonce: null }))],
		["for many, and not for us", (fake) => fake.sign(claimsOf(fake, { aud: ["a", "b"] }))],
		["of another key", async (fake) => (await foreignProvider()).sign(claimsOf(fake))],
		["with a sid that is no text", (fake) => fake.sign(claimsOf(fake, { sid: { $ne: "" } }))],
		["with a sub that is no text", (fake) => fake.sign(claimsOf(fake, { sub: { $ne: "" } }))],
		["with a sub that is nothing", (fake) => fake.sign(claimsOf(fake, { sub: null, sid: "sid-1" }))],
		["with a jti that is no text", (fake) => fake.sign(claimsOf(fake, { jti: ["1"] }))],
		["of another type", (fake) => fake.sign(claimsOf(fake), { typ: "at+jwt" })],
		["an event that is no object", (fake) => fake.sign(claimsOf(fake, { events: { [Object.keys(event)[0]!]: "x" } }))],
		["not a token", () => "x.y.z"],
		["empty", () => ""],
	];

	it.each(hostile)("refuses a token that is, or is one, %s [ASVS 10.5.5]", async (_, make) => {
		await expectRefused(make);
	});

	it("[A32] takes no ID token for a logout token", async () => {
		const { auth, fake, send, browser } = await open();
		let idToken = "";
		fake.mischief.token = (answer) => {
			idToken = String(answer.id_token);
			return answer;
		};
		await signInAt(fake, auth.browser());
		expect((await send(idToken)).body.code).toBe("invalid_logout_token");
		expect(await isSignedIn(browser)).toBe(true);
	});

	it("is believed once: who signs in again stays signed in when it is replayed", async () => {
		const { fake, browser, send } = await open();
		const token = await fake.sign(claimsOf(fake));
		expect((await send(token)).status).toBe(200);
		await signInAt(fake, browser);
		expect((await send(token)).body.code).toBe("invalid_logout_token");
		expect(await isSignedIn(browser)).toBe(true);
	});

	it("is believed again when the store failed on the way, and not once more when it did not", async () => {
		const { auth, fake, browser, send } = await open();
		const token = await fake.sign(claimsOf(fake));
		const database = new DatabaseSync(auth.file);
		// Whatever came before the first session was to be ended is undone with it.
		database.exec(`CREATE TRIGGER broken BEFORE UPDATE OF ended_at ON latchkey_session
			BEGIN SELECT RAISE(ABORT, 'broken'); END`);
		expect((await send(token)).status).toBe(500);
		expect(await isSignedIn(browser)).toBe(true);
		database.exec("DROP TRIGGER broken");
		database.close();
		expect((await send(token)).status).toBe(200);
		expect(await isSignedIn(browser)).toBe(false);
		await signInAt(fake, browser);
		expect((await send(token)).body.code).toBe("invalid_logout_token");
		expect(await isSignedIn(browser)).toBe(true);
	});

	it("[A23] is believed once when it comes sixteen times at once", async () => {
		const { fake, browser, send } = await open();
		const token = await fake.sign(claimsOf(fake));
		const answers = await Promise.all(Array.from({ length: 16 }, () => send(token)));
		expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
		expect(answers.filter(({ body }) => body.code === "invalid_logout_token")).toHaveLength(15);
		expect(await isSignedIn(browser)).toBe(false);
	});

	it("[A44] is believed once while the secret is rotated", async () => {
		const { auth, fake, browser, send } = await open();
		const token = await fake.sign(claimsOf(fake));
		expect((await send(token)).status).toBe(200);
		const secret = `another-secret-for-tests-only-0123456789-abc,${testSecret}`;
		const rotated = openBeside(auth, { methods: [password(), oidcAt(fake)], secret });
		await signInAt(fake, browser);
		const body = new URLSearchParams({ logout_token: token }).toString();
		const answer = await rotated.browser().post("/api/auth/oauth/example/backchannel-logout", body, form);
		expect(answer.body.code).toBe("invalid_logout_token");
		expect(await isSignedIn(browser)).toBe(true);
	});

	it("ends nothing where sub and sid do not belong together", async () => {
		const { fake, browser, send } = await open();
		expect((await send(await fake.sign(claimsOf(fake, { sub: "bob-1", sid: "sid-1" })))).status).toBe(200);
		expect((await send(await fake.sign(claimsOf(fake, { sub: "ada-1", sid: "sid-9" })))).status).toBe(200);
		expect(await isSignedIn(browser)).toBe(true);
		expect((await send(await fake.sign(claimsOf(fake, { sub: "ada-1", sid: "sid-1" })))).status).toBe(200);
		expect(await isSignedIn(browser)).toBe(false);
	});

	it("[A38] reads no body without an end, and no token of any length", async () => {
		const { auth, browser, send } = await open();
		expect((await send("x".repeat(16_385))).status).toBe(422);
		expect((await send("x".repeat(70_000))).body.code).toBe("body_too_large");
		const server = auth.browser({ headers: { "sec-fetch-site": "none" } });
		const path = "/api/auth/oauth/example/backchannel-logout";
		expect((await server.post(path, { logout_token: "x.y.z" })).status).toBe(415);
		expect((await server.get(path)).status).toBe(405);
		expect(await isSignedIn(browser)).toBe(true);
	});

	it("[A38] lets strangers make this site ask for a provider's keys now and then only", async () => {
		const { fake, browser, send } = await open();
		const asked = () => fake.requests.filter((request) => request === "GET /jwks").length;
		const before = asked();
		const forged = await (await foreignProvider()).sign(claimsOf(fake));
		await Promise.all(Array.from({ length: 10 }, () => send(forged)));
		for (let sent = 0; sent < 10; sent++) expect((await send(forged)).body.code).toBe("invalid_logout_token");
		expect(asked() - before).toBe(1);
		// With the keys that are known by now the provider itself is believed.
		expect((await send(await fake.sign(claimsOf(fake)))).status).toBe(200);
		expect(await isSignedIn(browser)).toBe(false);
	});

	it("says so when the provider's keys cannot be read", async () => {
		const { fake, send } = await open();
		const token = await fake.sign(claimsOf(fake));
		fake.paths.set("/jwks", () => ({ status: 503, body: {} }));
		expect((await send(token)).status).toBeGreaterThanOrEqual(500);
	});
});

// Every proof makes a new session in the place of the old one; the provider's end is to find that one too.
describe("a session that goes on after it began at a provider [A45]", () => {
	async function endedThere(opened: Awaited<ReturnType<typeof open>>, browser: TestBrowser): Promise<boolean> {
		expect(await isSignedIn(browser)).toBe(true);
		const { sub: _, ...claims } = claimsOf(opened.fake, { sid: "sid-1" });
		expect((await opened.send(await opened.fake.sign(claims))).status).toBe(200);
		return !(await isSignedIn(browser));
	}

	it("is ended when an authenticator app came to it", async () => {
		const opened = await open();
		await withApp(opened.auth, opened.browser);
		expect(await endedThere(opened, opened.browser)).toBe(true);
	});

	it("is ended when it began with a second step", async () => {
		const opened = await open();
		const app = await withApp(opened.auth, opened.browser);
		const browser = opened.auth.browser();
		await signInAt(opened.fake, browser);
		expect((await browser.post("/api/auth/attempt", { factor: "totp", code: app.code() })).status).toBe(200);
		expect(await endedThere(opened, browser)).toBe(true);
	});

	it("never begins when its second step is shown after the end: whoever comes to the browser next would show one", async () => {
		const opened = await open();
		const app = await withApp(opened.auth, opened.browser);
		const browser = opened.auth.browser();
		await signInAt(opened.fake, browser);
		expect((await opened.send(await opened.fake.sign(claimsOf(opened.fake, { sid: "sid-1" })))).status).toBe(200);
		const shown = await browser.post("/api/auth/attempt", { factor: "totp", code: app.code() });
		expect(shown).toMatchObject({ status: 401, body: { code: "attempt_expired" } });
		// Somebody else's end is none of theirs.
		opened.auth.clock.advance({ seconds: 30 });
		await signInAt(opened.fake, browser);
		expect((await opened.send(await opened.fake.sign(claimsOf(opened.fake, { sub: "bob-1" })))).status).toBe(200);
		expect((await browser.post("/api/auth/attempt", { factor: "totp", code: app.code() })).status).toBe(200);
	});

	it("never begins by an account that is made after the end, when somebody else may sit there", async () => {
		const { auth, fake } = await openWithProvider({ emailVerification: "required" });
		const [mary, ann] = [auth.browser(), auth.browser()];
		await signInAt(fake, mary, { sub: "mary-1", name: "Mary Somerville" });
		await signInAt(fake, ann, { sub: "ann-1", name: "Ann Lister" });
		const pending = async (browser: TestBrowser) => (await browser.get("/api/auth/pending-sign-up")).body.pending;
		expect(await pending(mary)).toMatchObject({ name: "Mary Somerville" });
		const token = await fake.sign(claimsOf(fake, { sub: "mary-1" }));
		const body = new URLSearchParams({ logout_token: token }).toString();
		expect((await auth.browser().post("/api/auth/oauth/example/backchannel-logout", body, form)).status).toBe(200);
		expect([await pending(mary), (await pending(ann)).name]).toEqual([null, "Ann Lister"]);
		const answer = await mary.post("/api/auth/pending-sign-up", { email: "evil@example.com" });
		expect(answer.body.code).toBe("sign_in_expired");
	});

	it("is ended when the person proved themselves again", async () => {
		const opened = await open();
		const app = await withApp(opened.auth, opened.browser);
		const proof = { factor: "totp", code: app.code() };
		expect((await opened.browser.post("/api/auth/reauthentication", proof)).status).toBe(200);
		expect(await endedThere(opened, opened.browser)).toBe(true);
	});

	it("is ended when the password was changed", async () => {
		const opened = await open();
		const { auth, fake } = opened;
		const browser = await signedUp(auth, { email: "bob@example.com", password: ada.password });
		const person = { sub: "bob-1" };
		const url = (await browser.post("/api/auth/identities", { provider: "example" })).body.authorizationUrl;
		await comeBack(browser, fake.authorize(url, person, "sid-1"));
		await signInAt(fake, browser, person);
		const change = { currentPassword: ada.password, newPassword: "another horse battery" };
		expect((await browser.put("/api/auth/password", change)).status).toBe(200);
		expect(await endedThere(opened, browser)).toBe(true);
	});

	it("is not, when the same browser signed in anew without the provider", async () => {
		const opened = await open();
		const { auth, fake } = opened;
		const browser = await signedUp(auth, { email: "bob@example.com", password: ada.password });
		const url = (await browser.post("/api/auth/identities", { provider: "example" })).body.authorizationUrl;
		await comeBack(browser, fake.authorize(url, { sub: "bob-1" }, "sid-1"));
		await signInAt(fake, browser, { sub: "bob-1" });
		await browser.post("/api/auth", { email: "bob@example.com", password: ada.password });
		expect(await endedThere(opened, browser)).toBe(false);
	});
});

describe("signing out at the provider too", () => {
	it("goes there by a page of ours, without any token in the address", async () => {
		const { fake, browser } = await open();
		const answer = await browser.post("/api/auth/sign-out", "atProvider=true", form);
		expect(answer.status).toBe(200);
		const url = new URL(/content="0;url=([^"]+)"/.exec(answer.body)![1]!.replaceAll("&amp;", "&"));
		expect(`${url.origin}${url.pathname}`).toBe(`${fake.issuer}/end`);
		expect(Object.fromEntries(url.searchParams)).toEqual({
			client_id: "client-1",
			post_logout_redirect_uri: "http://localhost:3000/",
		});
		expect(await isSignedIn(browser)).toBe(false);
		expect(browser.cookies.has("session")).toBe(false);
	});

	it.each(["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"])(
		"[A12] comes back to nowhere that the form names: %s",
		async (evil) => {
			const { browser } = await open();
			const names = ["next", "post_logout_redirect_uri", "redirect_uri", "returnTo", "provider"];
			const fields = new URLSearchParams([
				["atProvider", "true"],
				...names.map((name) => [name, evil] as [string, string]),
			]);
			const answer = await browser.post("/api/auth/sign-out", fields.toString(), form);
			expect(JSON.stringify([answer.body, [...answer.headers]])).not.toMatch(/evil\.example|javascript:/);
			expect(await isSignedIn(browser)).toBe(false);
		},
	);

	it.each(["javascript:alert(1)", "data:text/html,x", "not an address", ""])(
		"[A12] goes to no address of a provider that is none: %j",
		async (endpoint) => {
			const { auth, fake } = await openWithProvider();
			fake.mischief.metadata = (metadata) => ({ ...metadata, end_session_endpoint: endpoint });
			const browser = auth.browser();
			await signInAt(fake, browser);
			const answer = await browser.post("/api/auth/sign-out", "atProvider=true", form);
			expect([answer.status, answer.headers.get("location")]).toEqual([303, "/"]);
			expect(await isSignedIn(browser)).toBe(false);
		},
	);

	it("is a plain sign-out where it was not asked for, and where the provider has no address for it", async () => {
		const { auth, fake, browser } = await open();
		expect((await browser.post("/api/auth/sign-out", "", form)).headers.get("location")).toBe("/");
		const without = await openWithProvider();
		without.fake.mischief.metadata = ({ end_session_endpoint: _, ...metadata }) => metadata;
		const other = without.auth.browser();
		await signInAt(without.fake, other);
		expect((await other.post("/api/auth/sign-out", "atProvider=true", form)).status).toBe(303);
		expect(await isSignedIn(other)).toBe(false);
		expect((await auth.browser().post("/api/auth/sign-out", "atProvider=true", form)).status).toBe(303);
		expect(fake.requests).not.toContain("GET /end");
	});
});

/** Signed by HMAC with the public key as the secret, which is what a careless verifier would check it with. */
async function forgedWithPublicKey(fake: FakeProvider): Promise<string> {
	const { SignJWT } = await import("jose");
	const keys = await (await fetch(`${fake.issuer}/jwks`)).text();
	const secret = new TextEncoder().encode(keys);
	return new SignJWT(claimsOf(fake)).setProtectedHeader({ alg: "HS256", kid: "key-1" }).sign(secret);
}
