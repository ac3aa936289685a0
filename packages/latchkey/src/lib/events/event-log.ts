import { isoTime } from "../clock.ts";
import type { Engine } from "../engine.ts";
import { pageBefore } from "../http/page.ts";
import type { ResolvedSession } from "../sessions/resolve-session.ts";
import type { EventRecord } from "../storage/storage.ts";
import type { EventType } from "./events.ts";

const eventsPerPage = 50;

/** Something that happened to an account, as its owner sees it. */
export interface SecurityEvent {
	readonly id: string;
	/** One of `eventTypes`. */
	readonly type: string;
	readonly at: string;
	readonly sessionId: string | null;
	readonly address: string | null;
	readonly userAgent: string | null;
	readonly detail: Readonly<Record<string, unknown>> | null;
}

export interface EventPage {
	readonly events: readonly SecurityEvent[];
	/** Asks for the page after; `null` on the last. */
	readonly nextBefore: string | null;
}

/** Which of the events to list. */
export interface EventQuery {
	/** `nextBefore` of the page before. */
	readonly before?: string | undefined;
	/** Only events of these types. */
	readonly types?: readonly EventType[] | undefined;
}

/** The user's own security events, newest first. */
export async function listEvents(
	engine: Engine,
	{ user }: ResolvedSession,
	{ before, types }: EventQuery,
): Promise<EventPage> {
	const page = { ...pageBefore(eventsPerPage, before), ...(types !== undefined && { types }) };
	const events = await engine.storage.listEvents(user.id, page);
	return {
		events: events.map(toEvent),
		nextBefore: events.length === eventsPerPage ? events.at(-1)!.id : null,
	};
}

export function toEvent({ id, type, at, sessionId, address, userAgent, detail }: EventRecord): SecurityEvent {
	return { id, type, at: isoTime(at), sessionId, address, userAgent, detail };
}
