import * as z from "zod";
import type { CodeAsked } from "../email-codes/request-email-code.ts";
import type { Engine } from "../engine.ts";
import type { Refusal } from "../errors.ts";
import type { Visitor } from "../http/visitor.ts";
import { admitMail, languageOf } from "../mail/ask-for-mail.ts";
import { newMail } from "../mail/new-mail.ts";
import type { SignInResult } from "../sign-in/sign-in.ts";
import type { NewPasskey } from "../storage/factors-storage.ts";
import { admitSignUp } from "../users/admit-sign-up.ts";
import { register } from "../users/sign-up.ts";
import { nobody } from "./challenges.ts";
import { passkeyAdded, verifyNewPasskey } from "./register-passkey.ts";
import type { Attestation } from "./responses.ts";
import { authenticationBy } from "./verify-passkey.ts";

const identifier = z.object({ kind: z.enum(["email", "username"]), value: z.string(), canonical: z.string() });

/** What {@link makeChallenge} kept of a newcomer. */
const kept = z.object({
	userId: z.string(),
	email: identifier.nullable(),
	username: identifier.nullable(),
	name: z.string().nullable(),
	/** The application's own, as they are stored. */
	fields: z.string().nullable().default(null),
});

/** Registers somebody with a passkey and no password, under the names that they gave when it was made. */
export async function signUpWithPasskey(
	engine: Engine,
	visitor: Visitor,
	credential: Attestation,
): Promise<SignInResult> {
	const made = await makeNewcomer(engine, visitor, credential);
	if (!made.ok) return made;
	const { userId, email, username, name, fields, passkey } = made;
	const language = languageOf(engine, visitor);
	const asksForProof = email !== null && engine.options.emailVerification === "optional";
	return register(engine, visitor, {
		userId,
		name,
		identifiers: [email, username].filter((given) => given !== null),
		password: null,
		passkey,
		method: "passkey",
		authentication: authenticationBy(passkey),
		factors: {
			totp: false,
			passkeys: 1,
			boundPasskeys: passkey.backupEligible ? 0 : 1,
			recoveryCodes: 0,
			secondStep: false,
		},
		language,
		fields,
		mails: asksForProof ? [newMail("verify_email", { recipient: email.value, userId, language })] : [],
		events: [passkeyAdded(visitor, userId, null, passkey)],
	});
}

/**
 * The first half of the same where an address is proven before there is an account: the passkey waits with the names for the
 * mailed code, and the answer is alike for an address that has an account.
 */
export async function requestSignUpWithPasskey(
	engine: Engine,
	visitor: Visitor,
	credential: Attestation,
): Promise<CodeAsked> {
	const made = await makeNewcomer(engine, visitor, credential);
	if (!made.ok) return made;
	const { userId, email, name, fields, passkey } = made;
	// Of a challenge that was given before proofs were required.
	if (email === null) return { ok: false, code: "invalid_input", fields: { email: "required" } };
	const admission = await admitMail(engine, visitor, email.canonical);
	if (!admission.ok) return admission;
	const { value, canonical } = email;
	const { askForProof } = await import("../users/sign-up-by-mail.ts");
	const shown = authenticationBy(passkey);
	const waiting = { value, canonical, name, sealed: null, fields, passkey: { ...passkey, shown } };
	return askForProof(engine, visitor, userId, waiting);
}

type Newcomer = z.output<typeof kept> & { readonly ok: true; readonly passkey: Omit<NewPasskey, "userId"> };

/** Counts the sign-up and checks the passkey. */
async function makeNewcomer(engine: Engine, visitor: Visitor, credential: Attestation): Promise<Newcomer | Refusal> {
	if (engine.options.signUp === "closed") return { ok: false, code: "sign_up_closed" };
	const admission = await admitSignUp(engine, visitor);
	if (!admission.ok) return admission;
	const made = await verifyNewPasskey(engine, visitor, credential, { use: "sign-up", subject: nobody });
	if (made === null) return { ok: false, code: "invalid_credentials" };
	return { ok: true, ...kept.parse(made.payload), passkey: made.passkey };
}
