import type { Engine } from "../engine.ts";
import type { Refusal } from "../errors.ts";
import { auditEvent } from "../events/events.ts";
import { factorsToChange } from "../factors/manage-factors.ts";
import type { Visitor } from "../http/visitor.ts";
import type { ResolvedSession } from "../sessions/resolve-session.ts";
import { acceptNewPassword } from "./new-password.ts";

/**
 * Gives a password to an account that has none, after a recent proof by whatever it has. Every session but this one ends,
 * and so does what was pending. To choose a password proves nothing, so the session stays what it was.
 */
export async function setFirstPassword(
	engine: Engine,
	visitor: Visitor,
	current: ResolvedSession,
	newPassword: string,
): Promise<{ readonly ok: true } | Refusal> {
	const { user, session } = current;
	const factors = await factorsToChange(engine, current);
	if (!factors.ok) return factors;
	if (factors.password) return { ok: false, code: "factor_exists" };
	// A way in that nobody could take would count as one, and then the last real one could be removed.
	if (user.email === null && user.username === null) {
		return { ok: false, code: "invalid_input", fields: { username: "required" } };
	}
	const accepted = await acceptNewPassword(engine, user, newPassword);
	if (!accepted.ok) return accepted;
	const added = await engine.storage.addPassword({
		userId: user.id,
		keepSessionId: session.id,
		sealed: await engine.hasher.hash(user.id, accepted.normalized),
		events: [auditEvent("password.added", visitor, { userId: user.id, sessionId: session.id })],
	});
	if (added === "changed") return { ok: true };
	return { ok: false, code: added === "gone" ? "factor_exists" : "not_authenticated" };
}
