import { expect, it } from "vitest";
import { dangerousActs } from "../../test/dangerous-acts.ts";
import { assertion, withApp, withPasskey } from "../../test/factors.ts";
import { ada, openTestAuth, signedUp } from "../../test/harness.ts";
import { everyRow, openInstrumented } from "../../test/instruments.ts";
import { passkey } from "../lib/passkeys/passkey.ts";
import { password } from "../lib/passwords/password.ts";
import { TestAuthenticator, type TestBrowser } from "../testing.ts";

const methods = [password(), passkey()];
const acts = Object.keys(dangerousActs(undefined as never));

it.each(acts)(
	"[ASVS 7.5.1] [ASVS 7.5.3] to %s asks for a proof of the last ten minutes, and changes nothing before",
	async (act) => {
		const auth = await openInstrumented({ methods });
		const browser = await signedUp(auth);
		auth.clock.advance({ minutes: 11 });
		await browser.get("/api/auth/user");
		await auth.settled();
		const before = everyRow(auth);
		expect((await dangerousActs(browser)[act]!()).body.code).toBe("reauthentication_required");
		expect(everyRow(auth)).toBe(before);
	},
);

it("[ASVS 7.5.1] to change the password asks for the present one, however old the proof is", async () => {
	const auth = openTestAuth({ methods });
	const browser = await signedUp(auth);
	auth.clock.advance({ days: 1 });
	const change = (currentPassword: string) =>
		browser.put("/api/auth/password", { currentPassword, newPassword: "another good password" });
	expect((await change("wrong")).status).toBe(401);
	expect((await change(ada.password)).status).toBe(200);
});

const proofs = {
	password: async (browser: TestBrowser) => ({ browser, input: { password: ada.password } }),
	"an app": async (browser: TestBrowser, { code }: { code: () => string }) => ({
		browser,
		input: { factor: "totp", code: code() },
	}),
	"a recovery code": async (browser: TestBrowser, { recoveryCodes }: { recoveryCodes: readonly string[] }) => ({
		browser,
		input: { factor: "recovery_code", code: recoveryCodes[0] },
	}),
	"a passkey": async (browser: TestBrowser, { authenticator }: { authenticator: TestAuthenticator }) => ({
		browser,
		input: { factor: "passkey", credential: await assertion(browser, authenticator, "reauthentication") },
	}),
};

it.each(Object.keys(proofs) as (keyof typeof proofs)[])(
	"[A18] [ASVS 7.2.4] after that proof, by %s, it is done in a new session, and the old cookie is worth nothing",
	async (how) => {
		const auth = openTestAuth({ methods });
		const owner = await signedUp(auth);
		const authenticator = new TestAuthenticator();
		await withPasskey(owner, authenticator);
		const app = await withApp(auth, owner);
		auth.clock.advance({ minutes: 11 });
		const old = owner.cookies.get("session")!;
		const { input } = await proofs[how](owner, { ...app, authenticator });
		const proven = await owner.post("/api/auth/reauthentication", input);
		expect(proven).toMatchObject({ status: 200, body: { session: { level: "aal2" } } });
		expect(owner.cookies.get("session")).not.toBe(old);
		const thief = auth.browser({ headers: { cookie: `session=${old}` } });
		expect((await thief.get("/api/auth")).body.authenticated).toBe(false);
		expect((await dangerousActs(owner)["make recovery codes"]!()).status).toBe(201);
	},
);
