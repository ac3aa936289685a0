import { AuthError } from "../errors.ts";
import { FetchRefused } from "../http/guarded-fetch.ts";

/**
 * What went wrong at a provider, as an error of ours: `sign_in_cancelled` when the person said no there,
 * `provider_unavailable` when it could not be reached, `provider_error` when it answered what must not be believed.
 */
export function providerFailure(error: unknown): AuthError {
	if (error instanceof AuthError) return error;
	if (!(error instanceof Error)) return new AuthError("provider_error", { cause: error });
	if ("error" in error && error.error === "access_denied") return new AuthError("sign_in_cancelled", { cause: error });
	const code = causes(error).some(isAbsence) ? "provider_unavailable" : "provider_error";
	return new AuthError(code, { detail: describe(error), cause: error });
}

/** The error that a provider's endpoint answered with (RFC 6749, section 5.2); `null` for every other. */
export function oauthErrorOf(error: unknown): string | null {
	const found = causes(error).find(
		(cause): cause is Error & { error: string } =>
			cause instanceof Error && "error" in cause && typeof cause.error === "string",
	);
	return found?.error ?? null;
}

function isAbsence(error: unknown): boolean {
	if (error instanceof FetchRefused) return true;
	// A response that is none of the protocol's, from a server in trouble.
	if (error instanceof Response) return error.status >= 500 || error.status === 429;
	if (!(error instanceof Error)) return false;
	const code = "code" in error ? String(error.code) : "";
	return (
		/^(E[A-Z]+|OAUTH_TIMEOUT|ABORT_ERR)$/.test(code) || error.name === "TimeoutError" || error.name === "AbortError"
	);
}

function causes(error: unknown): unknown[] {
	const found: unknown[] = [];
	for (let cause = error; cause !== undefined && cause !== null && found.length < 8; ) {
		found.push(cause);
		cause = cause instanceof Error ? cause.cause : undefined;
	}
	return found;
}

/** Names and messages only: what hangs on these errors are whole answers, tokens included. */
function describe(error: Error): string {
	const parts = causes(error)
		.filter((cause): cause is Error => cause instanceof Error)
		.map((cause) => `${cause.message}${"error" in cause ? ` (${String(cause.error)})` : ""}`);
	return parts.join(": ").slice(0, 500);
}
