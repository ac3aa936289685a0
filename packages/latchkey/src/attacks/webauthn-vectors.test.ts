import { hash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { verifyAuthenticationResponse, verifyRegistrationResponse } from "@simplewebauthn/server";
import { describe, expect, it } from "vitest";
import { ada, openTestAuth, type TestAuth } from "../../test/harness.ts";
import { vectorOrigin, type WebAuthnVector, webAuthnVectors } from "../../test/webauthn-vectors.ts";
import { passkey } from "../lib/passkeys/passkey.ts";
import { password } from "../lib/passwords/password.ts";
import type { TestBrowser } from "../testing.ts";

/** What of the specification's vectors is let in here, and why not what is not. */
const expected: Readonly<Record<string, { made: true | string; madeInPassing: true | string; used: true | string }>> = {
	"none.ES256": { made: "verification", madeInPassing: true, used: "verification" },
	"packed-self.ES256": { made: true, madeInPassing: true, used: "verification" },
	// This site is never framed.
	"none.ES256.crossOrigin": { made: "frame", madeInPassing: "frame", used: "frame" },
	"none.ES256.topOrigin": { made: "frame", madeInPassing: "frame", used: "frame" },
	"none.ES256.long-credential-id": { made: "verification", madeInPassing: true, used: true },
	"packed.ES256": { made: true, madeInPassing: true, used: true },
	"packed.RS256": { made: true, madeInPassing: true, used: "verification" },
};

const vectors = webAuthnVectors();
const site = { url: vectorOrigin, methods: [password(), passkey()] };

describe.each(vectors)("[A30] the vector of WebAuthn Level 3, section $section ($name)", (vector) => {
	const outcome = expected[vector.name]!;

	it.each([
		["asked for", false, outcome.made],
		["in passing", true, outcome.madeInPassing],
	])("makes a passkey, %s, or does not", async (_, upgrade, made) => {
		const { auth, browser } = await signedUpThere();
		const credential = await answerTo(auth, browser, vector.registration.challenge, registrationOf(vector), upgrade);
		const { status } = await browser.post("/api/auth/passkeys", { credential });
		expect(judged(auth, status)).toBe(made);
		const { passkeys } = (await browser.get("/api/auth/passkeys")).body;
		expect(passkeys).toHaveLength(made === true ? 1 : 0);
	});

	it("signs in, or not", async () => {
		const { auth, userHandle } = await withItsPasskey(vector);
		const browser = auth.browser({ origin: vectorOrigin });
		const given = authenticationOf(vector, userHandle);
		const credential = await answerTo(auth, browser, vector.authentication.challenge, given, null);
		const { status } = await browser.post("/api/auth", { credential });
		expect(judged(auth, status)).toBe(outcome.used);
		expect((await browser.get("/api/auth")).body.authenticated).toBe(outcome.used === true);
	});

	it("is right by itself, so that what is refused is so for our reason alone", async () => {
		const { credential, authentication } = await verifiedAlone(vector);
		expect(credential.id).toBe(vector.credentialId);
		expect(authentication).toBe(true);
	});
});

describe("[A30] of a vector that signs in", () => {
	const vector = vectors.find(({ name }) => name === "packed.ES256")!;

	it.each(["signature", "authenticatorData", "clientDataJSON"] as const)("one bit of %s counts", async (part) => {
		const { auth, userHandle } = await withItsPasskey(vector);
		const browser = auth.browser({ origin: vectorOrigin });
		const given = authenticationOf(vector, userHandle);
		const bytes = Buffer.from(given.response[part], "base64url");
		bytes[bytes.length - 3]! ^= 1;
		const changed = { ...given, response: { ...given.response, [part]: bytes.toString("base64url") } };
		const credential = await answerTo(auth, browser, vector.authentication.challenge, changed, null);
		expect((await browser.post("/api/auth", { credential })).status).toBe(401);
	});
});

async function signedUpThere() {
	const auth = openTestAuth(site);
	const browser = auth.browser({ origin: vectorOrigin });
	expect((await browser.post("/api/auth/sign-up", ada)).status).toBe(201);
	return { auth, browser };
}

/** Ada with the passkey of a vector, kept as it is: what signs in is judged apart from what is let in. */
async function withItsPasskey(vector: WebAuthnVector) {
	const { auth, browser } = await signedUpThere();
	const { user } = (await browser.get("/api/auth")).body;
	const { credential, eligible, backedUp } = await verifiedAlone(vector);
	const { storage } = await auth.engine();
	const publicKey = Buffer.from(credential.publicKey).toString("base64url");
	const about = { id: "p", userId: user.id, name: "Vector", aaguid: "", transports: [], counter: 0 };
	const kept = { ...about, credentialId: vector.credentialId, publicKey, backupEligible: eligible, backedUp };
	expect(await storage.addPasskey({ passkey: kept, epoch: 1, limit: 1, events: [] })).toBe("added");
	return { auth, userHandle: Buffer.from(user.id).toString("base64url") };
}

/** Has the site hand out the vector's challenge, as if it had drawn it, and answers it. */
async function answerTo<Answer>(
	auth: TestAuth,
	browser: TestBrowser,
	challenge: string,
	answer: Answer,
	upgrade: boolean | null,
): Promise<Answer> {
	const asked = upgrade === null ? { for: "sign-in" } : { for: "registration", upgrade };
	const begun = await browser.post("/api/auth/passkeys/challenges", asked);
	const database = new DatabaseSync(auth.file);
	const moved = database
		.prepare("UPDATE latchkey_one_time_token SET token_hash = ? WHERE token_hash = ?")
		.run(hash("sha256", challenge, "buffer"), hash("sha256", begun.body.options.challenge, "buffer"));
	database.close();
	expect(moved.changes).toBe(1);
	return answer;
}

/** Whether a passkey was let in, and if not, why: what comes out of a frame is not even looked at. */
function judged({ logged }: TestAuth, status: number): true | string {
	if (status !== 401) return true;
	const reason = logged.findLast(({ event }) => event === "passkey_refused")?.reason;
	if (reason === undefined) return "frame";
	return /user verification|user could not be verified/i.test(String(reason)) ? "verification" : String(reason);
}

function registrationOf({ credentialId, registration }: WebAuthnVector) {
	const response = { clientDataJSON: registration.clientData, attestationObject: registration.attestationObject };
	return { id: credentialId, rawId: credentialId, type: "public-key" as const, response };
}

function authenticationOf({ credentialId, authentication }: WebAuthnVector, userHandle: string) {
	const { clientData: clientDataJSON, authenticatorData, signature } = authentication;
	const response = { clientDataJSON, authenticatorData, signature, userHandle };
	return { id: credentialId, rawId: credentialId, type: "public-key" as const, response };
}

/** The vector by the specification's own rules, which ask neither for a verified person nor for a page without frames. */
async function verifiedAlone(vector: WebAuthnVector) {
	const site = {
		expectedOrigin: vectorOrigin,
		expectedTopOrigin: "https://example.com",
		expectedRPID: "example.org",
		requireUserVerification: false,
	};
	const made = await verifyRegistrationResponse({
		...site,
		response: { ...registrationOf(vector), clientExtensionResults: {} },
		expectedChallenge: vector.registration.challenge,
	});
	if (!made.verified) throw new Error(`${vector.name} is no registration`);
	const { credential, credentialDeviceType, credentialBackedUp: backedUp } = made.registrationInfo;
	const used = await verifyAuthenticationResponse({
		...site,
		response: { ...authenticationOf(vector, ""), clientExtensionResults: {} },
		expectedChallenge: vector.authentication.challenge,
		credential: { ...credential, counter: 0 },
	});
	return { credential, authentication: used.verified, eligible: credentialDeviceType === "multiDevice", backedUp };
}
