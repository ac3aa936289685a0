import { expect, it } from "vitest";
import {
	assertion,
	factorOperations,
	firstStep,
	totpCode,
	withApp,
	withPasskey,
	withTrust,
} from "../../test/factors.ts";
import { ada, signedUp } from "../../test/harness.ts";
import { openInstrumented } from "../../test/instruments.ts";
import { AuthError } from "../lib/errors.ts";
import { passkey } from "../lib/passkeys/passkey.ts";
import { password } from "../lib/passwords/password.ts";
import { type TestAnswer, TestAuthenticator } from "../testing.ts";

it.each(factorOperations)(
	"[A39] [ASVS 16.5.3] while %s fails, whatever asks for it is denied, and nothing else",
	async (name) => {
		const auth = await openInstrumented({ methods: [password(), passkey()], trustedDevices: {} });
		const owner = await signedUp(auth);
		const authenticator = new TestAuthenticator();
		const { body } = await withPasskey(owner, authenticator);
		const app = await withApp(auth, owner);
		const [{ browser: halfway }, { browser: another }] = [await firstStep(auth), await firstStep(auth)];
		const { browser: trusted } = await withTrust(auth, { app });
		const { browser: trusting } = await firstStep(auth);
		const stranger = auth.browser();
		const credential = await assertion(stranger, authenticator, "sign-in");
		const bob = await signedUp(auth, { email: "bob@example.com", password: ada.password });
		const { secret, enrolment } = (await bob.post("/api/auth/factors/totp")).body;
		const { options } = (await bob.post("/api/auth/passkeys/challenges", { for: "registration" })).body;
		const device = trusted.cookies.get("trusted-device")!.split(".")[0];
		const grace = auth.browser();
		const asked = await grace.post("/api/auth/passkeys/challenges", { for: "sign-up", username: "grace" });
		const made = new TestAuthenticator().create(asked.body.options);
		expect((await grace.post("/api/auth/sign-up/passkey", { credential: made })).status).toBe(201);
		const passkeyPath = `/api/auth/passkeys/${body.passkey.id}`;

		let calls = 0;
		await auth.replaceStorage(() => ({
			[name]: () => {
				calls += 1;
				return Promise.reject(new AuthError("store_unavailable"));
			},
		}));
		const acts: readonly [what: string, act: () => Promise<TestAnswer>][] = [
			["first step", () => auth.browser().post("/api/auth", { email: ada.email, password: ada.password })],
			["code", () => halfway.post("/api/auth/attempt", { factor: "totp", code: app.code() })],
			["trust", () => trusting.post("/api/auth/attempt", { factor: "totp", code: app.code(30), trustDevice: true })],
			["trusted", () => trusted.post("/api/auth", { email: ada.email, password: ada.password })],
			["trusted devices", () => owner.get("/api/auth/trusted-devices")],
			["forget", () => owner.delete(`/api/auth/trusted-devices/${device}`)],
			["recovery", () => another.post("/api/auth/attempt", { factor: "recovery_code", code: app.recoveryCodes[0] })],
			["passkey", () => stranger.post("/api/auth", { credential })],
			["challenge", () => stranger.post("/api/auth/passkeys/challenges", { for: "sign-in" })],
			["add an app", () => bob.put("/api/auth/factors/totp", { enrolment, code: totpCode(secret, auth.clock()) })],
			["add a passkey", () => bob.post("/api/auth/passkeys", { credential: new TestAuthenticator().create(options) })],
			["factors", () => owner.get("/api/auth/factors")],
			["passkeys", () => owner.get("/api/auth/passkeys")],
			["rename", () => owner.patch(passkeyPath, { name: "Key" })],
			["rename the app", () => owner.patch("/api/auth/factors/totp", { name: "Phone" })],
			["first password", () => grace.post("/api/auth/password", { newPassword: "a fine long password" })],
			["switch", () => owner.patch("/api/auth/factors", { secondStep: true })],
			["new codes", () => owner.post("/api/auth/factors/recovery-codes")],
			["remove the passkey", () => owner.delete(passkeyPath)],
			["remove the app", () => owner.delete("/api/auth/factors/totp")],
		];
		let failed = 0;
		for (const [what, act] of acts) {
			calls = 0;
			const { status, headers } = await act();
			if (calls === 0) {
				expect(status, `${name} in ${what}`).toBeLessThan(500);
				continue;
			}
			failed += 1;
			expect(status, `${name} in ${what}`).toBe(503);
			expect(headers.getSetCookie()).toEqual([]);
		}
		expect(failed).toBeGreaterThan(0);
	},
);
