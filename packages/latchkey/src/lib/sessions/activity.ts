import { describeError, type Logger } from "../log.ts";
import type { SessionActivity, Storage } from "../storage/storage.ts";

const flushAfterMs = 30_000;
const maxPending = 10_000;

/** By when a use has been written. */
export const activityDelayMs = 2 * flushAfterMs;

/**
 * Collects when sessions were last used and writes it in batches, within 60 seconds and at shutdown. A crash loses at
 * most that: a session then looks a minute idler than it was.
 */
export class ActivityLog {
	readonly #storage: Storage;
	readonly #log: Logger;
	#pending = new Map<string, SessionActivity>();
	#timer: NodeJS.Timeout | null = null;

	/**
	 * For the process's `exit` event, when only what is synchronous still runs, however the process ends short of a kill:
	 * SQLite can write there, and a store that is closed leaves no journal behind.
	 */
	readonly onExit = (): void => {
		void this.flush();
		void this.#storage.close();
	};

	constructor(storage: Storage, log: Logger) {
		this.#storage = storage;
		this.#log = log;
	}

	note(activity: SessionActivity): void {
		this.#pending.set(activity.sessionId, activity);
		if (this.#pending.size >= maxPending) void this.flush();
		this.#schedule();
	}

	/** Writes what is pending. Never rejects: what cannot be written now is tried again with the next batch. */
	async flush(): Promise<void> {
		if (this.#timer !== null) clearTimeout(this.#timer);
		this.#timer = null;
		const batch = this.#pending;
		if (batch.size === 0) return;
		this.#pending = new Map();
		try {
			await this.#storage.touchSessions([...batch.values()]);
		} catch (error) {
			this.#log({ level: "warn", event: "activity_not_written", sessions: batch.size, ...describeError(error) });
			if (batch.size >= maxPending) return;
			this.#pending = new Map([...batch, ...this.#pending]);
			this.#schedule();
		}
	}

	#schedule(): void {
		if (this.#timer !== null) return;
		this.#timer = setTimeout(() => void this.flush(), flushAfterMs);
		this.#timer.unref();
	}
}
