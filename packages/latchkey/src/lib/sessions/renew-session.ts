import type { Engine } from "../engine.ts";
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
	if (!isRenewalDue(claims.gen, session, now)) return grantToken(engine, claims.sid, session, user, now);
	const { id: sessionId, generation } = session;
	const advanced = await engine.storage.advanceGeneration({ sessionId, generation, graceMs });
	if (advanced !== null) return grantToken(engine, claims.sid, advanced, user, now);
	// Another request was faster: its generation is ours too.
	const live = await engine.storage.readSession(hashSessionSecret(claims.sid));
	return live === null ? null : grantToken(engine, claims.sid, live.session, live.user, live.now);
}

/** Whether the token that came asks for another, where one can be given. */
export function needsRenewal({ claims, now }: ResolvedSession): boolean {
	return now >= claims.fresh * 1000;
}
