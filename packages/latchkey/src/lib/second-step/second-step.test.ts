import { describe, expect, it } from "vitest";
import { firstStep, withApp, withPasskey } from "../../../test/factors.ts";
import { ada, openTestAuth, signedUp } from "../../../test/harness.ts";
import { passkey } from "../passkeys/passkey.ts";
import { password } from "../passwords/password.ts";
import { TestAuthenticator } from "../testing/test-authenticator.ts";

describe("a sign-in that waits for its second step", () => {
	it("is answered with 202 and is no session", async () => {
		const auth = openTestAuth();
		await withApp(auth, await signedUp(auth));
		const { browser, answer } = await firstStep(auth);
		expect(answer.status).toBe(202);
		expect(answer.body).toEqual({
			message: "Second factor required",
			authenticated: false,
			attempt: {
				factors: ["totp", "recovery_code"],
				enrolments: [],
				deviceBound: false,
				trustDays: null,
				expiresAt: new Date(auth.clock() + 600_000).toISOString(),
			},
		});
		expect([...browser.cookies.keys()]).toEqual(["attempt"]);
		expect((await browser.get("/api/auth")).body.authenticated).toBe(false);
		expect((await browser.get("/api/auth/user")).status).toBe(401);
		expect((await browser.get("/api/auth/attempt")).body.attempt).toEqual(answer.body.attempt);
	});

	it("becomes a session of the second level by a code, and its cookie goes", async () => {
		const auth = openTestAuth();
		const app = await withApp(auth, await signedUp(auth));
		const { browser } = await firstStep(auth);
		const answer = await browser.post("/api/auth/attempt", { factor: "totp", code: app.code() });
		expect(answer.status).toBe(200);
		expect(answer.body.session).toMatchObject({ level: "aal2", amr: ["pwd", "otp", "mfa"] });
		expect([...browser.cookies.keys()]).toEqual(["session", "device"]);
		expect((await browser.get("/api/auth/user")).status).toBe(200);
	});

	it("keeps the session that was there until it is finished, and then ends it", async () => {
		const auth = openTestAuth();
		const app = await withApp(auth, await signedUp(auth));
		const bob = await signedUp(auth, { email: "bob@example.com", password: ada.password });
		const old = bob.cookies.get("session");
		await bob.post("/api/auth", { email: ada.email, password: ada.password });
		expect((await bob.get("/api/auth")).body.user.email).toBe("bob@example.com");
		await bob.post("/api/auth/attempt", { factor: "totp", code: app.code() });
		expect((await bob.get("/api/auth")).body.user.email).toBe(ada.email);
		const before = auth.browser({ headers: { cookie: `session=${old}` } });
		expect((await before.get("/api/auth")).body.authenticated).toBe(false);
	});

	it("expires after ten minutes, and can be dropped", async () => {
		const auth = openTestAuth();
		const app = await withApp(auth, await signedUp(auth));
		const late = (await firstStep(auth)).browser;
		const dropped = (await firstStep(auth)).browser;
		const cookie = dropped.cookies.get("attempt");
		expect((await dropped.delete("/api/auth/attempt")).status).toBe(200);
		expect(dropped.cookies.size).toBe(0);
		dropped.cookies.set("attempt", cookie!);
		expect((await dropped.post("/api/auth/attempt", { factor: "totp", code: app.code() })).body.code).toBe(
			"attempt_expired",
		);
		auth.clock.advance({ minutes: 10 });
		expect((await late.post("/api/auth/attempt", { factor: "totp", code: app.code() })).body.code).toBe(
			"attempt_expired",
		);
		expect((await late.get("/api/auth/attempt")).body.attempt).toBeNull();
	});

	it("[A22] takes five wrong codes and no more, also from many at once", async () => {
		const auth = openTestAuth();
		const app = await withApp(auth, await signedUp(auth));
		const { browser } = await firstStep(auth);
		const guess = () => browser.post("/api/auth/attempt", { factor: "totp", code: "000000" });
		const answers = await Promise.all(Array.from({ length: 20 }, guess));
		expect(answers.filter(({ status }) => status === 401)).toHaveLength(5);
		expect(answers.filter(({ status }) => status === 429)).toHaveLength(15);
		expect((await browser.post("/api/auth/attempt", { factor: "totp", code: app.code() })).status).toBe(429);
		const again = (await firstStep(auth)).browser;
		expect((await again.post("/api/auth/attempt", { factor: "totp", code: app.code() })).status).toBe(200);
	});

	it("[A23] is finished by one of 16 who finish it at once", async () => {
		const auth = openTestAuth();
		const app = await withApp(auth, await signedUp(auth));
		const { browser } = await firstStep(auth);
		const codes = app.recoveryCodes.slice(0, 4);
		const answers = await Promise.all(
			codes.map((code) => browser.post("/api/auth/attempt", { factor: "recovery_code", code })),
		);
		expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401, 401, 401]);
	});

	it("is killed by a change of password, of a factor, and by signing out everywhere", async () => {
		const auth = openTestAuth({ methods: [password(), passkey()] });
		const owner = await signedUp(auth);
		const app = await withApp(auth, owner);
		const kills: [string, () => Promise<{ status: number }>][] = [
			["add a passkey", () => withPasskey(owner, new TestAuthenticator())],
			["new recovery codes", () => owner.post("/api/auth/factors/recovery-codes")],
			["sign out elsewhere", () => owner.delete("/api/auth/sessions")],
			[
				"change the password",
				() => owner.put("/api/auth/password", { currentPassword: ada.password, newPassword: "another good password" }),
			],
		];
		for (const [what, kill] of kills) {
			const { browser } = await firstStep(auth);
			expect((await kill()).status, what).toBeLessThan(300);
			auth.clock.advance({ seconds: 30 });
			const { status, body } = await browser.post("/api/auth/attempt", { factor: "totp", code: app.code() });
			expect({ what, status, code: body.code }).toEqual({ what, status: 401, code: "attempt_expired" });
		}
	});

	it("offers only what the account has, and takes nothing else", async () => {
		const auth = openTestAuth();
		await withApp(auth, await signedUp(auth));
		const { browser } = await firstStep(auth);
		for (const input of [
			{ factor: "totp", code: "123456", enrolment: "x" },
			{ factor: "email", code: "123456" },
			{ factor: "totp" },
			{ password: ada.password },
		]) {
			expect((await browser.post("/api/auth/attempt", input)).status).toBe(422);
		}
		expect((await auth.browser().post("/api/auth/attempt", { factor: "totp", code: "123456" })).body.code).toBe(
			"attempt_expired",
		);
	});

	it("[A18] is sealed: no cookie of another make is an attempt", async () => {
		const auth = openTestAuth();
		const app = await withApp(auth, await signedUp(auth));
		const { browser } = await firstStep(auth);
		const sealed = browser.cookies.get("attempt")!;
		const session = (await signedUp(auth, { email: "b@example.com", password: ada.password })).cookies.get("session")!;
		for (const value of [
			session,
			`${sealed}A`,
			sealed.slice(0, -2),
			sealed.replace(/^1\./, "2."),
			"x",
			sealed.toUpperCase(),
		]) {
			browser.cookies.set("attempt", value);
			const { body } = await browser.post("/api/auth/attempt", { factor: "totp", code: app.code() });
			expect(body.code).toBe("attempt_expired");
		}
		browser.cookies.set("session", sealed);
		expect((await browser.get("/api/auth")).body.authenticated).toBe(false);
	});

	it("records who asked, who failed and who got in", async () => {
		const auth = openTestAuth();
		const owner = await signedUp(auth);
		const app = await withApp(auth, owner);
		const { browser } = await firstStep(auth);
		await browser.post("/api/auth/attempt", { factor: "totp", code: "000000" });
		await browser.post("/api/auth/attempt", { factor: "recovery_code", code: app.recoveryCodes[0] });
		const { events } = (await browser.get("/api/auth/events")).body;
		expect(events.map(({ type, detail }: { type: string; detail: unknown }) => [type, detail])).toEqual([
			["sign_in.succeeded", { method: "password", factor: "recovery_code" }],
			["recovery_code.used", null],
			["second_step.failed", { factor: "totp" }],
			["sign_in.second_step_required", { method: "password" }],
			["recovery_codes.made", null],
			["totp.added", null],
			["user.signed_up", { method: "password" }],
		]);
	});
});
