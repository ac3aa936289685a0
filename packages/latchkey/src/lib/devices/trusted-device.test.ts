import { describe, expect, it } from "vitest";
import { assertion, firstStep, withApp, withPasskey, withTrust } from "../../../test/factors.ts";
import { ada, openBeside, openTestAuth, signedUp } from "../../../test/harness.ts";
import { withMails } from "../../../test/mail.ts";
import { passkey } from "../passkeys/passkey.ts";
import { password } from "../passwords/password.ts";
import { TestAuthenticator } from "../testing/test-authenticator.ts";

const trustedDevices = { days: 7 };
const signInAsAda = { email: ada.email, password: ada.password };

describe("a device that is trusted at the second step", () => {
	it("is not asked for it again for so many days, in a session of one factor", async () => {
		const auth = openTestAuth({ trustedDevices });
		const app = await withApp(auth, await signedUp(auth));
		const { browser, answer } = await firstStep(auth);
		expect(answer.body.attempt.trustDays).toBe(7);
		expect((await browser.get("/api/auth/attempt")).body.attempt.trustDays).toBe(7);
		const finish = { factor: "totp", code: app.code(), trustDevice: true };
		const finished = await browser.post("/api/auth/attempt", finish);
		expect(finished.body.session).toMatchObject({ level: "aal2", amr: ["pwd", "otp", "mfa"] });
		expect(finished.headers.getSetCookie().find((cookie) => cookie.startsWith("trusted-device="))).toMatch(
			/^trusted-device=[\w-]{36}\.[\w-]{22}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Lax$/,
		);
		for (const days of [1, 5]) {
			await browser.delete("/api/auth");
			auth.clock.advance({ days });
			const { status, body } = await browser.post("/api/auth", signInAsAda);
			expect(status).toBe(200);
			expect(body.session).toMatchObject({ level: "aal1", amr: ["pwd", "device"] });
		}
		await browser.delete("/api/auth");
		auth.clock.advance({ days: 1 });
		expect((await browser.post("/api/auth", signInAsAda)).status).toBe(202);
	});

	it("[ASVS 3.3.1] keeps its token in a cookie that belongs to this host alone", async () => {
		const auth = openTestAuth({ trustedDevices, url: "https://example.com" });
		const at = { origin: "https://example.com" };
		const owner = auth.browser(at);
		await owner.post("/api/auth/sign-up", ada);
		const app = await withApp(auth, owner);
		const browser = auth.browser(at);
		await browser.post("/api/auth", signInAsAda);
		const finish = { factor: "totp", code: app.code(), trustDevice: true };
		const { headers } = await browser.post("/api/auth/attempt", finish);
		expect(headers.getSetCookie().find((cookie) => cookie.includes("trusted-device"))).toMatch(
			/^__Host-trusted-device=[\w.-]+; Max-Age=604800; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
		);
		await browser.delete("/api/auth");
		expect((await browser.post("/api/auth", signInAsAda)).status).toBe(200);
	});

	it("gets a new token at each use, which lives as long as the trust is left", async () => {
		const auth = openTestAuth({ trustedDevices });
		const { browser } = await withTrust(auth);
		const first = browser.cookies.get("trusted-device")!;
		auth.clock.advance({ days: 2 });
		const { headers } = await browser.post("/api/auth", signInAsAda);
		const second = browser.cookies.get("trusted-device")!;
		expect(second).not.toBe(first);
		expect(second.split(".")[0]).toBe(first.split(".")[0]);
		expect(headers.getSetCookie().join("\n")).toContain(`trusted-device=${second}; Max-Age=${5 * 86_400 - 30};`);
	});

	it("can be trusted by a passkey too, but not by a recovery code, nor by what is set up on the way in", async () => {
		const methods = [password(), passkey()];
		const auth = openTestAuth({ methods, trustedDevices });
		const owner = await signedUp(auth);
		const authenticator = new TestAuthenticator();
		await withPasskey(owner, authenticator);
		const app = await withApp(auth, owner);
		const { browser } = await firstStep(auth);
		const [code] = app.recoveryCodes;
		const byRecovery = { factor: "recovery_code", code, trustDevice: true };
		const recovered = (await firstStep(auth)).browser;
		expect((await recovered.post("/api/auth/attempt", byRecovery)).status).toBe(200);
		expect(recovered.cookies.has("trusted-device")).toBe(false);
		const credential = await assertion(browser, authenticator, "second-step");
		const answer = await browser.post("/api/auth/attempt", { factor: "passkey", credential, trustDevice: true });
		expect(answer.status).toBe(200);
		expect(browser.cookies.has("trusted-device")).toBe(true);
	});

	it("is none where the owner has not allowed it, and the code is not used up by asking", async () => {
		const auth = openTestAuth();
		const app = await withApp(auth, await signedUp(auth));
		const { browser, answer } = await firstStep(auth);
		expect(answer.body.attempt.trustDays).toBeNull();
		const finish = { factor: "totp", code: app.code() };
		const refused = await browser.post("/api/auth/attempt", { ...finish, trustDevice: true });
		expect(refused.body).toMatchObject({ code: "invalid_input", fields: { trustDevice: "not_available" } });
		expect((await browser.post("/api/auth/attempt", finish)).status).toBe(200);
	});

	it("is asked again once the owner allows it no more", async () => {
		const auth = openTestAuth({ trustedDevices });
		const { browser } = await withTrust(auth);
		const strict = openBeside(auth);
		const later = strict.browser();
		for (const [name, value] of browser.cookies) later.cookies.set(name, value);
		expect((await later.post("/api/auth", signInAsAda)).status).toBe(202);
	});

	it("is listed and can be forgotten by its owner", async () => {
		const auth = openTestAuth({ trustedDevices });
		const { browser, app } = await withTrust(auth);
		const trustedAt = new Date(auth.clock() - 30_000).toISOString();
		auth.clock.advance({ days: 1 });
		const elsewhere = await withTrust(auth, { app });
		const { devices } = (await browser.get("/api/auth/trusted-devices")).body;
		expect(devices).toMatchObject([
			{ current: false },
			{ current: true, trustedAt, lastUsedAt: trustedAt, userAgent: "TestBrowser/1", address: null },
		]);
		const exported = (await elsewhere.browser.get("/api/auth/user/export")).body.trustedDevices;
		expect(exported.map(({ id }: { id: string }) => id)).toEqual(devices.map(({ id }: { id: string }) => id));
		const [other, own] = devices;
		expect((await browser.delete(`/api/auth/trusted-devices/${other.id}`)).status).toBe(200);
		expect((await browser.delete(`/api/auth/trusted-devices/${other.id}`)).body.code).toBe("not_found");
		expect((await elsewhere.browser.post("/api/auth", signInAsAda)).status).toBe(202);
		expect((await browser.delete(`/api/auth/trusted-devices/${own.id}`)).status).toBe(200);
		expect(browser.cookies.has("trusted-device")).toBe(false);
		expect((await browser.post("/api/auth", signInAsAda)).status).toBe(202);
	});

	it("takes the place of the same browser's earlier trust, and ten at most are kept", async () => {
		const auth = openTestAuth({ trustedDevices });
		const { browser, app } = await withTrust(auth);
		auth.clock.advance({ days: 8 });
		await withTrust(auth, { app, in: browser });
		expect((await browser.get("/api/auth/trusted-devices")).body.devices).toHaveLength(1);
		for (let count = 0; count < 11; count++) await withTrust(auth, { app });
		const { devices } = (await browser.get("/api/auth/trusted-devices")).body;
		expect(devices).toHaveLength(10);
		expect(devices.some(({ current }: { current: boolean }) => current)).toBe(false);
	});

	it("[ASVS 6.3.7] is told by mail and kept in the log, by its id alone", async () => {
		const auth = openTestAuth({ trustedDevices });
		const { browser } = await withTrust(auth);
		await browser.post("/api/auth", signInAsAda);
		const [id, token] = browser.cookies.get("trusted-device")!.split(".");
		await browser.delete(`/api/auth/trusted-devices/${id}`);
		const { events } = (await browser.get("/api/auth/events")).body;
		expect(events.map(({ type, detail }: { type: string; detail: unknown }) => [type, detail]).slice(0, 4)).toEqual([
			["trusted_device.removed", { device: id }],
			["sign_in.succeeded", { method: "password", trustedDevice: id }],
			["trusted_device.added", { device: id }],
			["sign_in.succeeded", { method: "password", factor: "totp" }],
		]);
		expect(JSON.stringify(events)).not.toContain(token);
		const told = (await withMails(auth).mails()).map(({ text }) => text).join("\n");
		expect(told).toContain("A device is not asked for a second step any more");
	});
});
