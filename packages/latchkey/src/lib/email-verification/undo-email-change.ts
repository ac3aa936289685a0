import { randomSecret } from "../crypto/random.ts";
import type { Engine } from "../engine.ts";
import type { Refusal } from "../errors.ts";
import { auditEvent } from "../events/events.ts";
import type { Visitor } from "../http/visitor.ts";
import { hashLinkSecret, openMailLink } from "../mail/mail-link.ts";
import { newMail } from "../mail/new-mail.ts";
import type { ClaimedMail } from "../storage/mail-storage.ts";
import type { Identifier } from "../users/identifiers.ts";

const day = 24 * 60 * 60_000;

/** For how long a change can be taken back, from the change on, however late its message went out. */
const undoLifetimeMs = 7 * day;

/** A thief adds a way in of their own just before the change as well as after it. */
const suspectBeforeMs = day;

/** Made with the change. What it is hashed from goes into the outbox, and ties the message to this very change. */
const change = "email-changed";
/** Made with the message: the secret in its link. */
const link = "email-undo";

type Address = Pick<Identifier, "value" | "canonical">;

/** Keeps where a change that is about to happen came from. */
export async function keepWayBack({ storage }: Engine, userId: string, address: Address): Promise<string> {
	const nonce = randomSecret(128);
	const tokenHash = hashLinkSecret(nonce);
	await storage.putToken({
		purpose: change,
		subject: userId,
		tokenHash,
		lifetimeMs: undoLifetimeMs,
		payload: address,
	});
	return nonce;
}

/** The secret for the link that takes the change back; `null` when the change was taken back already. */
export async function undoSecret(
	{ storage }: Engine,
	{ about, now }: ClaimedMail,
): Promise<{ readonly secret: string; readonly lifetimeMs: number } | null> {
	const nonce = String(about.nonce);
	const changed = await storage.peekToken({ purpose: change, tokenHash: hashLinkSecret(nonce) });
	if (changed === null) return null;
	const secret = randomSecret(128);
	const tokenHash = hashLinkSecret(secret);
	const lifetimeMs = Math.max(1, changed.expiresAt - now);
	await storage.putToken({ purpose: link, subject: changed.subject, tokenHash, lifetimeMs, payload: { nonce } });
	return { secret, lifetimeMs };
}

/**
 * Takes a change back by the link that went to the old address, which that proves. It was not the person's doing, so every
 * session ends, and the password goes and every way in added since a day before the change: a new password is chosen by
 * mail. Later changes lose their way back, so that whoever made them cannot undo this.
 */
export async function undoEmailChange(
	engine: Engine,
	visitor: Visitor,
	typed: string,
): Promise<{ readonly ok: true } | Refusal> {
	const expired: Refusal = { ok: false, code: "expired_link" };
	const content = openMailLink(engine.mailLinks, typed);
	if (content?.purpose !== link) return expired;
	const known = await engine.storage.peekToken({ purpose: link, tokenHash: hashLinkSecret(content.secret) });
	if (known === null) return expired;
	const { nonce = "" } = known.payload as { nonce?: string };
	const token = { purpose: change, tokenHash: hashLinkSecret(nonce) };
	const changed = await engine.storage.peekToken(token);
	if (changed === null) return expired;
	const userId = changed.subject;
	const { value, canonical } = changed.payload as Address;
	const about = { type: "email.change_undone", address: visitor.address, userAgent: visitor.userAgent };
	const notice = newMail("notice", { recipient: value, userId, language: null, about });
	const undone = await engine.storage.changeEmail({
		userId,
		token,
		email: { value, canonical },
		undo: { since: changed.createdAt - suspectBeforeMs },
		epoch: null,
		events: [auditEvent("email.change_undone", visitor, { userId, mails: [notice] })],
	});
	if (undone === "changed") return { ok: true };
	return undone === "taken" ? { ok: false, code: "identifier_taken" } : expired;
}
