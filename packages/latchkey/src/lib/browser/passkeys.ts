import type {
	AuthenticationResponseJSON,
	PublicKeyCredentialCreationOptionsJSON,
	PublicKeyCredentialRequestOptionsJSON,
	RegistrationResponseJSON,
} from "@simplewebauthn/browser";

/**
 * Why nothing came of it, as a code to switch on: one of the HTTP contract, or `cancelled` (also when there is no passkey
 * here, which browsers do not tell apart), `unsupported`, `unreachable`.
 */
export type PasskeyProblem = {
	readonly ok: false;
	readonly code: string;
	readonly fields?: Readonly<Record<string, string>>;
	readonly retryAfterSeconds?: number;
};

export interface AskOptions {
	for: "sign-in" | "second-step" | "reauthentication";
	/** Waits for the person to choose a passkey among the suggestions of the field with `autocomplete="… webauthn"`. */
	autofill?: boolean;
	/** Where the handlers are mounted. Default `/api/auth`. */
	basePath?: string;
}

export type MakeOptions = { basePath?: string } & (
	| { for: "registration" | "enrolment" }
	/** With fields of your own (`userFields`) that people set themselves, by their names. */
	| ({ for: "sign-up"; email?: string; username?: string; name?: string } & Readonly<Record<string, unknown>>)
);

/** Whether this browser knows passkeys. */
export function supportsPasskeys(): boolean {
	return typeof globalThis.PublicKeyCredential === "function";
}

/** Whether it suggests them in a field. */
export async function supportsAutofill(): Promise<boolean> {
	const { browserSupportsWebAuthnAutofill } = await import("@simplewebauthn/browser");
	return supportsPasskeys() && (await browserSupportsWebAuthnAutofill());
}

/** What the person's passkey answered, and the domain that it is for: {@link signalUnknownPasskey} needs both. */
export type AskedPasskey = {
	readonly ok: true;
	readonly credential: AuthenticationResponseJSON;
	readonly rpId: string;
};

/** Asks the person for a passkey. What it answers goes to the server as `credential`. */
export async function askForPasskey({
	autofill = false,
	basePath = defaultBasePath,
	...body
}: AskOptions): Promise<AskedPasskey | PasskeyProblem> {
	if (!supportsPasskeys()) return { ok: false, code: "unsupported" };
	const begun = await post(`${basePath}/passkeys/challenges`, body);
	if (!begun.ok) return begun;
	const optionsJSON = begun.body.options as PublicKeyCredentialRequestOptionsJSON;
	const { startAuthentication } = await import("@simplewebauthn/browser");
	try {
		const credential = await startAuthentication({ optionsJSON, useBrowserAutofill: autofill });
		return { ok: true, credential, rpId: optionsJSON.rpId ?? location.hostname };
	} catch (error) {
		return problemOf(error);
	}
}

/** Makes a passkey. What it answers goes to the server as `credential`, or as `registration` on the way in. */
export async function makePasskey({
	basePath = defaultBasePath,
	...body
}: MakeOptions): Promise<{ readonly ok: true; readonly credential: RegistrationResponseJSON } | PasskeyProblem> {
	return make(basePath, body, false);
}

/**
 * Right after a sign-in with a password: makes a passkey without asking, where the browser's password manager offers that
 * (WebAuthn Level 3, conditional create). Answers whether there is one now; nobody sees anything otherwise.
 */
export async function upgradeToPasskey({ basePath = defaultBasePath } = {}): Promise<boolean> {
	if (!(await canUpgrade())) return false;
	const made = await make(basePath, { for: "registration", upgrade: true }, true);
	return made.ok && (await post(`${basePath}/passkeys`, { credential: made.credential })).ok;
}

export interface PasskeySignal {
	readonly rpId: string;
	/** As the server's list of passkeys says it. */
	readonly userId: string;
	readonly allAcceptedCredentialIds: readonly string[];
}

/** Tells the browser which passkeys of the person still stand, so that it offers no others (section 5.1.10.3). */
export async function signalPasskeys({ rpId, userId, allAcceptedCredentialIds }: PasskeySignal): Promise<void> {
	await quietly(async (signals) =>
		signals.signalAllAcceptedCredentials?.({ rpId, userId, allAcceptedCredentialIds: [...allAcceptedCredentialIds] }),
	);
}

/** Tells the browser that nobody has this passkey, after `unknown_passkey` (section 5.1.10.2). */
export async function signalUnknownPasskey(rpId: string, credentialId: string): Promise<void> {
	await quietly(async (signals) => signals.signalUnknownCredential?.({ rpId, credentialId }));
}

/** Tells the browser what the person is called now (section 5.1.10.4). */
export async function signalUserDetails(details: {
	rpId: string;
	userId: string;
	name: string;
	displayName: string;
}): Promise<void> {
	await quietly(async (signals) => signals.signalCurrentUserDetails?.(details));
}

const defaultBasePath = "/api/auth";

async function make(
	basePath: string,
	body: object,
	silently: boolean,
): Promise<{ readonly ok: true; readonly credential: RegistrationResponseJSON } | PasskeyProblem> {
	if (!supportsPasskeys()) return { ok: false, code: "unsupported" };
	const begun = await post(`${basePath}/passkeys/challenges`, body);
	if (!begun.ok) return begun;
	const optionsJSON = begun.body.options as PublicKeyCredentialCreationOptionsJSON;
	const { startRegistration } = await import("@simplewebauthn/browser");
	try {
		return { ok: true, credential: await startRegistration({ optionsJSON, useAutoRegister: silently }) };
	} catch (error) {
		return problemOf(error);
	}
}

async function canUpgrade(): Promise<boolean> {
	const capabilities = globalThis.PublicKeyCredential as
		| { getClientCapabilities?: () => Promise<Record<string, boolean>> }
		| undefined;
	return (await capabilities?.getClientCapabilities?.())?.conditionalCreate === true;
}

async function post(
	url: string,
	body: object,
): Promise<{ readonly ok: true; readonly body: Record<string, unknown> } | PasskeyProblem> {
	try {
		const response = await fetch(url, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify(body),
		});
		const answer = await response.json();
		if (response.ok) return { ok: true, body: answer };
		const { code = "server_error", fields, retryAfter } = answer;
		return { ok: false, code, ...(fields && { fields }), ...(retryAfter && { retryAfterSeconds: retryAfter }) };
	} catch {
		return { ok: false, code: "unreachable" };
	}
}

function problemOf(error: unknown): PasskeyProblem {
	const { name } = error as Error;
	// The authenticator holds one for this account already.
	if (name === "InvalidStateError") return { ok: false, code: "factor_exists" };
	return { ok: false, code: name === "NotAllowedError" || name === "AbortError" ? "cancelled" : "unsupported" };
}

interface Signals {
	signalAllAcceptedCredentials?(options: object): Promise<void>;
	signalUnknownCredential?(options: object): Promise<void>;
	signalCurrentUserDetails?(options: object): Promise<void>;
}

/** What the browser does with it is its own business; where it cannot, nothing is lost. */
async function quietly(tell: (signals: Signals) => Promise<unknown>): Promise<void> {
	try {
		await tell((globalThis.PublicKeyCredential ?? {}) as Signals);
	} catch {}
}
