import { AuthError, misconfigured } from "../../errors.ts";
import { reasonOf, sqlState } from "./postgres-errors.ts";

/** One line with the cure for whatever keeps the store from opening. */
export function toStartError(error: unknown, label: string): unknown {
	if (error instanceof AuthError || error instanceof TypeError) return error;
	const state = sqlState(error);
	const reason = reasonOf(error);
	if (state?.startsWith("28")) {
		return misconfigured(
			`${label} refuses this user (${reason}). Check user and password in AUTH_DATABASE_URL.`,
			error,
		);
	}
	if (state === "3D000") {
		return misconfigured(
			`${label} has no such database (${reason}). Create it, or name another in AUTH_DATABASE_URL.`,
			error,
		);
	}
	if (state === "42501") {
		return misconfigured(`${label} does not allow it (${reason}). Grant this user the right, or name another.`, error);
	}
	if (isWrongName(error)) {
		return misconfigured(`${label} cannot be found (${reason}). Check the host in AUTH_DATABASE_URL.`, error);
	}
	if (/\bSSL\b|certificate/i.test(reason)) {
		return misconfigured(
			`${label} cannot be spoken to securely (${reason}). Check sslmode in AUTH_DATABASE_URL.`,
			error,
		);
	}
	// It may be there in a moment: whoever asks meanwhile is told to come back.
	return new AuthError("store_unavailable", {
		detail: `${label} cannot be reached (${reason}). Start it, or name another in AUTH_DATABASE_URL.`,
		retryAfterSeconds: 5,
		cause: error,
	});
}

function isWrongName(error: unknown): boolean {
	return error instanceof Error && "code" in error && error.code === "ENOTFOUND";
}
