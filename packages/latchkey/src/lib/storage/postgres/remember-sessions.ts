import type { Logger } from "../../log.ts";
import { LiveSessions } from "../live-sessions.ts";
import { rememberSessions } from "../remember-sessions.ts";
import type { Storage } from "../storage.ts";
import { EndedChannel } from "./ended-channel.ts";
import { Lease, type Stopwatch } from "./lease.ts";
import type { PostgresClient } from "./pool.ts";

export interface HearingOptions {
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
 * A session is read anew when it was remembered for this long, because nobody tells of renewals: a copied token that fell
 * behind must not live off memory. As long as the grace of a generation.
 */
const rememberedForMs = 30_000;

/** Remembers sessions for as long as it is proven to hear what ends elsewhere. */
export function rememberWhileHearing(storage: Storage, options: HearingOptions): Storage {
	const memory = new LiveSessions(options.max, rememberedForMs);
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

	const remembering = rememberSessions(storage, {
		memory,
		databaseNow() {
			const now = lease.databaseNow();
			return now === null || closed ? null : (options.clock?.() ?? now);
		},
	});

	return {
		...remembering,

		readSession: (secretHash, heldGeneration) => {
			if (heldGeneration !== undefined) channel.want();
			return remembering.readSession(secretHash, heldGeneration);
		},

		close: async () => {
			closed = true;
			await channel.close();
			await storage.close();
		},
	};
}
