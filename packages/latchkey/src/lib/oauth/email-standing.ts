import { parseEmail } from "../users/identifiers.ts";
import type { EmailStanding } from "./provider.ts";

/** The domain of an address, canonical; `null` for what is no address. */
export function domainOf(email: string | null): string | null {
	const parsed = email === null ? null : parseEmail(email);
	return parsed?.ok ? (parsed.canonical.split("@")[1] ?? null) : null;
}

/**
 * The standing of an address of which a provider says by a boolean that it was proven. Only `true` counts: text that says
 * "true" is what a provider sends that never thought about it.
 */
export function standing(verified: unknown, isAuthoritative: boolean): EmailStanding {
	if (verified !== true) return "unproven";
	return isAuthoritative ? "authoritative" : "proven";
}
