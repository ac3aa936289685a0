import type { Engine } from "../engine.ts";
import { auditEvent } from "../events/events.ts";
import type { Visitor } from "../http/visitor.ts";
import { resolveSession } from "./resolve-session.ts";
import { type CookieToSet, clearedSessionCookie } from "./session-cookie.ts";

/** Ends the visitor's session, if there is one, and answers with the cookie that clears theirs. */
export async function endCurrentSession(engine: Engine, visitor: Visitor): Promise<CookieToSet> {
	const current = await resolveSession(engine, visitor, { activity: false });
	if (current !== null) {
		const { user, session } = current;
		const event = auditEvent("session.ended", visitor, { userId: user.id, sessionId: session.id });
		await engine.storage.endSession({ userId: user.id, sessionId: session.id, events: [event] });
	}
	return clearedSessionCookie(engine.settings);
}
