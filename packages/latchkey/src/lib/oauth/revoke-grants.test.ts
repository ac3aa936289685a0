import { expect, it } from "vitest";
import type { FakeProvider } from "../../../test/fake-provider.ts";
import { ada, signedUp, type TestAuth } from "../../../test/harness.ts";
import { comeBack, openWithProvider, signInAt } from "../../../test/oauth-harness.ts";
import type { TestBrowser } from "../testing/test-browser.ts";

/** Somebody with a password who is connected at a provider that takes grants back. */
async function connected(): Promise<{ auth: TestAuth; fake: FakeProvider; browser: TestBrowser; revoked: string[] }> {
	const { auth, fake } = await openWithProvider();
	const revoked: string[] = [];
	fake.mischief.metadata = (metadata) => ({ ...metadata, revocation_endpoint: `${fake.issuer}/revoke` });
	fake.paths.set("/revoke", ({ body }) => {
		revoked.push(`${body.get("token_type_hint")} ${body.get("token")?.slice(0, 3)}`);
		return { status: 200, body: {} };
	});
	const browser = await signedUp(auth);
	const url = (await browser.post("/api/auth/identities", { provider: "example" })).body.authorizationUrl;
	await comeBack(browser, fake.authorize(url));
	return { auth, fake, browser, revoked };
}

async function disconnect(browser: TestBrowser): Promise<number> {
	const [{ id }] = (await browser.get("/api/auth/identities")).body.connections;
	return (await browser.delete(`/api/auth/identities/${id}`)).status;
}

it("takes the grant back at the provider when an account there is disconnected", async () => {
	const { auth, browser, revoked } = await connected();
	expect(await disconnect(browser)).toBe(200);
	await auth.settled();
	expect(revoked).toEqual(["refresh_token rt-"]);
	const { user } = (await browser.get("/api/auth")).body;
	const { storage } = await auth.engine();
	expect(await storage.findProviderTokens({ userId: user.id, provider: "example" })).toBeNull();
});

it("takes it back when the account is deleted", async () => {
	const { auth, browser, revoked } = await connected();
	expect((await browser.delete("/api/auth/user")).status).toBe(200);
	await auth.settled();
	expect(revoked).toEqual(["refresh_token rt-"]);
});

it("takes nothing back when the last way in stays", async () => {
	const { auth, fake, revoked } = await connected();
	const browser = auth.browser();
	await signInAt(fake, browser, { sub: "bob-1" });
	expect(await disconnect(browser)).toBe(409);
	await auth.settled();
	expect(revoked).toEqual([]);
});

it("waits for no provider, and minds none that is away or takes nothing back", async () => {
	const { auth, fake, browser } = await connected();
	fake.paths.set("/revoke", () => ({ status: 503, body: {} }));
	expect(await disconnect(browser)).toBe(200);
	await auth.settled();
	expect(auth.logged).toContainEqual(expect.objectContaining({ event: "background_failed", what: "revoke_grant" }));
	const plain = await openWithProvider();
	const other = await signedUp(plain.auth, { ...ada, email: "bob@example.com" });
	const url = (await other.post("/api/auth/identities", { provider: "example" })).body.authorizationUrl;
	await comeBack(other, plain.fake.authorize(url));
	expect(await disconnect(other)).toBe(200);
	await plain.auth.settled();
	expect(plain.auth.logged.filter(({ event }) => event === "background_failed")).toEqual([]);
});
