import * as z from "zod";
import { uuidv7 } from "../crypto/random.ts";
import { rememberDevice } from "../devices/known-device.ts";
import type { Engine } from "../engine.ts";
import { misconfigured } from "../errors.ts";
import { auditEvent } from "../events/events.ts";
import { addressSubject } from "../http/throttle.ts";
import type { Visitor } from "../http/visitor.ts";
import { languageOf } from "../mail/ask-for-mail.ts";
import { newMail } from "../mail/new-mail.ts";
import { checkNewPassword } from "../passwords/new-password.ts";
import { draftSession, grantSession } from "../sessions/open-session.ts";
import { replace } from "../sessions/replaced-session.ts";
import { resolveSession } from "../sessions/resolve-session.ts";
import type { SignInResult } from "../sign-in/sign-in.ts";
import { emailField, nameField, usernameField } from "./fields.ts";

export const signUpInput = z
	.object({
		email: emailField.optional(),
		username: usernameField.optional(),
		password: z.string(),
		name: nameField.nullish(),
	})
	.refine(({ email, username }) => email !== undefined || username !== undefined, {
		path: ["email"],
		params: { reason: "required" },
	});

export type SignUpInput = z.output<typeof signUpInput>;

/**
 * Registers somebody and signs them in. The account is whole or absent: one transaction writes it, and of any number
 * who want the same name at once the constraint lets one in.
 */
export async function signUp(engine: Engine, visitor: Visitor, input: SignUpInput): Promise<SignInResult> {
	if (engine.options.signUp === "closed") return { ok: false, code: "sign_up_closed" };
	if (engine.options.emailVerification === "required") {
		throw misconfigured(
			'auth.signUp signs in at once; with emailVerification: "required" send people to POST /sign-up',
		);
	}
	const { email, username, name = null } = input;
	const about = [email?.value ?? null, username?.value ?? null, name];
	const policy = await checkNewPassword(engine, input.password, about);
	if (!policy.ok) return { ok: false, code: "invalid_input", fields: { password: policy.reason } };
	engine.hasher.requireRoom();
	const admission = await engine.throttle.admit([{ rule: "signUpAddress", subject: addressSubject(engine, visitor) }]);
	if (!admission.ok) {
		return { ok: false, code: "too_many_attempts", retryAfterSeconds: admission.retryAfterSeconds };
	}

	const previous = await resolveSession(engine, visitor, { activity: false });
	const userId = uuidv7();
	const { secret, draft } = draftSession(engine, visitor, { amr: ["pwd"], level: "aal1" });
	const { replaces, events } = replace(previous, userId, visitor);
	const language = languageOf(engine, visitor);
	const asksForProof = email !== undefined && engine.options.emailVerification === "optional";
	const mails = asksForProof ? [newMail("verify_email", { recipient: email.value, userId, language })] : [];
	const created = await engine.storage.createUser({
		id: userId,
		name,
		identifiers: [email, username].filter((identifier) => identifier !== undefined),
		identities: [],
		password: await engine.hasher.hash(userId, policy.normalized),
		session: draft,
		replaces,
		language,
		events: [
			auditEvent("user.signed_up", visitor, { userId, sessionId: draft.id, detail: { method: "password" }, mails }),
			...events,
		],
	});
	if (!created.ok) return { ok: false, code: "identifier_taken", fields: takenFields(created.taken) };
	if (created.session === null) throw new TypeError("createUser opened no session though it was given one");
	const device = rememberDevice(engine, visitor, created.user, created.session);
	return { ok: true, ...grantSession(engine, secret, created.session, created.user), device };
}

function takenFields(taken: readonly string[]): Record<string, string> {
	return Object.fromEntries(taken.map((field) => [field, "taken"]));
}
