import { AuthError } from "../../errors.ts";

/** The SQLSTATE of an error that PostgreSQL answered with; `null` for every other error. */
export function sqlState(error: unknown): string | null {
	if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return null;
	// What Node calls ECONNRESET or ERR_… has no severity.
	return "severity" in error && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : null;
}

/**
 * Whether nothing of this was done, and the same once more may succeed at once: two operations met, or somebody gave the
 * connection back in the middle of a transaction that had failed.
 */
export function wasUndone(error: unknown): boolean {
	const state = sqlState(error);
	return state === "40P01" || state === "40001" || state === "25P02";
}

/**
 * Whether what was prepared by name on this connection is so no more: it was thrown away (DISCARD ALL), a pooler that was put
 * in between leads elsewhere each time, or a column has another type. Nothing was done.
 */
export function lostPrepared(error: unknown): boolean {
	const state = sqlState(error);
	if (state === "0A000") return (error as { routine?: unknown }).routine === "RevalidateCachedQuery";
	return state === "26000" || state === "42P05";
}

/** Whether nothing was done because the queue of NOTIFY is full, or has been and nobody has looked at it since. */
export function foundQueueFull(error: unknown): boolean {
	return sqlState(error) === "54000" && (error as { routine?: unknown }).routine === "PreCommit_Notify";
}

/** The table whose unique constraint was violated; `null` for every other error. */
export function violatedUnique(error: unknown): string | null {
	return sqlState(error) === "23505" ? String((error as { table?: unknown }).table) : null;
}

/** Whether a row that this one refers to is gone. */
export function violatesReference(error: unknown): boolean {
	return sqlState(error) === "23503";
}

/**
 * Whether the connection can be used again: PostgreSQL said itself what was wrong, and did not say that it is leaving, or that
 * the transaction is none of ours, or that it takes no writes, as the former primary does after a failover.
 */
export function leavesConnectionSound(error: unknown): boolean {
	const state = sqlState(error);
	return state !== null && !/^(08|25|57P|58|XX)/.test(state);
}

/**
 * Classes and codes (https://www.postgresql.org/docs/current/errcodes-appendix.html) with which the server says that it
 * cannot serve just now: no connection, no resources, shutting down, cancelled, read-only, disk trouble, damage, no room in
 * the queue of NOTIFY; and with which it says that what was looked at when the store was opened is so no more: a right, the schema, a table, a column.
 */
const isAway = /^(08|25|28|3D|3F|40|53|57|58|F0|XX)|^(42501|42703|42P01|54000|55P03)$/;

/** `store_unavailable` for an error that means the database is out of reach; any other error as it is. */
export function toStoreError(error: unknown): unknown {
	if (error instanceof AuthError || error instanceof TypeError) return error;
	const state = sqlState(error);
	if (state !== null && !isAway.test(state)) return error;
	return new AuthError("store_unavailable", {
		detail: `PostgreSQL is out of reach: ${reasonOf(error)}`,
		retryAfterSeconds: state === null || /^(40|57|55)/.test(state) ? 2 : 10,
		cause: error,
	});
}

/** What went wrong, in a line: the server's words, or what Node says of the connection. Neither holds a password. */
export function reasonOf(error: unknown): string {
	if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
	if (!(error instanceof Error)) return String(error);
	const code = "code" in error && typeof error.code === "string" ? ` (${error.code})` : "";
	return `${error.message.split("\n")[0]}${error.message.includes(code.slice(2, -1)) && code !== "" ? "" : code}`;
}

/** What every call on a closed store rejects with. */
export function storeIsClosed(): AuthError {
	return new AuthError("store_unavailable", { detail: "The store has been closed" });
}
