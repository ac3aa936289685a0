import type { Engine } from "../engine.ts";
import { auditEvent } from "../events/events.ts";
import type { Visitor } from "../http/visitor.ts";
import type { LiveSession } from "../storage/storage.ts";
import { activityDelayMs } from "./activity.ts";
import { isFirstSight, judgeGeneration } from "./generation.ts";
import { readSessionCookie } from "./session-cookie.ts";
import type { SessionClaims } from "./session-token.ts";

/** A live session and the claims of the token that named it. */
export interface ResolvedSession extends LiveSession {
	readonly token: string;
	readonly claims: SessionClaims;
}

export interface ResolveOptions {
	/** The token to judge. Default: the cookie on the wire. */
	token?: string | null;
	/** Whether this request uses the session. `GET /api/auth` and re-checks in the background do not. Default true. */
	activity?: boolean;
	/**
	 * Whether the token arrived in the request's Cookie header, and so proves that its holder has it. One that was
	 * written during this request proves nothing yet. Default true.
	 */
	onWire?: boolean;
}

/**
 * Who is signed in, or `null`. At most one statement; the token alone is never believed. What is to be written (first sight,
 * last use) is written after the answer, and losing it is harmless.
 * @throws {AuthError} `store_unavailable`; never `null` for that.
 */
export async function resolveSession(
	engine: Engine,
	visitor: Visitor,
	options: ResolveOptions = {},
): Promise<ResolvedSession | null> {
	const token = options.token === undefined ? readSessionCookie(visitor.headers, engine.settings) : options.token;
	const verified = token === null ? null : engine.tokens.read(token);
	if (token === null || verified === null) return null;
	const { claims, secretHash } = verified;
	const live = await engine.storage.readSession(secretHash, claims.gen);
	if (live === null || live.session.userId !== claims.sub || live.now >= claims.exp * 1000) return null;

	const verdict = judgeGeneration(claims, live.session, live.now - visitor.arrivedAgoMs);
	if (verdict === "copied") await endCopiedSession(engine, visitor, live);
	if (verdict !== "current" && verdict !== "predecessor") return null;

	if (options.activity !== false && visitor.kind !== "prefetch") {
		noteUse(engine, live, options.onWire !== false && isFirstSight(claims.gen, live.session));
	}
	return { ...live, token, claims };
}

function noteUse(engine: Engine, { session, now }: LiveSession, firstSight: boolean): void {
	engine.activity.note({ sessionId: session.id, at: now, idleMs: engine.options.sessionIdleMs });
	// With the next batch it might come too late: a session that has expired stays so.
	const endsSoon = session.idleExpiresAt - now <= activityDelayMs && session.idleExpiresAt < session.expiresAt;
	if (endsSoon) engine.background.run("write_activity", () => engine.activity.flush());
	if (!firstSight) return;
	engine.background.run("record_sight", () =>
		engine.storage.recordSight({ sessionId: session.id, generation: session.generation }),
	);
}

// Owner and thief hold the same session: nobody can tell them apart, so it ends for both, and the owner signs in again.
async function endCopiedSession(engine: Engine, visitor: Visitor, { session, user }: LiveSession): Promise<void> {
	const detail = {
		otherDevice: session.userAgent !== visitor.userAgent,
		otherNetwork: session.address !== null && visitor.address !== null && session.address !== visitor.address,
	};
	const event = auditEvent("session.copied", visitor, { userId: user.id, sessionId: session.id, detail });
	await engine.storage.endSession({ userId: user.id, sessionId: session.id, events: [event] });
	engine.log({ level: "warn", event: "session.copied", userId: user.id, sessionId: session.id, ...detail });
}
