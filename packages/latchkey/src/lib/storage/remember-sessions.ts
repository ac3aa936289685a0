import type { LiveSessions } from "./live-sessions.ts";
import { onlyReads } from "./reading-operations.ts";
import type { Storage } from "./storage.ts";

export interface RememberOptions {
	memory: LiveSessions;
	/** The database's time, once everything that others ended before it is forgotten; `null` when nobody can say that. */
	databaseNow(): number | null;
}

/**
 * A store that answers for a session that it has read before, for as long as it is proven to know what has changed since.
 * Memory can only accept: whatever it does not know for certain, the row decides.
 */
export function rememberSessions(storage: Storage, { memory, databaseNow }: RememberOptions): Storage {
	return {
		...forgetful(storage, memory),

		// Somebody else, whom it does not name, may lose their claim to the address by it.
		changeEmail: (input) => storage.changeEmail(input).finally(() => memory.forgetAll()),

		readSession: async (secretHash, heldGeneration) => {
			if (heldGeneration === undefined) return storage.readSession(secretHash);
			const known = memory.find(secretHash, heldGeneration, databaseNow);
			if (known !== null) return known;
			const changesBefore = memory.changes;
			const live = await storage.readSession(secretHash);
			if (live !== null) memory.keep(secretHash, live, changesBefore);
			return live;
		},
	};
}

/**
 * Whom an operation of this process names, it forgets before it says that it is done: whoever asks next sees the change.
 * Also when it failed, since nobody knows then how far it came.
 */
function forgetful(storage: Storage, memory: LiveSessions): Storage {
	const operations = Object.entries(storage).map(([name, operation]) => [
		name,
		onlyReads(name as keyof Storage) ? operation : forgetting(operation as Operation, memory),
	]);
	return Object.fromEntries(operations) as Storage;
}

type Operation = (input?: Named, ...more: unknown[]) => Promise<unknown>;

/** What the input of an operation calls those whom it changes: sessions, or everything of a user. */
interface Named {
	sessionId?: string;
	sessionIds?: readonly string[];
	userId?: string | null;
	replaces?: { sessionId: string } | string | null;
}

function forgetting(operation: Operation, memory: LiveSessions): Operation {
	return async (input, ...more) => {
		const { sessionId, sessionIds = [], userId, replaces } = input ?? {};
		try {
			return await operation(input, ...more);
		} finally {
			for (const id of sessionIds) memory.forgetSession(id);
			if (sessionId) memory.forgetSession(sessionId);
			else if (userId) memory.forgetUser(userId);
			if (replaces && typeof replaces === "object") memory.forgetSession(replaces.sessionId);
		}
	};
}
