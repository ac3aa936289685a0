import { LiveSessions } from "../live-sessions.ts";
import { rememberSessions } from "../remember-sessions.ts";
import type { Storage } from "../storage.ts";
import type { SqliteConnection } from "./connection.ts";

/**
 * Remembers sessions until another connection commits something, whatever it is. What this one commits it forgets by
 * itself, so what is remembered is at every moment what the rows say.
 */
export function rememberUntilForeignCommit(storage: Storage, connection: SqliteConnection, max: number): Storage {
	const memory = new LiveSessions(max);
	const othersHaveCommitted = connection.watchForeignCommits();

	/** `null` also where it cannot be read: the row is asked then, and says what is the matter. */
	function databaseNow(): number | null {
		try {
			if (othersHaveCommitted()) memory.forgetAll();
			return connection.now();
		} catch {
			return null;
		}
	}

	const remembering = rememberSessions(storage, { memory, databaseNow });
	return {
		...remembering,

		// After a jump of the clock it deletes what is alive again when the clock is put right.
		deleteExpired: (limit) => remembering.deleteExpired(limit).finally(() => memory.forgetAll()),

		touchSessions: async (activity) => {
			try {
				await remembering.touchSessions(activity);
			} finally {
				for (const { sessionId } of activity) memory.forgetSession(sessionId);
			}
		},
	};
}
