import type { SessionRecord } from "../storage/storage.ts";
import { freshSeconds } from "./session-token.ts";

/** How long a generation stays good after both its successor was made and its successor was first seen. */
export const graceMs = 30_000;

type Generations = Pick<SessionRecord, "generation" | "generationSeen" | "renewedAt" | "seenAt">;

/**
 * What a token's generation says about its holder. The state machine is drawn in `docs/session-state-machine.md`.
 *
 * - `current`: the newest.
 * - `predecessor`: the one before it, in its grace: other tabs still hold it, or the answer that replaced it was lost.
 * - `late`: it arrived before the current generation was made; what it was at that moment cannot be told any more.
 * - `unknown`: newer than the row, so the database was restored from an older copy.
 * - `copied`: older than any honest holder can be. A thief has one of the two, or a browser profile was restored.
 */
export type Verdict = "current" | "predecessor" | "late" | "unknown" | "copied";

/**
 * Judges a token by the moment its request arrived, not by when somebody asks: a slow action must not make its own
 * token look stolen.
 */
export function judgeGeneration(generation: number, session: Generations, arrivedAt: number): Verdict {
	if (generation === session.generation) return "current";
	if (generation > session.generation) return "unknown";
	if (generation === session.generation - 1) {
		if (session.seenAt === null || arrivedAt <= graceEnd(session, session.seenAt)) return "predecessor";
		return "copied";
	}
	return arrivedAt < session.renewedAt ? "late" : "copied";
}

/** Whether this arrival is the first sight of the current generation. */
export function isFirstSight(generation: number, session: Generations): boolean {
	return generation === session.generation && session.generationSeen < session.generation;
}

/**
 * Whether renewal should move to the next generation: the current one is old enough, was seen, and the grace of its
 * predecessor is over. Otherwise it is minted once more, so that racing requests get the same.
 */
export function isRenewalDue(session: Generations, now: number): boolean {
	if (session.seenAt === null || session.generationSeen < session.generation) return false;
	return now >= session.renewedAt + freshSeconds * 1000 && now >= graceEnd(session, session.seenAt);
}

function graceEnd(session: Generations, seenAt: number): number {
	return Math.max(session.renewedAt, seenAt) + graceMs;
}
