import { auditEvent } from "../events/events.ts";
import type { Visitor } from "../http/visitor.ts";
import type { NewEvent } from "../storage/storage.ts";
import type { ResolvedSession } from "./resolve-session.ts";

/** What the store needs to know of the session that a new one takes the place of. */
export interface Replacement {
	readonly replaces: { sessionId: string } | null;
	/** For the log of whoever sat there before, if that was somebody else. */
	readonly events: readonly NewEvent[];
}

/** Ends the visitor's previous session in favour of one for `userId`. */
export function replace(previous: ResolvedSession | null, userId: string, visitor: Visitor): Replacement {
	if (previous === null) return { replaces: null, events: [] };
	const { user, session } = previous;
	const detail = { replaced: true };
	const event = auditEvent("session.ended", visitor, { userId: user.id, sessionId: session.id, detail });
	return { replaces: { sessionId: session.id }, events: user.id === userId ? [] : [event] };
}
