import { setImmediate as nextTurn } from "node:timers/promises";
import { describeError, type Logger } from "../log.ts";
import type { SessionActivity, Storage } from "../storage/storage.ts";

const flushAfterMs = 30_000;
/** So many are not made to wait for their time. */
const manyPending = 10_000;

/** Beyond this, where the store is slow or away, who comes is noted at a later use. */
const maxPending = 20_000;

/** Some milliseconds of SQLite. */
const batchSize = 500;

/** By when a use has been written. */
export const activityDelayMs = 2 * flushAfterMs;

/**
 * Collects when sessions were last used and writes it in batches, within 60 seconds. SQLite writes the rest when the
 * process ends; PostgreSQL, which answers later than that, loses it, as a crash does: a session then looks a minute idler
 * than it was, and one that would expire for that was written early.
 */
export class ActivityLog {
	readonly #storage: Storage;
	readonly #log: Logger;
	#pending = new Map<string, SessionActivity>();
	#timer: NodeJS.Timeout | null = null;
	#flushing: Promise<void> | null = null;

	/**
	 * For the process's `exit` event, when only what is synchronous still runs, however the process ends short of a kill:
	 * SQLite can write there, and a store that is closed leaves no journal behind.
	 */
	readonly onExit = (): void => {
		if (this.#pending.size > 0) void this.#storage.touchSessions([...this.#pending.values()]);
		void this.#storage.close();
	};

	constructor(storage: Storage, log: Logger) {
		this.#storage = storage;
		this.#log = log;
	}

	note(activity: SessionActivity): void {
		const isKnown = this.#pending.has(activity.sessionId);
		if (!isKnown && this.#pending.size >= maxPending) return;
		this.#pending.set(activity.sessionId, activity);
		if (!isKnown && this.#pending.size === manyPending) void this.flush();
		this.#schedule();
	}

	/** Writes what is pending. Never rejects: what cannot be written now is tried again by and by. */
	flush(): Promise<void> {
		if (this.#timer !== null) clearTimeout(this.#timer);
		this.#timer = null;
		this.#flushing ??= this.#writeAll().finally(() => {
			this.#flushing = null;
		});
		return this.#flushing;
	}

	async #writeAll(): Promise<void> {
		while (this.#pending.size > 0) {
			const batch = [...this.#pending.values()].slice(0, batchSize);
			for (const { sessionId } of batch) this.#pending.delete(sessionId);
			try {
				await this.#storage.touchSessions(batch);
			} catch (error) {
				this.#giveBack(batch, error);
				return;
			}
			// Whoever else waits comes first, also where the store holds up the process.
			if (this.#pending.size > 0) await nextTurn();
		}
	}

	#giveBack(batch: readonly SessionActivity[], error: unknown): void {
		this.#log({ level: "warn", event: "activity_not_written", sessions: batch.length, ...describeError(error) });
		this.#schedule();
		if (this.#pending.size + batch.length > maxPending) return;
		const older = batch.map((activity): [string, SessionActivity] => [activity.sessionId, activity]);
		this.#pending = new Map([...older, ...this.#pending]);
	}

	#schedule(): void {
		if (this.#timer !== null) return;
		this.#timer = setTimeout(() => void this.flush(), flushAfterMs);
		this.#timer.unref();
	}
}
