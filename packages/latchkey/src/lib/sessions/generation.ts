import type { SessionRecord } from "../storage/storage.ts";
import { freshSeconds, type SessionClaims } from "./session-token.ts";

/** How long a generation stays good after both its successor was made and its successor was first seen. */
export const graceMs = 30_000;

type Generations = Pick<SessionRecord, "generation" | "generationSeen" | "renewedAt" | "seenAt">;
type Held = Pick<SessionClaims, "gen" | "iat">;

/**
 * What a token's generation says about its holder. The state machine is drawn in `docs/session-state-machine.md`.
 *
 * - `current`: the newest.
 * - `predecessor`: the one before it, in its grace: other tabs still hold it, or the answer that replaced it was lost
 *   or overtaken.
 * - `late`: it left its browser before the current generation was made, or may have; what it was at that moment cannot
 *   be told any more.
 * - `unknown`: newer than the row, so the database was restored from an older copy.
 * - `copied`: older than any honest holder can be. A thief has one of the two, or a browser profile was restored.
 */
export type Verdict = "current" | "predecessor" | "late" | "unknown" | "copied";

/**
 * Judges a token by the moment its request arrived, not by when somebody asks: a slow action must not make its own
 * token look stolen.
 */
export function judgeGeneration({ gen, iat }: Held, session: Generations, arrivedAt: number): Verdict {
	if (gen === session.generation) return "current";
	if (gen > session.generation) return "unknown";
	if (gen === session.generation - 1) {
		if (session.seenAt === null || arrivedAt <= graceEnd(session, session.seenAt)) return "predecessor";
		return wasOvertaken(iat, session) ? "predecessor" : "copied";
	}
	return arrivedAt <= session.renewedAt + graceMs ? "late" : "copied";
}

/** Whether this arrival is the first sight of the current generation. */
export function isFirstSight(generation: number, session: Generations): boolean {
	return generation === session.generation && session.generationSeen < session.generation;
}

/**
 * Whether renewal should move to the next generation: its holder has the current one, which is old enough and was seen,
 * and the grace of its predecessor is over. Otherwise the current one is minted once more, so that racing requests get
 * the same. Whoever has a predecessor gets the current one first: two steps at once, and a lost answer would leave its
 * holder two behind.
 */
export function isRenewalDue(gen: number, session: Generations, now: number): boolean {
	if (gen !== session.generation || session.seenAt === null || session.generationSeen < gen) return false;
	return now >= session.renewedAt + freshSeconds * 1000 && now >= graceEnd(session, session.seenAt);
}

// Two tabs renew at once: one is just too early and gets the old generation once more, the other gets the new one. If
// the first answer comes last, an honest browser ends up with the old token, however long it then sleeps.
function wasOvertaken(iat: number, session: Generations): boolean {
	return iat * 1000 >= session.renewedAt - graceMs;
}

function graceEnd(session: Generations, seenAt: number): number {
	return Math.max(session.renewedAt, seenAt) + graceMs;
}
