import { isoTime } from "../clock.ts";
import { randomSecret } from "../crypto/random.ts";
import type { Engine } from "../engine.ts";
import type { Refusal } from "../errors.ts";
import { auditEvent } from "../events/events.ts";
import type { Visitor } from "../http/visitor.ts";
import { admitMail, languageOf } from "../mail/ask-for-mail.ts";
import { hashLinkSecret } from "../mail/mail-link.ts";
import { mailKinds } from "../mail/mail-message.ts";
import { newMail } from "../mail/new-mail.ts";
import { isRecent } from "../sessions/recent-proof.ts";
import type { ResolvedSession } from "../sessions/resolve-session.ts";
import type { NewMail } from "../storage/mail-storage.ts";
import type { UserRecord } from "../storage/storage.ts";
import { type Identifier, parseEmail } from "../users/identifiers.ts";
import type { MailAsked } from "./request-verification.ts";
import { keepWayBack } from "./undo-email-change.ts";

const purpose = "email-change";

/** An address that is to take the place of the present one once it is proven. */
export interface PendingEmail {
	readonly email: string;
	readonly expiresAt: string;
}

/** What a pending change is made of. The nonce ties the mailed code to this very change. */
interface Change {
	value: string;
	canonical: string;
	nonce: string;
}

/**
 * Begins to change the address: a code goes to the new one, and until that is typed nothing changes. Asks for a recent
 * proof. Takes the place of a change that was pending. Answers alike whether or not somebody has the address.
 */
export async function startEmailChange(
	engine: Engine,
	visitor: Visitor,
	current: ResolvedSession,
	{ value, canonical }: Identifier,
): Promise<MailAsked> {
	const { user, session } = current;
	if (!isRecent(current)) return { ok: false, code: "reauthentication_required" };
	if (user.email !== null && user.email === value) {
		return { ok: false, code: "invalid_input", fields: { email: "unchanged" } };
	}
	const admission = await admitMail(engine, visitor, canonical);
	if (!admission.ok) return admission;
	const nonce = randomSecret(128);
	const lifetimeMs = mailKinds.change_email;
	const language = languageOf(engine, visitor);
	const mail = newMail("change_email", { recipient: value, userId: user.id, language, about: { nonce } });
	const change: Change = { value, canonical, nonce };
	await engine.storage.replaceToken({
		token: { purpose, subject: user.id, tokenHash: hashLinkSecret(nonce), lifetimeMs, payload: change },
		events: [auditEvent("email.change_requested", visitor, { userId: user.id, sessionId: session.id, mails: [mail] })],
	});
	return { ok: true, expiresInMs: lifetimeMs };
}

/** The change that is pending, if one is. */
export async function pendingEmailChange(engine: Engine, userId: string): Promise<PendingEmail | null> {
	const token = await engine.storage.findToken({ purpose, subject: userId });
	return token === null ? null : { email: (token.payload as Change).value, expiresAt: isoTime(token.expiresAt) };
}

/** Drops the change that is pending. False when none was. */
export function cancelEmailChange(
	engine: Engine,
	visitor: Visitor,
	{ user, session }: ResolvedSession,
): Promise<boolean> {
	const event = auditEvent("email.change_cancelled", visitor, { userId: user.id, sessionId: session.id });
	return engine.storage.dropTokens({ purpose, subject: user.id, events: [event] });
}

/** Carries out the pending change that a code was mailed for. The old address is told, and can take it back. */
export async function finishEmailChange(
	engine: Engine,
	visitor: Visitor,
	{ user, session }: ResolvedSession,
	nonce: string,
): Promise<{ readonly ok: true; readonly user: UserRecord } | Refusal> {
	const token = { purpose, tokenHash: hashLinkSecret(nonce) };
	const pending = await engine.storage.peekToken(token);
	if (pending === null) return { ok: false, code: "invalid_code" };
	const { value, canonical } = pending.payload as Change;
	const told = await tellOldAddress(engine, visitor, user, value);
	const changed = await engine.storage.changeEmail({
		userId: user.id,
		token,
		email: { value, canonical },
		undo: null,
		epoch: session.epoch,
		events: [auditEvent("email.changed", visitor, { userId: user.id, sessionId: session.id, mails: told })],
	});
	// Whoever proved the new address may know that somebody has it.
	if (changed === "taken") return { ok: false, code: "identifier_taken", fields: { email: "taken" } };
	if (changed === "gone") return { ok: false, code: "invalid_code" };
	const found = await engine.storage.findCredentialsOfUser(user.id);
	return found === null ? { ok: false, code: "not_authenticated" } : { ok: true, user: found.user };
}

/**
 * The message to the address that is left, if it was proven: somebody whose address never was need not be who reads its
 * mail, so there is no way back for them. What it needs is kept beforehand; if nothing changes, it leads nowhere.
 */
async function tellOldAddress(engine: Engine, visitor: Visitor, user: UserRecord, next: string): Promise<NewMail[]> {
	const old = user.email === null ? null : parseEmail(user.email);
	if (!old?.ok || user.emailVerifiedAt === null) return [];
	const { address, userAgent } = visitor;
	const nonce = await keepWayBack(engine, user.id, { value: old.value, canonical: old.canonical });
	const about = { nonce, next, address, userAgent };
	return [newMail("email_changed", { recipient: old.value, userId: user.id, language: null, about })];
}
