import { describe, expect, it } from "vitest";
import { dangerousActs } from "../../test/dangerous-acts.ts";
import { withApp, withPasskey, withTrust } from "../../test/factors.ts";
import { ada, openBeside, openTestAuth, signedUp, type TestAuth } from "../../test/harness.ts";
import { codeIn, type MailAuth, openMailAuth, tokenIn } from "../../test/mail.ts";
import { emailCode } from "../lib/email-codes/email-code.ts";
import { passkey } from "../lib/passkeys/passkey.ts";
import { password } from "../lib/passwords/password.ts";
import { type TestAnswer, TestAuthenticator, type TestBrowser } from "../testing.ts";

const trustedDevices = { days: 30 };
const signInAsAda = { email: ada.email, password: ada.password };
const bob = { email: "bob@example.com", password: "an apple a day keeps" };

/** What was stolen, in a browser that knows nothing else. */
function thiefWith(auth: TestAuth, cookie: string): TestBrowser {
	const thief = auth.browser({ headers: { "user-agent": "Thief/1" } });
	thief.cookies.set("trusted-device", cookie);
	return thief;
}

/** Ada with an app and a proven address: the first proof takes away whatever came before it. */
async function proven(auth: MailAuth) {
	const owner = await signedUp(auth);
	await owner.put(`/api/auth/email-verifications/${codeIn(await auth.mail("verify_email"))}`);
	return { owner, app: await withApp(auth, owner) };
}

const cookieOf = (browser: TestBrowser) => browser.cookies.get("trusted-device")!;

describe("a stolen token of a trusted device", () => {
	it("[A28] [A32] opens nothing by itself, nor as a cookie of another kind", async () => {
		const auth = openTestAuth({ trustedDevices });
		const { browser } = await withTrust(auth);
		const stolen = cookieOf(browser);
		const thief = thiefWith(auth, stolen);
		thief.cookies.set("session", stolen);
		thief.cookies.set("attempt", stolen);
		expect((await thief.get("/api/auth")).body.authenticated).toBe(false);
		expect((await thief.get("/api/auth/trusted-devices")).status).toBe(401);
		expect((await thief.post("/api/auth/attempt", { factor: "totp", code: "000000" })).body.code).toBe(
			"attempt_expired",
		);
		expect((await thief.post("/api/auth", { ...signInAsAda, password: "wrong" })).status).toBe(401);
		// And the wrong password has not used it up.
		expect((await browser.post("/api/auth", signInAsAda)).status).toBe(200);
	});

	it("is of no use for another account, and does not end its owner's trust there", async () => {
		const auth = openTestAuth({ trustedDevices });
		const { browser } = await withTrust(auth);
		await withApp(auth, await signedUp(auth, bob));
		const thief = thiefWith(auth, cookieOf(browser));
		expect((await thief.post("/api/auth", bob)).status).toBe(202);
		expect((await browser.post("/api/auth", signInAsAda)).status).toBe(200);
	});

	it("[A23] is rotated: replayed it lets nobody in, forgets the device and tells its owner", async () => {
		const auth = openMailAuth({ methods: [password()], trustedDevices });
		const { browser } = await withTrust(auth);
		const stolen = cookieOf(browser);
		await browser.post("/api/auth", signInAsAda);
		auth.clock.advance({ minutes: 2 });
		expect((await thiefWith(auth, stolen).post("/api/auth", signInAsAda)).status).toBe(202);
		expect((await browser.get("/api/auth/trusted-devices")).body.devices).toEqual([]);
		expect((await browser.post("/api/auth", signInAsAda)).status).toBe(202);
		const told = (await auth.mails()).map(({ text }) => text).join("\n");
		expect(told).toContain("A copy of what a trusted device keeps turned up");
		expect(auth.logged.map(({ event }) => event)).toContain("trusted_device.copied");
	});

	it("[A23] lets one of 16 sign-ins with it in, and the device goes on", async () => {
		const auth = openTestAuth({ trustedDevices });
		const { browser } = await withTrust(auth);
		const stolen = cookieOf(browser);
		const all = await Promise.all(
			Array.from({ length: 8 }, async () => {
				const one = thiefWith(auth, stolen);
				const { status } = await one.post("/api/auth", signInAsAda);
				return { status, next: cookieOf(one) };
			}),
		);
		expect(all.filter(({ status }) => status === 200)).toHaveLength(1);
		expect(all.filter(({ status }) => status === 202)).toHaveLength(7);
		const { next } = all.find(({ status }) => status === 200)!;
		expect((await thiefWith(auth, next).post("/api/auth", signInAsAda)).status).toBe(200);
	});

	it("[A17] is nothing when it is made up, changed or there twice", async () => {
		const auth = openTestAuth({ trustedDevices });
		const { browser, app } = await withTrust(auth);
		const own = cookieOf(browser);
		const [id, token] = own.split(".");
		const made = [`${id}.${"A".repeat(22)}`, `${id}.`, `.${token}`, token!, own.toUpperCase(), `${own}A`, `${own}.x`];
		for (const cookie of made.slice(1)) {
			expect((await thiefWith(auth, cookie).post("/api/auth", signInAsAda)).status, cookie).toBe(202);
			auth.clock.advance({ minutes: 10 });
		}
		const twice = auth.browser({ headers: { cookie: `trusted-device=${own}; trusted-device=${own}` } });
		expect((await twice.post("/api/auth", signInAsAda)).status).toBe(202);
		expect((await browser.post("/api/auth", signInAsAda)).status).toBe(200);
		// A made-up token for a known id is a copy for all that anybody can tell.
		auth.clock.advance({ minutes: 10 });
		expect((await thiefWith(auth, made[0]!).post("/api/auth", signInAsAda)).status).toBe(202);
		expect((await browser.post("/api/auth", signInAsAda)).status).toBe(202);
		expect(app.recoveryCodes).toHaveLength(10);
	});

	it("lies in the database as a hash only", async () => {
		const auth = openTestAuth({ trustedDevices });
		const { browser } = await withTrust(auth);
		const [, token] = cookieOf(browser).split(".");
		await auth.close();
		const { readFileSync } = await import("node:fs");
		expect(readFileSync(auth.file).includes(token!)).toBe(false);
	});
});

describe("[A2] [A40] a trusted device is asked again after", () => {
	interface Person {
		auth: MailAuth;
		owner: TestBrowser;
	}

	const ends: Record<string, (person: Person) => Promise<TestAnswer>> = {
		"a change of the password": ({ owner }) =>
			owner.put("/api/auth/password", { currentPassword: ada.password, newPassword: ada.password }),
		async "a reset of the password"({ auth }) {
			await auth.browser().post("/api/auth/password-resets", { email: ada.email });
			const token = tokenIn(await auth.mail("password_reset"));
			return auth.browser().put(`/api/auth/password-resets/${token}`, { newPassword: ada.password });
		},
		async "the removal of the app"({ owner, auth }) {
			await owner.delete("/api/auth/factors/totp");
			await withApp(auth, owner);
			return owner.get("/api/auth");
		},
		"another passkey": ({ owner }) => withPasskey(owner, new TestAuthenticator()),
		"new recovery codes": ({ owner }) => owner.post("/api/auth/factors/recovery-codes"),
		"signing out everywhere else": ({ owner }) => owner.delete("/api/auth/sessions"),
		async "forgetting it"({ owner }) {
			const [device] = (await owner.get("/api/auth/trusted-devices")).body.devices;
			return owner.delete(`/api/auth/trusted-devices/${device.id}`);
		},
	};

	it.each(Object.keys(ends))("%s", async (what) => {
		const auth = openMailAuth({ methods: [password(), passkey()], trustedDevices });
		const { owner: elsewhere, app } = await proven(auth);
		const { browser } = await withTrust(auth, { app });
		expect((await ends[what]!({ auth, owner: elsewhere })).status).toBeLessThan(300);
		expect((await browser.post("/api/auth", signInAsAda)).status).toBe(202);
		expect((await thiefWith(auth, cookieOf(browser)).post("/api/auth", signInAsAda)).status).toBe(202);
	});
});

describe("[ASVS 7.5.1] a session that began on a trusted device", () => {
	async function enter() {
		const auth = openTestAuth({ methods: [password(), passkey()], trustedDevices });
		const { browser, app } = await withTrust(auth);
		await browser.post("/api/auth", signInAsAda);
		return { auth, browser, app };
	}

	it("changes nothing that matters, however fresh it is, until a second factor is shown", async () => {
		const { browser, app } = await enter();
		const newPassword = "another good password";
		const acts: Record<string, () => Promise<TestAnswer>> = {
			...dangerousActs(browser),
			"change the password": () => browser.put("/api/auth/password", { currentPassword: ada.password, newPassword }),
		};
		for (const [what, act] of Object.entries(acts)) {
			expect((await act()).body.code, what).toBe("reauthentication_required");
		}
		const proven = await browser.post("/api/auth/reauthentication", { factor: "totp", code: app.code() });
		expect(proven.body.session).toMatchObject({ level: "aal2", amr: ["pwd", "otp", "mfa"] });
		expect((await acts["make recovery codes"]!()).status).toBe(201);
	});

	it("is asked for the second step when it shows the password once more, trusted or not", async () => {
		const { browser, app } = await enter();
		const again = await browser.post("/api/auth/reauthentication", { password: ada.password });
		expect(again.status).toBe(202);
		expect((await browser.get("/api/auth")).body.session.level).toBe("aal1");
		const finished = await browser.post("/api/auth/attempt", { factor: "totp", code: app.code() });
		expect(finished.body.session).toMatchObject({ level: "aal2", amr: ["pwd", "otp", "mfa"] });
		expect((await browser.post("/api/auth/factors/recovery-codes")).status).toBe(201);
	});
});

describe("[A29] where two factors are asked for at every sign-in", () => {
	it.each([
		{ secondFactor: "required" },
		{ secondFactor: "phishing-resistant" },
		{ profile: "aal2" },
		{ profile: "aal3" },
	] as const)("nobody can allow trusted devices: %o", (options) => {
		expect(() => openTestAuth({ methods: [password(), passkey()], ...options, trustedDevices })).toThrow(
			/trustedDevices does not go together with .*; leave one out/,
		);
	});

	it.each([0, 31, 1.5, Number.NaN])("nor for %s days", (days) => {
		expect(() => openTestAuth({ trustedDevices: { days } })).toThrow("trustedDevices.days must be from 1 to 30");
	});

	it("a device that was trusted before is asked again", async () => {
		const auth = openTestAuth({ trustedDevices });
		const { browser } = await withTrust(auth);
		for (const policy of ["required", "phishing-resistant"] as const) {
			const methods = [password(), passkey()];
			const strict = openBeside(auth, { methods, trustedDevices, secondFactor: () => policy });
			const later = thiefWith(strict, cookieOf(browser));
			const { status, body } = await later.post("/api/auth", signInAsAda);
			expect({ status, trustDays: body.attempt.trustDays }).toEqual({ status: 202, trustDays: null });
		}
		expect((await browser.post("/api/auth", signInAsAda)).status).toBe(200);
	});
});

it("another first step than the password is a first step too, on a trusted device", async () => {
	const auth = openMailAuth({ methods: [password(), emailCode()], trustedDevices });
	const { browser } = await withTrust(auth, await proven(auth));
	await browser.delete("/api/auth");
	await browser.post("/api/auth/email-codes", { email: ada.email });
	const code = codeIn(await auth.mail("sign_in_code"));
	const answer = await browser.post("/api/auth", { email: ada.email, code });
	expect({ status: answer.status, amr: answer.body.session?.amr }).toEqual({ status: 200, amr: ["email", "device"] });
});
