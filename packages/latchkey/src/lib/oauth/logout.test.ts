import { describe, expect, it } from "vitest";
import { type FakeProvider, unsigned } from "../../../test/fake-provider.ts";
import { begin, comeBack, openWithProvider, signInAt } from "../../../test/oauth-harness.ts";
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
		["wrong-issuer", (fake) => fake.sign(claimsOf(fake, { iss: "https://evil.example" }))],
		["without sub and sid", (fake) => fake.sign(claimsOf(fake, { sub: undefined }))],
		["without jti", (fake) => fake.sign(claimsOf(fake, { jti: undefined }))],
		["without iat", (fake) => fake.sign(claimsOf(fake, { iat: undefined }))],
		["of an hour ago", (fake) => fake.sign(claimsOf(fake, { iat: Math.floor(Date.now() / 1000) - 3600 }))],
		["of another type", (fake) => fake.sign(claimsOf(fake), { typ: "at+jwt" })],
		["an event that is no object", (fake) => fake.sign(claimsOf(fake, { events: { [Object.keys(event)[0]!]: "x" } }))],
		["not a token", () => "x.y.z"],
		["empty", () => ""],
	];

	it.each(wrong)("oidcc-client-test-rp-backchannel-rpinitlogout-%s: is refused [ASVS 10.5.5]", async (_, make) => {
		const { fake, browser, send } = await open();
		const answer = await send(await make(fake));
		expect(answer).toMatchObject({ status: 400, body: { code: "invalid_logout_token" } });
		expect(await isSignedIn(browser)).toBe(true);
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

	it("says so when the provider's keys cannot be read", async () => {
		const { fake, send } = await open();
		const token = await fake.sign(claimsOf(fake));
		fake.paths.set("/jwks", () => ({ status: 503, body: {} }));
		expect((await send(token)).status).toBeGreaterThanOrEqual(500);
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
