import type { Engine } from "../engine.ts";
import { describeError } from "../log.ts";
import { graceMs, isRenewalDue } from "./generation.ts";
import { type GrantedSession, grantToken } from "./open-session.ts";
import type { ResolvedSession } from "./resolve-session.ts";
import { hashSessionSecret } from "./session-token.ts";

/**
 * Gives the holder of a session a new token: of the next generation when that is due, otherwise of the present one once
 * more. Requests that race get the same generation, so no number of tabs can sign each other out. Who authenticated
 * when and how stays as it was. `null` when the session ended meanwhile.
 */
export async function renewSession(engine: Engine, current: ResolvedSession): Promise<GrantedSession | null> {
	const { session, user, claims, now } = current;
	const { id: sessionId, generation } = session;
	if (isRenewalDue(claims.gen, session, now)) {
		const advanced = await engine.storage.advanceGeneration({ sessionId, generation, graceMs });
		if (advanced !== null) return grantToken(engine, claims.sid, advanced, user, advanced.renewedAt);
	} else if (claims.gen === generation) {
		return grantToken(engine, claims.sid, session, user, now);
	}
	// Another request was faster: its generation is ours too. Read now, because a slow action asks long after it was judged.
	const live = await engine.storage.readSession(hashSessionSecret(claims.sid));
	return live === null ? null : grantToken(engine, claims.sid, live.session, live.user, live.now);
}

/**
 * The same for an answer that is ready, if renewal is due. It is not taken back because there was no newer token to be had:
 * what was asked for has happened, and would be asked for once more. `null` then too; the next request tries again.
 */
export async function renewIfDue(engine: Engine, current: ResolvedSession): Promise<GrantedSession | null> {
	if (!needsRenewal(current)) return null;
	try {
		return await renewSession(engine, current);
	} catch (error) {
		engine.log({ level: "warn", event: "session_not_renewed", ...describeError(error) });
		return null;
	}
}

/**
 * Whether a request that can write a cookie should renew the token it came with. Not while that would only mint the same
 * generation once more: a slow page hands its cookie over late, and then it must not be older than what others got.
 */
export function needsRenewal({ claims, session, now }: ResolvedSession): boolean {
	if (now < claims.fresh * 1000) return false;
	return claims.gen !== session.generation || isRenewalDue(claims.gen, session, now);
}
