import type { Engine } from "../engine.ts";
import type { Refusal } from "../errors.ts";
import { auditEvent } from "../events/events.ts";
import type { Visitor } from "../http/visitor.ts";
import { admitMail, languageOf } from "../mail/ask-for-mail.ts";
import { newMail } from "../mail/new-mail.ts";
import type { Identifier } from "../users/identifiers.ts";

/**
 * Has a link mailed by which a new password is chosen. Does the same, in body and time, whether or not there is such an
 * account: that is looked up when the message is sent.
 */
export async function requestPasswordReset(
	engine: Engine,
	visitor: Visitor,
	{ value, canonical }: Identifier,
): Promise<{ readonly ok: true } | Refusal> {
	const admission = await admitMail(engine, visitor, canonical);
	if (!admission.ok) return admission;
	const language = languageOf(engine, visitor);
	const mail = newMail("password_reset", { recipient: value, userId: null, language, about: { canonical } });
	await engine.storage.appendEvents([auditEvent("password.reset_requested", visitor, { mails: [mail] })]);
	return { ok: true };
}
