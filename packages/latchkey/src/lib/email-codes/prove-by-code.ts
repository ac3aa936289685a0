import type { Engine } from "../engine.ts";
import { auditEvent } from "../events/events.ts";
import type { Visitor } from "../http/visitor.ts";
import type { Account } from "../methods/method.ts";
import { resolveSession } from "../sessions/resolve-session.ts";
import { readCode, redeemCode } from "./code.ts";
import { readAskedCode } from "./code-cookie.ts";

/**
 * Whom a mailed code proves, in the browser that asked for it. If nobody had proven this address before, whoever made the
 * account need not be who reads its mail: what they left is removed with the proof.
 */
export async function proveByCode(engine: Engine, visitor: Visitor, typed: string): Promise<Account | null> {
	const purpose = "sign-in-code";
	const asked = readAskedCode(engine, visitor);
	const code = readCode(typed);
	if (asked?.purpose !== purpose || code === null) return null;
	const token = await redeemCode(engine, { purpose, holder: asked.holder, code });
	if (token === null) return null;
	const userId = token.subject;
	const current = await resolveSession(engine, visitor, { activity: false });
	const stranger = current?.user.id !== userId;
	const found = await engine.storage.findCredentialsOfUser(userId);
	const hadPassword = stranger && found?.password != null;
	const proven = await engine.storage.proveEmail({
		userId,
		canonical: (token.payload as { canonical: string }).canonical,
		stranger,
		events: [
			auditEvent("email.verified", visitor, { userId }),
			...(hadPassword ? [auditEvent("password.removed", visitor, { userId })] : []),
		],
	});
	// The address is another one by now: its mailbox proves nothing any more.
	return proven === null ? null : { userId };
}
