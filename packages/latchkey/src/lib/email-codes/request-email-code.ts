import type { Engine } from "../engine.ts";
import type { Refusal } from "../errors.ts";
import { auditEvent } from "../events/events.ts";
import type { Visitor } from "../http/visitor.ts";
import { admitMail, languageOf } from "../mail/ask-for-mail.ts";
import { mailKinds } from "../mail/mail-message.ts";
import { newMail } from "../mail/new-mail.ts";
import type { CookieToSet } from "../sessions/session-cookie.ts";
import type { Identifier } from "../users/identifiers.ts";
import { askCode } from "./code-cookie.ts";

export type CodeAsked = { readonly ok: true; readonly cookie: CookieToSet; readonly expiresInMs: number } | Refusal;

/**
 * Has a code and a link mailed that sign in the browser that asked, and no other. Does the same, in body and time, whether
 * or not there is such an account.
 */
export async function requestEmailCode(
	engine: Engine,
	visitor: Visitor,
	{ value, canonical }: Identifier,
): Promise<CodeAsked> {
	const admission = await admitMail(engine, visitor, canonical);
	if (!admission.ok) return admission;
	const lifetimeMs = mailKinds.sign_in_code;
	const { holder, cookie } = askCode(engine, { purpose: "sign-in-code", email: value, lifetimeMs });
	const language = languageOf(engine, visitor);
	const mail = newMail("sign_in_code", { recipient: value, userId: null, language, about: { canonical, holder } });
	await engine.storage.appendEvents([auditEvent("email_code.requested", visitor, { mails: [mail] })]);
	return { ok: true, cookie, expiresInMs: lifetimeMs };
}
