import { describe, expect, it } from "vitest";
import { assertion, totpCode, withApp, withPasskey } from "../../test/factors.ts";
import { ada, openBeside, openTestAuth, signedUp, type TestAuth } from "../../test/harness.ts";
import type { AuthOptions } from "../lib/options.ts";
import { passkey } from "../lib/passkeys/passkey.ts";
import { password } from "../lib/passwords/password.ts";
import type { TestAnswer, TestBrowser } from "../lib/testing/test-browser.ts";
import { TestAuthenticator } from "../testing.ts";

const methods = [password(), passkey()];
const person = { ...ada, password: "correct horse battery staple" };
const byPassword = { email: person.email, password: person.password };
const bound = { backupEligible: false };

/** What somebody had before their application asked for the third level. */
type Had = "password" | "app" | "synced" | "bound" | "synced and bound";

async function openStrict(had: Had, options: Partial<AuthOptions> = { profile: "aal3" }) {
	const before = openTestAuth({ methods });
	const owner = await signedUp(before, person);
	const [synced, key] = [new TestAuthenticator(), new TestAuthenticator(bound)];
	if (had.includes("synced")) await withPasskey(owner, synced);
	if (had.includes("bound")) await withPasskey(owner, key);
	const app = had === "app" ? await withApp(before, owner) : null;
	return { auth: openBeside(before, { methods, ...options }), owner, synced, key, app };
}

async function enrol(browser: TestBrowser, authenticator: TestAuthenticator) {
	const begun = await browser.post("/api/auth/passkeys/challenges", { for: "enrolment" });
	// Most browsers would offer to make one that is copied.
	expect(begun.body.options.hints).toEqual(["security-key"]);
	const registration = authenticator.create(begun.body.options);
	return browser.post("/api/auth/attempt", { factor: "passkey", registration });
}

const waitsFor = ({ body }: { body: { attempt?: Record<string, unknown> } }) => {
	const { factors, enrolments, deviceBound } = body.attempt ?? {};
	return { factors, enrolments, deviceBound };
};
const askedForKey = { factors: ["passkey"], enrolments: [], deviceBound: true };
const askedToMakeKey = { factors: [], enrolments: ["passkey"], deviceBound: true };
const isSignedIn = async (browser: TestBrowser) => (await browser.get("/api/auth")).body.authenticated;

function changePassword(browser: TestBrowser): Promise<TestAnswer> {
	const passwords = { currentPassword: person.password, newPassword: "another horse battery" };
	return browser.put("/api/auth/password", passwords);
}

async function addApp(auth: TestAuth, browser: TestBrowser): Promise<TestAnswer> {
	const { secret, enrolment } = (await browser.post("/api/auth/factors/totp")).body;
	return browser.put("/api/auth/factors/totp", { enrolment, code: totpCode(secret, auth.clock()) });
}

async function signInBy(auth: TestAuth, authenticator: TestAuthenticator) {
	const browser = auth.browser();
	const credential = await assertion(browser, authenticator, "sign-in");
	return { browser, answer: await browser.post("/api/auth", { credential }) };
}

describe.each<[string, Partial<AuthOptions>]>([
	['profile: "aal3"', { profile: "aal3" }],
	["a function of the user", { secondFactor: () => "device-bound" }],
])("where none but a passkey that cannot be copied will do, by %s [A29]", (_, options) => {
	it("opens a session of the third level by one, alone or after a password", async () => {
		const { auth, key } = await openStrict("synced and bound", options);
		const { answer } = await signInBy(auth, key);
		expect(answer).toMatchObject({ status: 200, body: { session: { level: "aal3" } } });
		const browser = auth.browser();
		expect(waitsFor(await browser.post("/api/auth", byPassword))).toEqual(askedForKey);
		const credential = await assertion(browser, key, "second-step");
		const finished = await browser.post("/api/auth/attempt", { factor: "passkey", credential });
		expect(finished).toMatchObject({ status: 200, body: { session: { level: "aal3" } } });
	});

	it("opens none by a synced one, and says what is asked for instead", async () => {
		const { auth, synced, key } = await openStrict("synced and bound", options);
		const { browser, answer } = await signInBy(auth, synced);
		expect(answer.status).toBe(202);
		expect(waitsFor(answer)).toEqual(askedForKey);
		// The browser is told of the one that will do, and of no other.
		const { body } = await browser.post("/api/auth/passkeys/challenges", { for: "second-step" });
		expect(body.options.allowCredentials.map(({ id }: { id: string }) => id)).toEqual([key.keys[0]!.id]);
		const again = synced.get({ ...body.options, allowCredentials: [] });
		const refused = await browser.post("/api/auth/attempt", { factor: "passkey", credential: again });
		expect(refused).toMatchObject({ status: 403, body: { code: "insufficient_level" } });
		expect(await isSignedIn(browser)).toBe(false);
		// It still waits for the right one.
		const credential = await assertion(browser, key, "second-step");
		expect((await browser.post("/api/auth/attempt", { factor: "passkey", credential })).status).toBe(200);
	});

	it("lets whoever has a synced one only make another on the way in, once that is shown, and no synced one", async () => {
		const { auth, synced, key } = await openStrict("synced", options);
		const { browser, answer } = await signInBy(auth, synced);
		expect(waitsFor(answer)).toEqual(askedToMakeKey);
		expect(await enrol(browser, new TestAuthenticator())).toMatchObject({
			status: 403,
			body: { code: "insufficient_level" },
		});
		expect(await isSignedIn(browser)).toBe(false);
		expect(await enrol(browser, key)).toMatchObject({ status: 200, body: { session: { level: "aal3" } } });
		const { passkeys } = (await browser.get("/api/auth/passkeys")).body;
		expect(passkeys.map(({ synced: isSynced }: { synced: boolean }) => isSynced).toSorted()).toEqual([false, true]);
	});

	it("lets nobody with the password alone make one for an account that has a synced one", async () => {
		const { auth, synced, key } = await openStrict("synced", options);
		const browser = auth.browser();
		const first = await browser.post("/api/auth", byPassword);
		expect(waitsFor(first)).toEqual({ factors: ["passkey"], enrolments: [], deviceBound: false });
		const begun = await browser.post("/api/auth/passkeys/challenges", { for: "enrolment" });
		expect(begun.body.code).toBe("factor_exists");
		const credential = await assertion(browser, synced, "second-step");
		const second = await browser.post("/api/auth/attempt", { factor: "passkey", credential });
		expect(second.status).toBe(202);
		expect(waitsFor(second)).toEqual(askedToMakeKey);
		expect((await enrol(browser, key)).status).toBe(200);
	});

	it("lets somebody who has as many synced ones as anybody may have make one all the same", async () => {
		const { auth, owner, synced, key } = await openStrict("synced", options);
		for (let more = 1; more < 20; more++) await withPasskey(owner, new TestAuthenticator());
		const { browser, answer } = await signInBy(auth, synced);
		expect(waitsFor(answer)).toEqual(askedToMakeKey);
		expect(await enrol(browser, key)).toMatchObject({ status: 200, body: { session: { level: "aal3" } } });
		const again = await browser.post("/api/auth/passkeys/challenges", { for: "registration" });
		expect(again.body.code).toBe("too_many_passkeys");
	});

	it("asks again for it where a password is shown later, and never lets the last one go", async () => {
		const { auth, key } = await openStrict("synced and bound", options);
		const { browser } = await signInBy(auth, key);
		const { passkeys } = (await browser.get("/api/auth/passkeys")).body;
		const [synced, only] = [true, false].map((is) => passkeys.find((one: { synced: boolean }) => one.synced === is));
		expect((await browser.delete(`/api/auth/passkeys/${only.id}`)).body.code).toBe("last_way_in");
		expect((await browser.delete(`/api/auth/passkeys/${synced.id}`)).status).toBe(200);
		expect((await browser.delete(`/api/auth/passkeys/${only.id}`)).body.code).toBe("last_way_in");
		const proven = await browser.post("/api/auth/reauthentication", { password: person.password });
		expect(proven.status).toBe(202);
		expect(waitsFor(proven)).toEqual(askedForKey);
	});

	it.each<[string, (auth: TestAuth, browser: TestBrowser) => Promise<TestAnswer>]>([
		["a new password", (_, browser) => changePassword(browser)],
		["a new app", addApp],
	])("[A28] lets no session go on below the third level by %s: it is shown once more", async (_what, change) => {
		const { auth, key } = await openStrict("bound", options);
		const { browser } = await signInBy(auth, key);
		const answer = await change(auth, browser);
		expect(answer.status).toBe(202);
		expect(waitsFor(answer)).toEqual(askedForKey);
		expect(await isSignedIn(browser)).toBe(false);
		const credential = await assertion(browser, key, "second-step");
		const finished = await browser.post("/api/auth/attempt", { factor: "passkey", credential });
		expect(finished).toMatchObject({ status: 200, body: { session: { level: "aal3" } } });
	});

	it("[A28] lets no session of before go on by a new password, but asks for all that is missing", async () => {
		const { auth, owner } = await openStrict("password", options);
		const browser = auth.browser();
		for (const [name, value] of owner.cookies) browser.cookies.set(name, value);
		const answer = await changePassword(browser);
		expect(answer.status).toBe(202);
		expect(waitsFor(answer)).toEqual(askedToMakeKey);
		expect(await isSignedIn(browser)).toBe(false);
		expect(await enrol(browser, new TestAuthenticator(bound))).toMatchObject({ status: 200 });
	});

	it("registers nobody without one", async () => {
		const auth = openTestAuth({ methods, ...options });
		const browser = auth.browser();
		const challenge = { for: "sign-up", email: "new@example.com" };
		const begun = await browser.post("/api/auth/passkeys/challenges", challenge);
		const synced = new TestAuthenticator();
		const answer = await browser.post("/api/auth/sign-up/passkey", { credential: synced.create(begun.body.options) });
		expect(answer.status).toBe(202);
		expect(waitsFor(answer)).toEqual(askedToMakeKey);
		expect(await isSignedIn(browser)).toBe(false);
		expect((await enrol(browser, new TestAuthenticator(bound))).body.session.level).toBe("aal3");
	});
});

it("tells a newcomer's browser at once which passkey will do, where it is so for everybody", async () => {
	for (const [profile, hints] of [
		["aal3", ["security-key"]],
		["aal2", undefined],
	] as const) {
		const auth = openTestAuth({ methods, profile });
		const browser = auth.browser();
		const challenge = { for: "sign-up", email: "new@example.com" };
		const { options } = (await browser.post("/api/auth/passkeys/challenges", challenge)).body;
		expect(options.hints).toEqual(hints);
		if (hints === undefined) continue;
		const credential = new TestAuthenticator(bound).create(options);
		const answer = await browser.post("/api/auth/sign-up/passkey", { credential });
		expect(answer).toMatchObject({ status: 201, body: { session: { level: "aal3" } } });
	}
});

it.each<[string, Partial<AuthOptions>]>([
	["a passkey", { secondFactor: "phishing-resistant" }],
	["a passkey that cannot be copied", { secondFactor: "device-bound" }],
])("[A28] [A29] lets nobody with the password alone make %s for an account that has an app", async (_, options) => {
	const { auth, app, key } = await openStrict("app", options);
	const browser = auth.browser();
	const first = await browser.post("/api/auth", byPassword);
	expect(waitsFor(first)).toEqual({ factors: ["totp", "recovery_code"], enrolments: [], deviceBound: false });
	const begun = await browser.post("/api/auth/passkeys/challenges", { for: "enrolment" });
	expect(begun.body.code).toBe("factor_exists");
	const second = await browser.post("/api/auth/attempt", { factor: "totp", code: app!.code() });
	expect(second).toMatchObject({ status: 202, body: { authenticated: false } });
	expect(waitsFor(second)).toMatchObject({ factors: [], enrolments: ["passkey"] });
	expect(await isSignedIn(browser)).toBe(false);
	const made = await browser.post("/api/auth/passkeys/challenges", { for: "enrolment" });
	const registration = key.create(made.body.options);
	expect((await browser.post("/api/auth/attempt", { factor: "passkey", registration })).status).toBe(200);
});
