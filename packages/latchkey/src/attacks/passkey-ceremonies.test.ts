import { describe, expect, it } from "vitest";
import { assertion, firstStep, withPasskey, withSecondStep } from "../../test/factors.ts";
import { ada, openTestAuth, signedUp, type TestAuth } from "../../test/harness.ts";
import { passkey } from "../lib/passkeys/passkey.ts";
import { password } from "../lib/passwords/password.ts";
import { TestAuthenticator, type TestBrowser, type TestCeremony } from "../testing.ts";

const begin = async (browser: TestBrowser, use: string) =>
	(await browser.post("/api/auth/passkeys/challenges", { for: use })).body.options;

async function adaAndBob(): Promise<{
	auth: TestAuth;
	owner: TestBrowser;
	bob: TestBrowser;
	authenticator: TestAuthenticator;
	bobs: TestAuthenticator;
}> {
	const auth = openTestAuth({ methods: [password(), passkey()] });
	const owner = await signedUp(auth);
	const bob = await signedUp(auth, { email: "bob@example.com", password: ada.password });
	const [authenticator, bobs] = [new TestAuthenticator(), new TestAuthenticator()];
	await withPasskey(owner, authenticator);
	await withPasskey(bob, bobs);
	return { auth, owner, bob, authenticator, bobs };
}

/** What a hostile page, proxy or authenticator could try; each must be refused. */
const hostile: [string, TestCeremony][] = [
	["another origin", { origin: "https://evil.example" }],
	["another port", { origin: "http://localhost:3001" }],
	["a subdomain", { origin: "http://a.localhost:3000" }],
	["another relying party", { rpId: "evil.example" }],
	["another type", { type: "webauthn.create" }],
	["no user present", { userPresent: false }],
	["no user verified", { userVerified: false }],
	["a challenge of its own", { challenge: "c2VsZi1tYWRlLWNoYWxsZW5nZQ" }],
	["a frame on another page", { crossOrigin: true }],
	["a frame on a page that it names", { crossOrigin: true, topOrigin: "https://evil.example" }],
	["a top page without a frame", { topOrigin: "https://evil.example" }],
	["a backup that it cannot have", { backupEligible: false, backedUp: true }],
	["another kind of passkey than was made", { backupEligible: false, backedUp: false }],
	["another account's handle", { userHandle: Buffer.from("somebody else").toString("base64url") }],
	["no handle", { userHandle: null }],
];

describe("[A30] a passkey is refused at sign-in", () => {
	it.each(hostile)("with %s", async (_, ceremony) => {
		const { auth, authenticator } = await adaAndBob();
		const browser = auth.browser();
		const credential = await assertion(browser, authenticator, "sign-in", ceremony);
		expect((await browser.post("/api/auth", { credential })).status).toBe(401);
		expect((await browser.get("/api/auth")).body.authenticated).toBe(false);
		const good = await assertion(browser, authenticator, "sign-in");
		expect((await browser.post("/api/auth", { credential: good })).status).toBe(200);
	});

	it("with a signature of another key", async () => {
		const { auth, authenticator, bobs } = await adaAndBob();
		const browser = auth.browser();
		const options = await begin(browser, "sign-in");
		const credential = bobs.get(options, { userHandle: authenticator.keys[0]!.userHandle });
		const forged = { ...credential, id: authenticator.keys[0]!.id, rawId: authenticator.keys[0]!.id };
		expect((await browser.post("/api/auth", { credential: forged })).body.code).toBe("invalid_credentials");
	});

	it("with a counter that a copy has left behind, if it cannot be synced", async () => {
		const auth = openTestAuth({ methods: [password(), passkey()] });
		const owner = await signedUp(auth);
		const bound = new TestAuthenticator({ backupEligible: false });
		await withPasskey(owner, bound, { counter: 10 });
		const use = async (counter: number) => {
			const browser = auth.browser();
			return browser.post("/api/auth", { credential: await assertion(browser, bound, "sign-in", { counter }) });
		};
		expect((await use(11)).status).toBe(200);
		expect((await use(11)).status).toBe(401);
		expect((await use(5)).status).toBe(401);
		expect(auth.logged.map(({ event }) => event)).toContain("passkey_copied");
		expect((await use(12)).status).toBe(200);
	});
});

describe("[A30] a challenge", () => {
	it("[ASVS 6.7.2] is good once, and used up by a wrong answer too", async () => {
		const { auth, authenticator } = await adaAndBob();
		const browser = auth.browser();
		const options = await begin(browser, "sign-in");
		const credential = authenticator.get(options);
		const answers = await Promise.all(Array.from({ length: 8 }, () => browser.post("/api/auth", { credential })));
		expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
		const second = await begin(browser, "sign-in");
		await browser.post("/api/auth", { credential: authenticator.get(second, { userVerified: false }) });
		expect((await browser.post("/api/auth", { credential: authenticator.get(second) })).status).toBe(401);
	});

	it("expires after ten minutes", async () => {
		const { auth, authenticator } = await adaAndBob();
		const browser = auth.browser();
		const credential = authenticator.get(await begin(browser, "sign-in"));
		auth.clock.advance({ minutes: 10 });
		expect((await browser.post("/api/auth", { credential })).status).toBe(401);
	});

	it("is good in the browser that it was given to", async () => {
		const { auth, authenticator } = await adaAndBob();
		const credential = authenticator.get(await begin(auth.browser(), "sign-in"));
		const other = auth.browser();
		await begin(other, "sign-in");
		expect((await other.post("/api/auth", { credential })).status).toBe(401);
		expect((await auth.browser().post("/api/auth", { credential })).status).toBe(401);
	});

	it("stays good while the page asks for another, as autofill beside a button does", async () => {
		const { auth, authenticator } = await adaAndBob();
		const browser = auth.browser();
		const autofill = authenticator.get(await begin(browser, "sign-in"));
		await begin(browser, "sign-in");
		expect((await browser.post("/api/auth", { credential: autofill })).status).toBe(200);
	});

	it("is good for one use only, whichever it was made for", async () => {
		const { auth, owner, authenticator } = await adaAndBob();
		await withSecondStep(owner, authenticator);
		const uses = {
			"sign-in": (browser: TestBrowser, credential: object) => browser.post("/api/auth", { credential }),
			"second-step": (browser: TestBrowser, credential: object) =>
				browser.post("/api/auth/attempt", { factor: "passkey", credential }),
			reauthentication: (browser: TestBrowser, credential: object) =>
				browser.post("/api/auth/reauthentication", { factor: "passkey", credential }),
		};
		const names = Object.keys(uses) as (keyof typeof uses)[];
		for (const made of names) {
			for (const used of names) {
				// Signed in as Ada, and half-way in as Ada once more: every use has what it needs.
				const { browser } = await firstStep(auth);
				const session = await auth.createSession(browser.prepare("POST", "/"), {
					userId: (await owner.get("/api/auth")).body.user.id,
				});
				browser.cookies.set("session", session!.cookie.value);
				const credential = authenticator.get(await begin(browser, made));
				const { status } = await uses[used](browser, credential);
				expect({ made, used, status }).toEqual({ made, used, status: made === used ? 200 : 401 });
			}
		}
	});

	it("for a registration takes no answer of a sign-in, nor the other way round", async () => {
		const { auth, owner, authenticator } = await adaAndBob();
		const registration = await begin(owner, "registration");
		const made = new TestAuthenticator().create(registration);
		expect((await auth.browser().post("/api/auth", { credential: made })).status).toBe(422);
		const used = authenticator.get({ ...registration, rpId: "localhost", allowCredentials: [] });
		expect((await owner.post("/api/auth/passkeys", { credential: used })).status).toBe(422);
		expect((await owner.post("/api/auth", { credential: used })).status).toBe(401);
	});

	it("is not answered for another user", async () => {
		const { auth, owner, authenticator, bob, bobs } = await adaAndBob();
		const registration = await begin(owner, "registration");
		await withSecondStep(owner, authenticator);
		const { browser } = await firstStep(auth);
		const options = await begin(browser, "second-step");
		const credential = bobs.get({ ...options, allowCredentials: [] });
		expect((await browser.post("/api/auth/attempt", { factor: "passkey", credential })).status).toBe(401);
		const stolen = new TestAuthenticator().create(registration);
		bob.cookies.set("passkey", owner.cookies.get("passkey")!);
		expect((await bob.post("/api/auth/passkeys", { credential: stolen })).body.code).toBe("invalid_credentials");
	});
});

describe("[A30] a new passkey is refused", () => {
	it.each(
		hostile
			.filter(([name]) => !/handle|type|kind of passkey/.test(name))
			.concat([["another type", { type: "webauthn.get" }]]),
	)("with %s", async (_, ceremony) => {
		const auth = openTestAuth({ methods: [password(), passkey()] });
		const owner = await signedUp(auth);
		expect((await withPasskey(owner, new TestAuthenticator(), ceremony)).status).toBe(401);
		expect((await owner.get("/api/auth/passkeys")).body.passkeys).toEqual([]);
	});

	it("when somebody has its credential", async () => {
		const { owner, bob, bobs } = await adaAndBob();
		const { id } = bobs.keys[0]!;
		const credential = new TestAuthenticator().create(await begin(owner, "registration"));
		const renamed = { ...credential, id, rawId: id };
		expect((await owner.post("/api/auth/passkeys", { credential: renamed })).body.code).toBe("invalid_credentials");
		expect((await bob.get("/api/auth/passkeys")).body.passkeys).toHaveLength(1);
	});
});

it("[A21] says nothing about accounts when it asks for a passkey", async () => {
	const { auth } = await adaAndBob();
	const options = await begin(auth.browser(), "sign-in");
	expect(Object.keys(options).toSorted()).toEqual([
		"allowCredentials",
		"challenge",
		"rpId",
		"timeout",
		"userVerification",
	]);
	expect(options.allowCredentials).toEqual([]);
	for (const use of ["second-step", "enrolment"]) {
		expect((await auth.browser().post("/api/auth/passkeys/challenges", { for: use })).body.code).toBe(
			"attempt_expired",
		);
	}
	for (const use of ["registration", "reauthentication"]) {
		expect((await auth.browser().post("/api/auth/passkeys/challenges", { for: use })).body.code).toBe(
			"not_authenticated",
		);
	}
});

it("[A43] lets in whoever has one while strangers use up the password's attempts", async () => {
	const { auth, authenticator } = await adaAndBob();
	const guess = { email: ada.email, password: "wrong" };
	for (let attempt = 0; attempt < 12; attempt++) await auth.browser().post("/api/auth", guess);
	expect((await auth.browser().post("/api/auth", { ...guess, password: ada.password })).status).toBe(429);
	const browser = auth.browser();
	const credential = await assertion(browser, authenticator, "sign-in");
	expect((await browser.post("/api/auth", { credential })).status).toBe(200);
});
