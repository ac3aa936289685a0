import { isoTime } from "../clock.ts";
import type { Engine } from "../engine.ts";
import { auditEvent } from "../events/events.ts";
import { pageBefore } from "../http/page.ts";
import type { Visitor } from "../http/visitor.ts";
import type { SessionRecord } from "../storage/storage.ts";
import type { ResolvedSession } from "./resolve-session.ts";
import { type SessionInfo, toSessionInfo } from "./session.ts";

const devicesPerPage = 50;

/** A place where the user is signed in. */
export interface Device extends SessionInfo {
	/** Whether it is the one that asks. */
	readonly current: boolean;
	readonly lastSeenAt: string;
	readonly address: string | null;
	readonly userAgent: string | null;
}

export interface DevicePage {
	readonly sessions: readonly Device[];
	/** Asks for the page after; `null` on the last. */
	readonly nextBefore: string | null;
}

/** The user's live sessions, newest first. */
export async function listDevices(engine: Engine, current: ResolvedSession, before?: string): Promise<DevicePage> {
	const page = pageBefore(devicesPerPage, before);
	const sessions = await engine.storage.listSessions(current.user.id, page);
	return {
		sessions: sessions.map((session) => toDevice(session, current.session.id)),
		nextBefore: sessions.length === devicesPerPage ? sessions.at(-1)!.id : null,
	};
}

/** Ends one of the user's sessions by its public id. False when there is none such. */
export function endDevice(
	engine: Engine,
	visitor: Visitor,
	{ user }: ResolvedSession,
	sessionId: string,
): Promise<boolean> {
	const event = auditEvent("session.revoked", visitor, { userId: user.id, sessionId });
	return engine.storage.endSession({ userId: user.id, sessionId, events: [event] });
}

/** Ends every session of the user but this one. Answers how many; `null` when this one has ended itself. */
export function endOtherDevices(
	engine: Engine,
	visitor: Visitor,
	{ user, session }: ResolvedSession,
): Promise<number | null> {
	const event = auditEvent("sessions.revoked", visitor, { userId: user.id, sessionId: session.id });
	return engine.storage.endOtherSessions({ userId: user.id, keepSessionId: session.id, events: [event] });
}

export function toDevice(session: SessionRecord, currentId: string): Device {
	const { address, userAgent, lastSeenAt } = session;
	const current = session.id === currentId;
	return { ...toSessionInfo(session), current, lastSeenAt: isoTime(lastSeenAt), address, userAgent };
}
