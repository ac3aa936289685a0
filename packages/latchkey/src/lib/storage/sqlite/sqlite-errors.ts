import { AuthError } from "../../errors.ts";

/** The result codes of SQLite that we act on (https://sqlite.org/rescode.html), without their extensions. */
export const resultCode = {
	busy: 5,
	locked: 6,
	readonly: 8,
	ioError: 10,
	corrupt: 11,
	full: 13,
	cannotOpen: 14,
	protocol: 15,
	constraint: 19,
	notADatabase: 26,
} as const;

const storeIsAway: ReadonlySet<number | null> = new Set<number>([
	resultCode.busy,
	resultCode.locked,
	resultCode.readonly,
	resultCode.ioError,
	resultCode.corrupt,
	resultCode.full,
	resultCode.cannotOpen,
	resultCode.protocol,
	resultCode.notADatabase,
]);

/** The primary result code of an error that SQLite raised; `null` for every other error. */
export function sqliteCode(error: unknown): number | null {
	if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return null;
	return error.errcode & 0xff;
}

/** Whether another connection holds the lock just now, so that the same attempt may succeed in a moment. */
export function isBusy(error: unknown): boolean {
	const code = sqliteCode(error);
	// PROTOCOL is what WAL says when the race for its read locks was lost too often.
	return code === resultCode.busy || code === resultCode.locked || code === resultCode.protocol;
}

/** `store_unavailable` for an error that means the database is out of reach; any other error as it is. */
export function toStoreError(error: unknown): unknown {
	const code = sqliteCode(error);
	if (!storeIsAway.has(code) && !lacksWhatWasThere(error)) return error;
	return new AuthError("store_unavailable", {
		detail: `SQLite answered ${(error as Error).message} (${code})${cures.get(code) ?? ""}`,
		retryAfterSeconds: isBusy(error) ? 1 : 10,
		cause: error,
	});
}

const cures: ReadonlyMap<number | null, string> = new Map<number, string>([
	[resultCode.full, ". Free space on the disk of the database."],
	[resultCode.ioError, ". Look whether the disk of the database is full or damaged."],
	[resultCode.readonly, ". Make the file and its folder writable."],
]);

/** Whether a table or column is gone that was there when the statement was prepared. */
function lacksWhatWasThere(error: unknown): boolean {
	return sqliteCode(error) === 1 && /^no such (table|column)|has no column named/.test((error as Error).message);
}

/** What every call on a closed store rejects with. */
export function storeIsClosed(): AuthError {
	return new AuthError("store_unavailable", { detail: "The store has been closed" });
}
