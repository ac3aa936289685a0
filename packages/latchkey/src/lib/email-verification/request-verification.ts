import type { Engine } from "../engine.ts";
import type { Refusal } from "../errors.ts";
import { auditEvent } from "../events/events.ts";
import type { Visitor } from "../http/visitor.ts";
import { admitMail, languageOf } from "../mail/ask-for-mail.ts";
import { mailKinds } from "../mail/mail-message.ts";
import { newMail } from "../mail/new-mail.ts";
import type { ResolvedSession } from "../sessions/resolve-session.ts";
import { parseEmail } from "../users/identifiers.ts";

export type MailAsked = { readonly ok: true; readonly expiresInMs: number } | Refusal;

/** Has the code mailed that proves the address of whoever is signed in. */
export async function requestVerification(
	engine: Engine,
	visitor: Visitor,
	{ user, session }: ResolvedSession,
): Promise<MailAsked> {
	const address = user.email === null ? null : parseEmail(user.email);
	if (!address?.ok) return { ok: false, code: "invalid_input", fields: { email: "required" } };
	if (user.emailVerifiedAt !== null) return { ok: false, code: "invalid_input", fields: { email: "verified" } };
	const admission = await admitMail(engine, visitor, address.canonical);
	if (!admission.ok) return admission;
	const mail = newMail("verify_email", {
		recipient: address.value,
		userId: user.id,
		language: languageOf(engine, visitor),
	});
	const content = { userId: user.id, sessionId: session.id, mails: [mail] };
	await engine.storage.appendEvents([auditEvent("email.verification_requested", visitor, content)]);
	return { ok: true, expiresInMs: mailKinds.verify_email };
}
