import type { Logger } from "../../log.ts";
import type { Storage } from "../storage.ts";
import { EndedChannel } from "./ended-channel.ts";
import { Lease, type Stopwatch } from "./lease.ts";
import { LiveSessions } from "./live-sessions.ts";
import type { PostgresClient } from "./pool.ts";

export interface RememberOptions {
	connect(): Promise<PostgresClient>;
	channel: string;
	/** How many sessions at most. */
	max: number;
	/** A test's time, which then stands in the place of the database's. */
	clock: (() => number) | undefined;
	stopwatch: Stopwatch | undefined;
	log: Logger;
}

/**
 * A store that answers for a session it has read before, without a query, for as long as it is proven to hear what ends
 * elsewhere. Memory can only accept: whatever it does not know for certain, the row decides.
 */
export function rememberSessions(storage: Storage, options: RememberOptions): Storage {
	const memory = new LiveSessions(options.max);
	const lease = new Lease(options.stopwatch);
	const channel = new EndedChannel({
		connect: options.connect,
		channel: options.channel,
		lease,
		log: options.log,
		onGap: () => memory.forgetAll(),
		onEnded: (kind, id) => (kind === "user" ? memory.forgetUser(id) : memory.forgetSession(id)),
	});
	let closed = false;

	function recall(secretHash: Uint8Array, generation: number) {
		const now = lease.databaseNow();
		return now === null || closed ? null : memory.find(secretHash, generation, options.clock?.() ?? now);
	}

	return {
		...storage,
		...forgetful(storage, memory),

		readSession: async (secretHash, heldGeneration) => {
			if (heldGeneration === undefined) return storage.readSession(secretHash);
			channel.want();
			const known = recall(secretHash, heldGeneration);
			if (known !== null) return known;
			const changesBefore = memory.changes;
			const live = await storage.readSession(secretHash);
			if (live !== null) memory.keep(secretHash, live, changesBefore);
			return live;
		},

		close: async () => {
			closed = true;
			await channel.close();
			await storage.close();
		},
	};
}

/**
 * What this process changes itself, it forgets before it says that it is done: whoever asks next sees it. Also when it
 * failed, since nobody knows then how far it came.
 */
function forgetful(storage: Storage, memory: LiveSessions): Partial<Storage> {
	const changesUser = async <T>(userId: string, work: Promise<T>): Promise<T> =>
		work.finally(() => memory.forgetUser(userId));
	const changesSession = async <T>(sessionId: string | undefined, work: Promise<T>): Promise<T> =>
		work.finally(() => sessionId !== undefined && memory.forgetSession(sessionId));
	return {
		createSession: (input) => changesSession(input.replaces?.sessionId, storage.createSession(input)),
		createUser: (input) => changesSession(input.replaces?.sessionId, storage.createUser(input)),
		endSession: (input) => changesSession(input.sessionId, storage.endSession(input)),
		advanceGeneration: (input) => changesSession(input.sessionId, storage.advanceGeneration(input)),
		recordSight: (input) => changesSession(input.sessionId, storage.recordSight(input)),
		endOtherSessions: (input) => changesUser(input.userId, storage.endOtherSessions(input)),
		endAllSessions: (input) => changesUser(input.userId, storage.endAllSessions(input)),
		updateUser: (input) => changesUser(input.userId, storage.updateUser(input)),
		changePassword: (input) => changesUser(input.userId, storage.changePassword(input)),
		addTotp: (input) => changesUser(input.userId, storage.addTotp(input)),
		removeTotp: (input) => changesUser(input.userId, storage.removeTotp(input)),
		removePasskey: (input) => changesUser(input.userId, storage.removePasskey(input)),
		addPassword: (input) => changesUser(input.userId, storage.addPassword(input)),
		switchSecondStep: (input) => changesUser(input.userId, storage.switchSecondStep(input)),
		proveEmail: (input) => changesUser(input.userId, storage.proveEmail(input)),
		resetPassword: (input) => changesUser(input.userId, storage.resetPassword(input)),
		changeEmail: (input) => changesUser(input.userId, storage.changeEmail(input)),
		requestDeletion: (input) => changesUser(input.userId, storage.requestDeletion(input)),
		deleteUser: (input) => changesUser(input.userId, storage.deleteUser(input)),
	};
}
