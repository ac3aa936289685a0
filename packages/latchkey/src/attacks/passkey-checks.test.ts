import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { assertion, firstStep, signUpWhereRequired, withPasskey, withSecondStep } from "../../test/factors.ts";
import { ada, openTestAuth, signedUp } from "../../test/harness.ts";
import { passkey } from "../lib/passkeys/passkey.ts";
import { password } from "../lib/passwords/password.ts";
import { TestAuthenticator, type TestBrowser, type TestCeremony } from "../testing.ts";

const methods = [password(), passkey()];
const challenges = "/api/auth/passkeys/challenges";

const begin = async (browser: TestBrowser, use: string, more: object = {}) =>
	(await browser.post(challenges, { for: use, ...more })).body.options;

async function signInBy(browser: TestBrowser, authenticator: TestAuthenticator, ceremony: TestCeremony = {}) {
	return browser.post("/api/auth", { credential: await assertion(browser, authenticator, "sign-in", ceremony) });
}

describe("what a browser is asked (WebAuthn Level 3, section 5.4)", () => {
	it("[A30] holds a challenge of 256 bits that never comes twice, and leaves time enough", async () => {
		const browser = openTestAuth({ methods }).browser();
		const asked = await Promise.all(Array.from({ length: 8 }, () => begin(browser, "sign-in")));
		for (const { challenge, timeout, userVerification } of asked) {
			expect(Buffer.from(challenge, "base64url")).toHaveLength(32);
			expect(timeout).toBe(300_000);
			expect(userVerification).toBe("required");
		}
		expect(new Set(asked.map(({ challenge }) => challenge)).size).toBe(8);
	});

	it("names the account by its id, which says nothing about the person, and asks nobody who made the device", async () => {
		const auth = openTestAuth({ methods });
		const owner = await signedUp(auth);
		const { user } = (await owner.get("/api/auth")).body;
		const options = await begin(owner, "registration");
		const handle = Buffer.from(options.user.id, "base64url");
		expect(handle.toString()).toBe(user.id);
		expect(handle.length).toBeLessThanOrEqual(64);
		expect(options).toMatchObject({
			rp: { id: "localhost" },
			attestation: "none",
			authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
		});
		expect(options.pubKeyCredParams.map(({ alg }: { alg: number }) => alg)).toEqual([-7, -257, -8]);
	});

	it("holds the passkeys that there are, with the ways that they can be reached by, such as a phone beside the desk", async () => {
		const auth = openTestAuth({ methods });
		const owner = await signedUp(auth);
		const authenticator = new TestAuthenticator();
		const made = authenticator.create(await begin(owner, "registration"));
		const credential = { ...made, response: { ...made.response, transports: ["hybrid", "internal"] } };
		expect((await owner.post("/api/auth/passkeys", { credential })).status).toBe(201);
		const held = [{ id: made.id, type: "public-key", transports: ["hybrid", "internal"] }];
		expect((await begin(owner, "registration")).excludeCredentials).toEqual(held);
		expect((await begin(owner, "reauthentication")).allowCredentials).toEqual(held);
		await withSecondStep(owner, authenticator);
		const { browser } = await firstStep(auth);
		expect((await begin(browser, "second-step")).allowCredentials).toEqual(held);
		// To whom nobody is known, nothing is said.
		expect((await begin(auth.browser(), "sign-in")).allowCredentials).toEqual([]);
	});
});

describe("[A30] a new passkey", () => {
	it("is refused under a credential that somebody has, whoever that is, and theirs stays", async () => {
		const auth = openTestAuth({ methods });
		const [owner, bob] = [
			await signedUp(auth),
			await signedUp(auth, { email: "bob@example.com", password: ada.password }),
		];
		const authenticator = new TestAuthenticator();
		await withPasskey(owner, authenticator);
		const { id: credentialId } = authenticator.keys[0]!;
		for (const browser of [bob, owner]) {
			const { status, body } = await withPasskey(browser, new TestAuthenticator(), { credentialId });
			expect([status, body.code]).toEqual([409, "factor_exists"]);
		}
		expect((await bob.get("/api/auth/passkeys")).body.passkeys).toEqual([]);
		expect((await signInBy(auth.browser(), authenticator)).body.user.email).toBe(ada.email);
	});

	it("is refused with a signature algorithm that was not offered", async () => {
		const auth = openTestAuth({ methods });
		const owner = await signedUp(auth);
		const made = new TestAuthenticator().create(await begin(owner, "registration"));
		const bytes = Buffer.from(made.response.attestationObject, "base64url");
		// `3: -7` in the COSE key becomes `3: -9`, which is the same curve under a name that nobody offered.
		const alg = bytes.indexOf(Buffer.from("a5010203262001", "hex"));
		expect(alg).toBeGreaterThan(0);
		bytes[alg + 4] = 0x28;
		const response = { ...made.response, attestationObject: bytes.toString("base64url") };
		expect((await owner.post("/api/auth/passkeys", { credential: { ...made, response } })).status).toBe(401);
		const refused = auth.logged.findLast(({ event }) => event === "passkey_refused");
		expect(String(refused?.reason)).toContain("-9");
		expect((await owner.get("/api/auth/passkeys")).body.passkeys).toEqual([]);
	});

	it("may have a credential id of 1023 bytes, and none of more", async () => {
		const auth = openTestAuth({ methods });
		const owner = await signedUp(auth);
		const make = async (length: number) => {
			const ceremony = { credentialId: randomBytes(length).toString("base64url") };
			return (await withPasskey(owner, new TestAuthenticator(), ceremony)).status;
		};
		expect(await make(1023)).toBe(201);
		expect(await make(1024)).toBe(422);
	});

	it("is one of twenty at most", async () => {
		const auth = openTestAuth({ methods });
		const owner = await signedUp(auth);
		const late = await begin(owner, "registration");
		for (let count = 0; count < 20; count++) {
			expect((await withPasskey(owner, new TestAuthenticator())).status).toBe(201);
		}
		expect((await owner.post(challenges, { for: "registration" })).body.code).toBe("too_many_passkeys");
		// Asked for before there were so many.
		const credential = new TestAuthenticator().create(late);
		expect((await owner.post("/api/auth/passkeys", { credential })).body.code).toBe("too_many_passkeys");
		expect((await owner.get("/api/auth/passkeys")).body.passkeys).toHaveLength(20);
	});

	it("answers the challenge of its own purpose: to add one, to register, or on the way in", async () => {
		const auth = openTestAuth({ methods, secondFactor: "required" });
		const uses = {
			registration: {
				browser: async () => {
					const { browser, enrolment, code } = await signUpWhereRequired(auth);
					await browser.post("/api/auth/attempt", { factor: "totp", enrolment, code });
					return browser;
				},
				send: (browser: TestBrowser, credential: object) => browser.post("/api/auth/passkeys", { credential }),
			},
			"sign-up": {
				browser: async () => auth.browser(),
				send: (browser: TestBrowser, credential: object) => browser.post("/api/auth/sign-up/passkey", { credential }),
			},
			enrolment: {
				browser: async () => {
					const browser = auth.browser();
					await browser.post("/api/auth/sign-up", { username: "halfway", password: ada.password });
					return browser;
				},
				send: (browser: TestBrowser, registration: object) =>
					browser.post("/api/auth/attempt", { factor: "passkey", registration }),
			},
		};
		const [adding, registering, entering] = [
			await uses.registration.browser(),
			await uses["sign-up"].browser(),
			await uses.enrolment.browser(),
		];
		const browsers = { registration: adding, "sign-up": registering, enrolment: entering };
		const names = Object.keys(uses) as (keyof typeof uses)[];
		for (const made of names) {
			for (const used of names.filter((name) => name !== made)) {
				const options = await begin(browsers[made], made, made === "sign-up" ? { username: "newcomer" } : {});
				const user = browsers[used];
				// Even with the cookie that binds the challenge to the other browser.
				user.cookies.set("passkey", browsers[made].cookies.get("passkey")!);
				const { status } = await uses[used].send(user, new TestAuthenticator().create(options));
				expect({ made, used, status }).toEqual({ made, used, status: 401 });
			}
		}
	});
});

describe("[A30] a passkey at sign-in", () => {
	it("stays of the kind that it was made as, whether that can be synced or not", async () => {
		const auth = openTestAuth({ methods });
		const bound = new TestAuthenticator({ backupEligible: false });
		await withPasskey(await signedUp(auth), bound);
		const nowSynced = { backupEligible: true, backedUp: true, counter: 9 };
		expect((await signInBy(auth.browser(), bound, nowSynced)).status).toBe(401);
		expect((await signInBy(auth.browser(), bound, { counter: 10 })).status).toBe(200);
	});

	it("need not count, if it never did", async () => {
		const auth = openTestAuth({ methods });
		const bound = new TestAuthenticator({ backupEligible: false });
		await withPasskey(await signedUp(auth), bound, { counter: 0 });
		for (let use = 0; use < 2; use++) {
			expect((await signInBy(auth.browser(), bound, { counter: 0 })).status).toBe(200);
		}
		// From the first that counts on, it does.
		expect((await signInBy(auth.browser(), bound, { counter: 7 })).status).toBe(200);
		expect((await signInBy(auth.browser(), bound, { counter: 0 })).status).toBe(401);
	});

	it("takes no notice of members of the client data that it does not know, nor of token binding, which is no more", async () => {
		const auth = openTestAuth({ methods });
		const authenticator = new TestAuthenticator();
		await withPasskey(await signedUp(auth), authenticator);
		for (const clientData of [{ extraData: "x" }, { tokenBinding: { status: "supported" } }]) {
			expect((await signInBy(auth.browser(), authenticator, { clientData })).status).toBe(200);
		}
		for (const clientData of [{ tokenBinding: "none" }, { crossOrigin: "false" }, { topOrigin: null }]) {
			expect((await signInBy(auth.browser(), authenticator, { clientData })).status).toBe(401);
		}
	});

	it("[A38] is not read when it is longer than one can be", async () => {
		const auth = openTestAuth({ methods });
		const owner = await signedUp(auth);
		const authenticator = new TestAuthenticator();
		await withPasskey(owner, authenticator);
		const used = await assertion(auth.browser(), authenticator, "sign-in");
		const long = "A".repeat(9000);
		for (const part of ["clientDataJSON", "authenticatorData", "signature", "userHandle"]) {
			const credential = { ...used, response: { ...used.response, [part]: long } };
			expect((await auth.browser().post("/api/auth", { credential })).status, part).toBe(422);
		}
		const made = new TestAuthenticator().create(await begin(owner, "registration"));
		for (const response of [
			{ attestationObject: "A".repeat(40_001) },
			{ transports: Array.from({ length: 17 }, () => "usb") },
			{ transports: ["u".repeat(33)] },
		]) {
			const credential = { ...made, response: { ...made.response, ...response } };
			expect((await owner.post("/api/auth/passkeys", { credential })).status).toBe(422);
		}
	});
});
