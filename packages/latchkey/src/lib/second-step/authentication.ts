import type { Authentication } from "../sessions/open-session.ts";
import type { AssuranceLevel } from "../storage/storage.ts";

const levels: readonly AssuranceLevel[] = ["aal1", "aal2", "aal3"];

/** What somebody knows, and what somebody has, by the names that a session's `amr` holds (RFC 8176, and our own). */
const known: readonly string[] = ["pwd", "pin"];
/** What somebody else vouches for: beside what is held it makes two, beside what is known it does not. */
const vouched: readonly string[] = ["fed", "email"];
const held: readonly string[] = ["otp", "hwk", "swk", "recovery"];

/** Whether `level` is at least `least`. */
export function reaches(level: AssuranceLevel, least: AssuranceLevel): boolean {
	return levels.indexOf(level) >= levels.indexOf(least);
}

/** Whether no other site can have been shown it (NIST SP 800-63B-4, section 3.2.5). */
export function isPhishingResistant(amr: readonly string[]): boolean {
	return amr.includes("hwk") || amr.includes("swk");
}

/**
 * What two proofs of the same person come to: something known and something held are two factors. The highest level
 * lasts no longer than the proof that reached it (section 2.3.3), so `earlier` counts for `aal2` at most.
 */
export function combine(earlier: Authentication, proof: Authentication): Authentication {
	const amr = [...new Set([...earlier.amr, ...proof.amr])];
	const isBoth =
		amr.some((name) => known.includes(name) || vouched.includes(name)) && amr.some((name) => held.includes(name));
	if (proof.level === "aal3") return { amr: withMfa(amr), level: "aal3" };
	const isTwo = isBoth || proof.level === "aal2" || reaches(earlier.level, "aal2");
	return isTwo ? { amr: withMfa(amr), level: "aal2" } : { amr, level: "aal1" };
}

function withMfa(amr: readonly string[]): readonly string[] {
	return amr.includes("mfa") ? amr : [...amr, "mfa"];
}
