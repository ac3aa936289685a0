import { isoTime, nowOf } from "../clock.ts";
import { type KeyRing, keyedName } from "../crypto/keys.ts";
import type { Engine } from "../engine.ts";
import type { Refusal } from "../errors.ts";
import { auditEvent } from "../events/events.ts";
import type { Visitor } from "../http/visitor.ts";
import { hashLinkSecret, openMailLink } from "../mail/mail-link.ts";
import { newMail } from "../mail/new-mail.ts";
import type { ResolvedSession } from "../sessions/resolve-session.ts";
import { type CookieToSet, clearedSessionCookie } from "../sessions/session-cookie.ts";
import type { Storage } from "../storage/storage.ts";

/** For how long a deletion can be undone, where there is a proven address to say so to. */
const undoMs = 7 * 24 * 60 * 60_000;

const nowhere = { address: null, userAgent: null };

export interface Deletion {
	/** Clears the person's cookie. */
	readonly cookie: CookieToSet;
	/** When the account will be gone; `null` when it is. */
	readonly deletesAt: string | null;
}

/**
 * Deletes the account: in seven days if its address is proven, told by mail with a link that keeps it, and otherwise at
 * once. Every session ends now. The audit log keeps a pseudonym and not from where.
 */
export async function deleteAccount(
	engine: Engine,
	visitor: Visitor,
	{ user, session }: ResolvedSession,
): Promise<Deletion> {
	const cookie = clearedSessionCookie(engine.settings);
	// What providers granted ends with the request: nobody is signed in here any more to make use of it.
	const revoke = await prepareToRevoke(engine, user.id);
	if (user.email === null || user.emailVerifiedAt === null) {
		await engine.storage.deleteUser({
			userId: user.id,
			pseudonym: keyedName(engine.pseudonyms.current.key, user.id),
			// By the user's id: the deletion itself puts the pseudonym in its place, as in every event that came before.
			events: [deletedEvent(user.id, user.email, null)],
		});
		revoke();
		return { cookie, deletesAt: null };
	}
	const { address, userAgent } = visitor;
	const about = { deletesAt: nowOf(engine) + undoMs, address, userAgent };
	const mail = newMail("deletion_requested", { recipient: user.email, userId: user.id, language: null, about });
	const content = { userId: user.id, sessionId: session.id, mails: [mail] };
	const deletesAt = await engine.storage.requestDeletion({
		userId: user.id,
		afterMs: undoMs,
		events: [auditEvent("user.deletion_requested", visitor, content)],
	});
	if (deletesAt !== null) revoke();
	return { cookie, deletesAt: deletesAt === null ? null : isoTime(deletesAt) };
}

async function prepareToRevoke(engine: Engine, userId: string): Promise<() => void> {
	if (engine.providers.offered.length === 0) return () => {};
	const { heldGrants, revokeGrants } = await import("../oauth/revoke-grants.ts");
	const grants = await heldGrants(engine, userId);
	return () => revokeGrants(engine, grants);
}

/** When the account of whoever is signed in will be deleted; `null` when it will not. */
export async function pendingDeletion({ storage }: Engine, { user }: ResolvedSession): Promise<string | null> {
	const deletesAt = await storage.readDeletion(user.id);
	return deletesAt === null ? null : isoTime(deletesAt);
}

/** Keeps the account of whoever is signed in. False when it was not to be deleted. */
export function keepAccount(engine: Engine, visitor: Visitor, { user, session }: ResolvedSession): Promise<boolean> {
	const event = auditEvent("user.deletion_undone", visitor, { userId: user.id, sessionId: session.id });
	return engine.storage.undoDeletion({ userId: user.id, events: [event] });
}

/** The same by the link that was mailed. Signs nobody in. */
export async function keepAccountByLink(
	engine: Engine,
	visitor: Visitor,
	link: string,
): Promise<{ readonly ok: true } | Refusal> {
	const purpose = "deletion-undo";
	const content = openMailLink(engine.mailLinks, link);
	const expired: Refusal = { ok: false, code: "expired_link" };
	if (content?.purpose !== purpose) return expired;
	const tokenHash = hashLinkSecret(content.secret);
	const token = await engine.storage.peekToken({ purpose, tokenHash });
	if (token === null) return expired;
	const event = auditEvent("user.deletion_undone", visitor, { userId: token.subject });
	const kept = await engine.storage.undoDeletion({ userId: token.subject, events: [event] });
	// Used up only now: a failure of the store in between would else leave nothing to keep the account with.
	await engine.storage.consumeToken({ purpose, tokenHash });
	return kept ? { ok: true } : expired;
}

/** Deletes accounts whose time has come, and says so for the last time. Answers how many went. */
export async function deleteDueAccounts(storage: Storage, pseudonyms: KeyRing, limit: number): Promise<number> {
	const due = await storage.listDueDeletions(limit);
	for (const { userId, email, language } of due) {
		const pseudonym = keyedName(pseudonyms.current.key, userId);
		// Only if it still is due: of an undoing at this moment and the deletion, one comes first.
		await storage.deleteUser({ userId, pseudonym, dueOnly: true, events: [deletedEvent(userId, email, language)] });
	}
	return due.length;
}

function deletedEvent(userId: string, email: string | null, language: string | null) {
	// Under nobody's name: when it is sent, there is no such user any more.
	const mails = email === null ? [] : [newMail("user_deleted", { recipient: email, userId: null, language })];
	return auditEvent("user.deleted", nowhere, { userId, mails });
}
