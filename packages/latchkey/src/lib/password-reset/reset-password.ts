import type { Engine } from "../engine.ts";
import type { Refusal } from "../errors.ts";
import { auditEvent } from "../events/events.ts";
import { forgetting } from "../http/throttle.ts";
import type { Visitor } from "../http/visitor.ts";
import { hashLinkSecret, openMailLink } from "../mail/mail-link.ts";
import { acceptNewPassword } from "../passwords/new-password.ts";
import type { UserRecord } from "../storage/storage.ts";
import { parseIdentifier } from "../users/identifiers.ts";

const purpose = "password-reset";
const expired: Refusal = { ok: false, code: "expired_link" };

/**
 * Sets a new password by the link that was mailed, which proves the address. Every session ends, and so does a lock. Signs
 * nobody in: whoever has a second factor is asked for it as ever.
 */
export async function resetPassword(
	engine: Engine,
	visitor: Visitor,
	{ link, newPassword }: { link: string; newPassword: string },
): Promise<{ readonly ok: true } | Refusal> {
	const content = openMailLink(engine.mailLinks, link);
	if (content?.purpose !== purpose) return expired;
	const tokenHash = hashLinkSecret(content.secret);
	const token = await engine.storage.peekToken({ purpose, tokenHash });
	const user = token === null ? null : (await engine.storage.findCredentialsOfUser(token.subject))?.user;
	if (!token || !user) return expired;
	const accepted = await acceptNewPassword(engine, user, newPassword);
	if (!accepted.ok) return accepted;
	const reset = await engine.storage.resetPassword({
		userId: user.id,
		canonical: (token.payload as { canonical: string }).canonical,
		token: { purpose, tokenHash },
		sealed: await engine.hasher.hash(user.id, accepted.normalized),
		settle: forgetting(engine, "signInAccount", accountSubjects(user)),
		events: [auditEvent("password.reset", visitor, { userId: user.id })],
	});
	return reset === null ? expired : { ok: true };
}

/** What failed sign-ins of this person were counted against: each of their names. */
function accountSubjects({ email, username }: UserRecord): string[] {
	return [email, username]
		.filter((name) => name !== null)
		.map(parseIdentifier)
		.flatMap((parsed) => (parsed.ok ? [`${parsed.kind}:${parsed.canonical}`] : []));
}
