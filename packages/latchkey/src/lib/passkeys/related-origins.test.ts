import { describe, expect, it } from "vitest";
import { assertion, withPasskey } from "../../../test/factors.ts";
import { openTestAuth, signedUp } from "../../../test/harness.ts";
import { password } from "../passwords/password.ts";
import { TestAuthenticator } from "../testing/test-authenticator.ts";
import { type PasskeyOptions, passkey } from "./passkey.ts";

const related = "https://example.co.uk";

function openOn(url: string, options: PasskeyOptions) {
	return openTestAuth({
		url,
		methods: [password(), passkey(options)],
		pages: { passkeys: "/keys", password: "/pass" },
	});
}

const wellKnown = async (auth: ReturnType<typeof openOn>, name: string, method = "GET") =>
	auth.wellKnown(new Request(`https://anything.example/.well-known/${name}`, { method }));

describe("an origin that is related", () => {
	it("uses and makes the passkeys of the site; one that is like it does not [A30] [A13]", async () => {
		const auth = openOn("http://localhost:3000", { relatedOrigins: [related] });
		const owner = await signedUp(auth);
		const authenticator = new TestAuthenticator();
		expect((await withPasskey(owner, authenticator, { origin: related })).status).toBe(201);
		const signIn = async (origin: string) => {
			const browser = auth.browser();
			const credential = await assertion(browser, authenticator, "sign-in", { origin });
			return (await browser.post("/api/auth", { credential })).status;
		};
		expect(await signIn(related)).toBe(200);
		expect(await signIn("http://localhost:3000")).toBe(200);
		for (const hostile of [
			"https://evilexample.co.uk",
			"https://example.co.uk.evil.example",
			"https://a.example.co.uk",
			"http://example.co.uk",
			"https://example.co.uk:8443",
			"https://EXAMPLE.co.uk",
			"https://example.co.uk/",
			"null",
		]) {
			expect(await signIn(hostile), hostile).toBe(401);
		}
	});

	it("is told to browsers at the domain that the passkeys are made for", async () => {
		const auth = openOn("https://example.com", { relatedOrigins: [related, "https://example.com"] });
		const answer = await wellKnown(auth, "webauthn");
		expect(answer.status).toBe(200);
		expect(answer.headers.get("content-type")).toContain("application/json");
		expect(await answer.json()).toEqual({ origins: ["https://example.com", related] });
		expect((await wellKnown(openOn("https://example.com", {}), "webauthn")).status).toBe(404);
	});

	it("can be the site itself, whose passkeys are made for another's domain", async () => {
		const options = { relyingPartyId: "example.com", relatedOrigins: ["https://example.com", related] };
		const auth = openOn(related, options);
		const browser = auth.browser({ origin: related });
		const { options: asked } = (await browser.post("/api/auth/passkeys/challenges", { for: "sign-in" })).body;
		expect(asked.rpId).toBe("example.com");
	});

	it.each([
		["https://example.org", { relyingPartyId: "example.com" }],
		["https://example.org", { relyingPartyId: "example.com", relatedOrigins: [related] }],
		["https://evilexample.com", { relyingPartyId: "example.com" }],
	])("must be named: %s does not start with %j", async (url, options) => {
		await expect(openOn(url, options).open()).rejects.toMatchObject({
			code: "misconfigured",
			detail: expect.stringContaining("relatedOrigins"),
		});
	});

	it("is the domain's parent without being named", async () => {
		const auth = openOn("https://app.example.com", { relyingPartyId: "example.com" });
		await expect(auth.open()).resolves.toBeUndefined();
	});

	it.each(["example.co.uk", "https://example.co.uk/", "https://*.example.co.uk", "http://example.co.uk", "null", ""])(
		"is no %j",
		(origin) => {
			expect(() => passkey({ relatedOrigins: [origin] })).toThrow(expect.objectContaining({ code: "misconfigured" }));
		},
	);
});

describe("what password managers ask for", () => {
	it("leads to the pages of the configuration, under the address of the site and no other [A14]", async () => {
		const auth = openOn("https://example.com", {});
		const endpoints = await wellKnown(auth, "passkey-endpoints");
		expect(await endpoints.json()).toEqual({ enroll: "https://example.com/keys", manage: "https://example.com/keys" });
		const change = await wellKnown(auth, "change-password");
		expect([change.status, change.headers.get("location")]).toEqual([302, "/pass"]);
	});

	it("is answered truthfully where there is nothing", async () => {
		const auth = openTestAuth();
		expect((await auth.wellKnown(new Request("https://x/.well-known/passkey-endpoints"))).status).toBe(404);
		const probe = "resource-that-should-not-exist-whose-status-code-should-not-be-200";
		expect((await auth.wellKnown(new Request(`https://x/.well-known/${probe}`))).status).toBe(404);
		const posted = await auth.wellKnown(new Request("https://x/.well-known/change-password", { method: "POST" }));
		expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
	});
});
