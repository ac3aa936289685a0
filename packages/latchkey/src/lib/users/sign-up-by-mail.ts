import { uuidv7 } from "../crypto/random.ts";
import { readCode, redeemCode } from "../email-codes/code.ts";
import { askCode, readAskedCode } from "../email-codes/code-cookie.ts";
import type { CodeAsked } from "../email-codes/request-email-code.ts";
import type { EmailConfirmed } from "../email-verification/confirm-email.ts";
import type { Engine } from "../engine.ts";
import { auditEvent } from "../events/events.ts";
import type { Visitor } from "../http/visitor.ts";
import { admitMail, languageOf } from "../mail/ask-for-mail.ts";
import { mailKinds } from "../mail/mail-message.ts";
import { newMail } from "../mail/new-mail.ts";
import type { Authentication } from "../sessions/open-session.ts";
import type { SignInResult } from "../sign-in/sign-in.ts";
import type { NewPasskey } from "../storage/factors-storage.ts";
import { admitPasswordSignUp, emailToProve } from "./admit-sign-up.ts";
import { register, type SignUpInput } from "./sign-up.ts";

const purpose = "sign-up-code";

/** A sign-up that waits for its proof. */
interface Registration {
	value: string;
	canonical: string;
	name: string | null;
	/** The sealed hash of the password; `null` with a passkey, and for somebody who came from a provider. */
	sealed: string | null;
	/** The application's own, as they are stored. */
	fields?: string | null;
	/** The sign-up at a provider that it finishes. */
	held?: string;
	/** A passkey in the place of the password, and what making it showed. */
	passkey?: Omit<NewPasskey, "userId"> & { readonly shown: Authentication };
}

/**
 * The first half of a sign-up that asks for a proven address: nothing is made of it but a message, and the answer is the
 * same in body and time for an address that has an account. Whoever owns that is told by mail.
 */
export async function requestSignUp(engine: Engine, visitor: Visitor, input: SignUpInput): Promise<CodeAsked> {
	if (engine.options.signUp === "closed") return { ok: false, code: "sign_up_closed" };
	const proof = emailToProve(input);
	if (!proof.ok) return proof;
	const { email } = proof;
	const { name = null } = input;
	const about = [email.value, name];
	const admitted = await admitPasswordSignUp(engine, visitor, { ...input, about });
	if (!admitted.ok) return admitted;
	const mailAdmission = await admitMail(engine, visitor, email.canonical);
	if (!mailAdmission.ok) return mailAdmission;
	const userId = uuidv7();
	const sealed = await engine.hasher.hash(userId, admitted.normalized);
	const { value, canonical } = email;
	return askForProof(engine, visitor, userId, { value, canonical, name, sealed, fields: admitted.fields });
}

/** Has the code mailed that makes an account of this. Whoever asks has been counted. */
export async function askForProof(
	engine: Engine,
	visitor: Visitor,
	userId: string,
	{ value, ...registration }: Registration,
): Promise<CodeAsked> {
	const lifetimeMs = mailKinds.sign_up_code;
	const { holder, cookie } = askCode(engine, { purpose, email: value, lifetimeMs });
	const mail = newMail("sign_up_code", {
		recipient: value,
		userId: null,
		language: languageOf(engine, visitor),
		about: { ...registration, userId, holder },
	});
	await engine.storage.appendEvents([auditEvent("sign_up.requested", visitor, { mails: [mail] })]);
	return { ok: true, cookie, expiresInMs: lifetimeMs };
}

/** The second half: the account is made, its address proven, and whoever asked for it is signed in. */
export async function finishSignUp(engine: Engine, visitor: Visitor, typed: string): Promise<EmailConfirmed> {
	// Closed since it was asked for.
	if (engine.options.signUp === "closed") return { ok: false, code: "sign_up_closed" };
	const asked = readAskedCode(engine, visitor);
	const code = readCode(typed);
	if (asked?.purpose !== purpose || code === null) return { ok: false, code: "invalid_code" };
	const token = await redeemCode(engine, { purpose, holder: asked.holder, code });
	if (token === null) return { ok: false, code: "invalid_code" };
	const { value, canonical, name, sealed, fields = null, held, passkey } = token.payload as Registration;
	const userId = token.subject;
	const email = { kind: "email", value, canonical } as const;
	if (held !== undefined) {
		const { completeWithProvenEmail } = await import("../oauth/complete-sign-up.ts");
		return signedUp(await completeWithProvenEmail(engine, visitor, held, { email, fields }));
	}
	const result = await register(engine, visitor, {
		userId,
		name,
		identifiers: [email],
		password: sealed,
		language: languageOf(engine, visitor),
		emailIsProven: true,
		fields,
		mails: [],
		...(passkey === undefined ? byPassword : await byPasskey(visitor, userId, passkey)),
	});
	return signedUp(result);
}

function signedUp(result: SignInResult): EmailConfirmed {
	return result.ok || result.code === "second_factor_required" ? { ok: true, what: "signed_up", result } : result;
}

const noFactors = { totp: false, passkeys: 0, boundPasskeys: 0, recoveryCodes: 0, secondStep: false };

const byPassword = {
	method: "password",
	authentication: { amr: ["pwd"], level: "aal1" as const },
	factors: noFactors,
	events: [],
};

async function byPasskey(
	visitor: Visitor,
	userId: string,
	{ shown, ...passkey }: NonNullable<Registration["passkey"]>,
) {
	const { passkeyAdded } = await import("../passkeys/register-passkey.ts");
	return {
		method: "passkey",
		authentication: shown,
		factors: { ...noFactors, passkeys: 1, boundPasskeys: passkey.backupEligible ? 0 : 1 },
		passkey,
		events: [passkeyAdded(visitor, userId, null, passkey)],
	};
}
