import * as z from "zod";
import type { Engine } from "../engine.ts";
import { addressSubject } from "../http/throttle.ts";
import type { Visitor } from "../http/visitor.ts";
import { languageOf } from "../mail/ask-for-mail.ts";
import { newMail } from "../mail/new-mail.ts";
import type { SignInResult } from "../sign-in/sign-in.ts";
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
	// Where an address is proven before there is an account, that is what a mailed code is for.
	if (engine.options.signUp === "closed" || engine.options.emailVerification === "required")
		return { ok: false, code: "sign_up_closed" };
	const admission = await engine.throttle.admit([{ rule: "signUpAddress", subject: addressSubject(engine, visitor) }]);
	if (!admission.ok) {
		return { ok: false, code: "too_many_attempts", retryAfterSeconds: admission.retryAfterSeconds };
	}
	const made = await verifyNewPasskey(engine, visitor, credential, { use: "sign-up", subject: nobody });
	if (made === null) return { ok: false, code: "invalid_credentials" };
	const { userId, email, username, name, fields } = kept.parse(made.payload);
	const { passkey } = made;
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
		factors: { totp: false, passkeys: 1, recoveryCodes: 0, secondStep: false },
		language,
		fields,
		mails: asksForProof ? [newMail("verify_email", { recipient: email.value, userId, language })] : [],
		events: [passkeyAdded(visitor, userId, null, passkey)],
	});
}
