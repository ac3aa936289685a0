import type { Engine } from "../engine.ts";
import type { SecondFactorPolicy } from "../options.ts";
import type { Authentication } from "../sessions/open-session.ts";
import { isRecent } from "../sessions/recent-proof.ts";
import type { ResolvedSession } from "../sessions/resolve-session.ts";
import { combine, isPhishingResistant, reaches } from "./authentication.ts";
import { policyFor } from "./second-step.ts";

/**
 * What the session has shown that takes the place of the present one, where somebody changes what proves them and shows `proof`
 * on the way. `null` where that is less than their owner asks for: then they prove themselves first, and are asked for all of it.
 */
export function continuedBy(engine: Engine, current: ResolvedSession, proof: Authentication): Authentication | null {
	const { session, user } = current;
	const policy = policyFor(engine, user);
	const combined = combine(session, proof);
	if (satisfies(policy, combined)) return combined;
	// The third level lasts no longer than its proof (NIST SP 800-63B-4, section 2.3.3). One that is recent stands for itself.
	return satisfies(policy, session) && isRecent(current) ? { ...combined, level: session.level } : null;
}

function satisfies(policy: SecondFactorPolicy, { amr, level }: Authentication): boolean {
	switch (policy) {
		case "optional":
			return true;
		case "required":
			return reaches(level, "aal2");
		case "phishing-resistant":
			return isPhishingResistant(amr);
		case "device-bound":
			return reaches(level, "aal3");
	}
}
