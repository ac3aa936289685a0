import { expect, it } from "vitest";
import { assertion, withApp, withPasskey, withTrust } from "../../../test/factors.ts";
import { adaThere, startFakeProvider } from "../../../test/fake-provider.ts";
import { ada, openTestAuth, signedUp } from "../../../test/harness.ts";
import { withMails } from "../../../test/mail.ts";
import { oidcAt, signInAt } from "../../../test/oauth-harness.ts";
import type { AuthOptions } from "../options.ts";
import { passkey } from "../passkeys/passkey.ts";
import { password } from "../passwords/password.ts";
import { freshName, inSchema, sharedServer } from "../storage/postgres/fixtures/postgres-contract-store.ts";
import { TestAuthenticator } from "../testing/test-authenticator.ts";
import type { TestBrowser } from "../testing/test-browser.ts";
import { moveToPostgres } from "./move-to-postgres.ts";

it("leaves everything that people have at work, under the same secret: sessions, factors, trusted devices, connections, outbox", async () => {
	const fake = await startFakeProvider();
	const options: Partial<AuthOptions> = {
		methods: [password(), passkey(), oidcAt(fake)],
		emailVerification: "optional",
		trustedDevices: { days: 30 },
	};
	const before = withMails(openTestAuth(options));
	const key = new TestAuthenticator();
	const owner = await signedUp(before);
	expect((await withPasskey(owner, key)).status).toBe(201);
	const app = await withApp(before, owner);
	const { browser: trusted } = await withTrust(before, { app });
	const visitor = before.browser();
	const bob = { ...adaThere, sub: "bob-there", email: "bob@example.com" };
	await signInAt(fake, visitor, bob);
	// Asked for, and not sent: it waits in the outbox.
	expect((await before.browser().post("/api/auth/password-resets", { email: ada.email })).status).toBe(202);
	await before.settled();
	await before.close();
	const url = inSchema(await sharedServer(), freshName());
	await moveToPostgres({ file: before.file, url });

	const after = withMails(openTestAuth({ ...options, database: url, clock: before.clock }));
	const sameBrowser = (browser: TestBrowser) => {
		const same = after.browser();
		for (const [name, value] of browser.cookies) same.cookies.set(name, value);
		return same;
	};
	// Sessions, also one that renews.
	for (const browser of [owner, trusted, visitor]) {
		expect((await sameBrowser(browser).get("/api/auth")).body).toMatchObject({ authenticated: true });
		expect((await sameBrowser(browser).post("/api/auth/refresh")).status).toBe(200);
	}
	const signIn = (browser: TestBrowser) => browser.post("/api/auth", { identifier: ada.email, password: ada.password });
	// A device that is trusted, and one that is not and shows an app's code or a recovery code.
	expect((await signIn(sameBrowser(trusted))).status).toBe(200);
	after.clock.advance({ seconds: 30 });
	const byApp = after.browser();
	expect((await signIn(byApp)).status).toBe(202);
	expect((await byApp.post("/api/auth/attempt", { factor: "totp", code: app.code() })).status).toBe(200);
	const byRecovery = after.browser();
	expect((await signIn(byRecovery)).status).toBe(202);
	const recovery = { factor: "recovery_code", code: app.recoveryCodes[0] };
	expect((await byRecovery.post("/api/auth/attempt", recovery)).status).toBe(200);
	const again = after.browser();
	expect((await signIn(again)).status).toBe(202);
	expect((await again.post("/api/auth/attempt", recovery)).status).toBe(401);
	// A passkey.
	const byPasskey = after.browser();
	const credential = await assertion(byPasskey, key, "sign-in");
	expect((await byPasskey.post("/api/auth", { credential })).status).toBe(200);
	// A connection, and the tokens that it keeps.
	const held = { headers: sameBrowser(visitor).prepare("GET", "/").headers };
	const token = await after.readProviderToken(held, "example");
	expect(token).toMatchObject({ ok: true });
	after.clock.advance({ hours: 2 });
	expect(await after.readProviderToken(held, "example")).toMatchObject({ ok: true });
	const once = after.browser();
	await signInAt(fake, once, bob);
	expect((await once.get("/api/auth")).body.user.email).toBe(bob.email);
	// What waited to be sent.
	expect((await after.mail("password_reset")).to).toBe(ada.email);
});
