import { TOTP } from "otpauth";
import type { Storage } from "../src/lib/storage/storage.ts";
import type { TestAuthenticator, TestCeremony } from "../src/lib/testing/test-authenticator.ts";
import type { TestAnswer, TestBrowser } from "../src/lib/testing/test-browser.ts";
import { ada, signedUp, type TestAuth } from "./harness.ts";

/** What the store does for second factors and passkeys. */
export const factorOperations: readonly (keyof Storage)[] = [
	"readFactors",
	"addTotp",
	"recordTotpUse",
	"renameTotp",
	"removeTotp",
	"replaceRecoveryCodes",
	"consumeRecoveryCode",
	"addPasskey",
	"findPasskey",
	"recordPasskeyUse",
	"renamePasskey",
	"removePasskey",
	"switchSecondStep",
	"addTrustedDevice",
	"rotateTrustedDevice",
	"listTrustedDevices",
	"forgetTrustedDevice",
	"addPassword",
	"putToken",
	"consumeToken",
];

/** What an authenticator app shows. */
export function totpCode(secret: string, at: number): string {
	return new TOTP({ secret, digits: 6, period: 30, algorithm: "SHA1" }).generate({ timestamp: at });
}

export interface App {
	readonly secret: string;
	readonly recoveryCodes: readonly string[];
	/** The code that the app shows now, or so many seconds from now. */
	code(inSeconds?: number): string;
}

/** Adds an authenticator app to the account that the browser is signed in to. Half a minute has gone by afterwards. */
export async function withApp(auth: TestAuth, browser: TestBrowser): Promise<App> {
	const { secret, enrolment } = ok(await browser.post("/api/auth/factors/totp"), 200);
	const code = (inSeconds = 0) => totpCode(secret, auth.clock() + 1000 * inSeconds);
	const added = ok(await browser.put("/api/auth/factors/totp", { enrolment, code: code() }), 200);
	// The code that confirmed it is used up.
	auth.clock.advance({ seconds: 30 });
	return { secret, recoveryCodes: added.recoveryCodes, code };
}

/** Adds a passkey to the account that the browser is signed in to. */
export async function withPasskey(
	browser: TestBrowser,
	authenticator: TestAuthenticator,
	ceremony: TestCeremony = {},
): Promise<TestAnswer> {
	const { options } = ok(await browser.post("/api/auth/passkeys/challenges", { for: "registration" }), 201);
	return browser.post("/api/auth/passkeys", { credential: authenticator.create(options, ceremony) });
}

/** A passkey's answer to a challenge of this browser. */
export async function assertion(
	browser: TestBrowser,
	authenticator: TestAuthenticator,
	use: "sign-in" | "second-step" | "reauthentication",
	ceremony: TestCeremony = {},
) {
	const { options } = ok(await browser.post("/api/auth/passkeys/challenges", { for: use }), 201);
	return authenticator.get(options, ceremony);
}

/** Shows a passkey of the signed-in account and switches the second step on, after which a password is not enough. */
export async function withSecondStep(browser: TestBrowser, authenticator: TestAuthenticator): Promise<void> {
	const credential = await assertion(browser, authenticator, "reauthentication");
	ok(await browser.post("/api/auth/reauthentication", { factor: "passkey", credential }), 200);
	ok(await browser.patch("/api/auth/factors", { secondStep: true }), 200);
}

/** Ada's password, in a browser of its own. */
export async function firstStep(auth: TestAuth, person: { email: string; password: string } = ada) {
	const browser = auth.browser();
	const answer = await browser.post("/api/auth", { email: person.email, password: person.password });
	return { browser, answer };
}

interface Trusting {
	/** Ada's app. Default: she is signed up and adds one. */
	app?: App;
	/** Where. Default: a browser of its own. */
	in?: TestBrowser;
	/** Whoever it is, with Ada's password. Default: Ada. */
	email?: string;
}

/** Ada signs in with her app and trusts the browser, in which she is not asked for a second step from then on. */
export async function withTrust(
	auth: TestAuth,
	{ app, in: browser = auth.browser(), email = ada.email }: Trusting = {},
) {
	const shown = app ?? (await withApp(auth, await signedUp(auth)));
	ok(await browser.post("/api/auth", { email, password: ada.password }), 202);
	ok(await browser.post("/api/auth/attempt", { factor: "totp", code: shown.code(), trustDevice: true }), 200);
	auth.clock.advance({ seconds: 30 });
	return { browser, app: shown };
}

/** Signs Ada up where everybody needs a second factor, and begins to set up an app. */
export async function signUpWhereRequired(auth: Pick<TestAuth, "browser" | "clock">) {
	const browser = auth.browser();
	ok(await browser.post("/api/auth/sign-up", ada), 202);
	const { secret, enrolment } = ok(await browser.post("/api/auth/attempt/totp"), 200);
	return { browser, secret, enrolment, code: totpCode(secret, auth.clock()) };
}

function ok({ status, body }: TestAnswer, expected: number) {
	if (status !== expected) throw new Error(`answered ${status} ${JSON.stringify(body)}`);
	return body;
}
