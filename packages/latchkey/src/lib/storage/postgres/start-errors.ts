import { AuthError, misconfigured } from "../../errors.ts";
import { reasonOf, sqlState } from "./postgres-errors.ts";

/** One line with the cure for whatever keeps the store from opening; `source` says where the database was named. */
export function toStartError(error: unknown, label: string, source = "AUTH_DATABASE_URL"): unknown {
	if (error instanceof AuthError || error instanceof TypeError) return error;
	const state = sqlState(error);
	const reason = reasonOf(error);
	if (state?.startsWith("28")) {
		return misconfigured(`${label} refuses this user (${reason}). Check user and password in ${source}.`, error);
	}
	if (state === "3D000") {
		return misconfigured(`${label} has no such database (${reason}). Create it, or name another in ${source}.`, error);
	}
	if (state === "42501") {
		return misconfigured(`${label} does not allow it (${reason}). Grant this user the right, or name another.`, error);
	}
	if (state === "57014") {
		return new AuthError("store_unavailable", {
			detail: `${label} did not answer in time (${reason}). Set a longer statement_timeout for this user, or look at what holds it up.`,
			retryAfterSeconds: 5,
			cause: error,
		});
	}
	if (/^(0A|22|42)/.test(state ?? "")) {
		return misconfigured(`${label} does not take it (${reason}). Check the parameters in ${source}.`, error);
	}
	if (namesMissingFile(error)) {
		return misconfigured(`${label}: a file cannot be read (${reason}). Check what ${source} names.`, error);
	}
	if (isWrongName(error)) {
		return misconfigured(`${label} cannot be found (${reason}). Check the host in ${source}.`, error);
	}
	if (/\bSSL\b|certificate/i.test(reason)) {
		return misconfigured(`${label} cannot be spoken to securely (${reason}). Check sslmode in ${source}.`, error);
	}
	// It may be there in a moment: whoever asks meanwhile is told to come back.
	return new AuthError("store_unavailable", {
		detail: `${label} cannot be reached (${reason}). Start it, or name another in ${source}.`,
		retryAfterSeconds: 5,
		cause: error,
	});
}

/** Of a certificate. */
function namesMissingFile(error: unknown): boolean {
	return error instanceof Error && "syscall" in error && error.syscall === "open";
}

function isWrongName(error: unknown): boolean {
	return error instanceof Error && "code" in error && error.code === "ENOTFOUND";
}
