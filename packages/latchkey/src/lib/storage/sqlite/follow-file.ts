import { realpathSync, renameSync, rmSync, statSync } from "node:fs";
import { AuthError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { onlyReads } from "../reading-operations.ts";
import type { Storage } from "../storage.ts";

export interface FollowOptions {
	file: string;
	/** Opens the store on whatever is there now. A file that takes the place of another must be a database of ours already. */
	open(mustExist: boolean): Promise<Storage>;
	log: Logger;
}

/**
 * A store that is the file's, whatever becomes of the file. SQLite itself goes on to write into one that was taken away or
 * replaced, and what it acknowledges then is lost with the process. Here nothing is acknowledged while the file is gone, and another
 * one that was put in its place, as a backup is, is opened anew.
 */
export async function followFile(options: FollowOptions): Promise<Storage> {
	const followed = await FollowedFile.open(options);
	const names = Object.keys(followed.store) as (keyof Storage)[];
	const follow = (name: keyof Storage) => {
		const isRead = onlyReads(name);
		return (...input: unknown[]) => {
			const store = followed.present(isRead);
			const call = (its: Storage) => (its[name] as (...input: unknown[]) => Promise<unknown>)(...input);
			const work = isRead ? call : (its: Storage) => followed.acknowledge(() => call(its));
			return store instanceof Promise ? store.then(work) : work(store);
		};
	};
	const followers = Object.fromEntries(names.map((name) => [name, follow(name)])) as unknown as Storage;
	return { ...followers, close: () => followed.close() };
}

/** A write looks each time, which is little beside the disk; a read does so now and then. */
const lookEveryMs = 500;

class FollowedFile {
	readonly #options: FollowOptions;
	store!: Storage;
	#identity: string | null = null;
	#journal: string | null = null;
	#isOpen = false;
	#lookedAt = Number.NEGATIVE_INFINITY;
	#opening: Promise<Storage> | null = null;
	#closed = false;

	static async open(options: FollowOptions): Promise<FollowedFile> {
		const followed = new FollowedFile(options);
		await followed.#open(false);
		return followed;
	}

	private constructor(options: FollowOptions) {
		this.#options = options;
	}

	/** The store on the file that is there. Rejects with `store_unavailable` when there is none. */
	present(isRead: boolean): Storage | Promise<Storage> {
		const now = performance.now();
		if (this.#closed || (isRead && this.#opening === null && now - this.#lookedAt < lookEveryMs)) return this.store;
		this.#lookedAt = now;
		const identity = identify(this.#options.file);
		if (identity !== null && identity === this.#identity) {
			this.#journal ??= identify(journalOf(this.#options.file));
			return this.store;
		}
		// Looked at again at once, until it is back.
		this.#lookedAt = Number.NEGATIVE_INFINITY;
		if (identity === null) return Promise.reject(isGone(this.#options.file));
		this.#opening ??= this.#reopen().finally(() => {
			this.#opening = null;
		});
		return this.#opening;
	}

	/** A write may have waited for a lock, and the file may be another since. */
	async acknowledge(write: () => Promise<unknown>): Promise<unknown> {
		const before = this.#identity;
		const answer = await write();
		if (identify(this.#options.file) !== before) throw isGone(this.#options.file);
		return answer;
	}

	close(): Promise<void> {
		this.#closed = true;
		const identity = identify(this.#options.file);
		const isReplaced = this.#isOpen && identity !== null && identity !== this.#identity;
		return isReplaced ? this.#leave() : this.store.close();
	}

	async #reopen(): Promise<Storage> {
		if (this.#isOpen) await this.#leave();
		const { file } = this.#options;
		await this.#open(true).catch((cause: unknown) => {
			if (cause instanceof AuthError && cause.code !== "misconfigured") throw cause;
			throw new AuthError("store_unavailable", {
				detail: `${file} was replaced by what cannot serve: ${cause instanceof Error ? cause.message : String(cause)}`,
				retryAfterSeconds: 10,
				cause,
			});
		});
		if (this.#closed) await this.store.close();
		return this.store;
	}

	async #open(mustExist: boolean): Promise<void> {
		const { file, open } = this.#options;
		const before = identify(file);
		this.store = await open(mustExist);
		this.#isOpen = true;
		const now = identify(file);
		// Which of two it is cannot be told, so it is opened once more.
		this.#identity = before ?? now;
		this.#journal = this.#identity === now ? identify(journalOf(file)) : null;
	}

	/** Closes the store on a file that another has replaced. All at once: as a process ends, nothing after an await happens. */
	#leave(): Promise<void> {
		const { file, log } = this.#options;
		const journal = journalOf(file);
		// Looked at while it is held, and no other file gets its number.
		const isOld = this.#journal !== null && identify(journal) === this.#journal;
		const closing = this.store.close();
		const setAside = isOld ? moveJournalAway(journal) : null;
		this.#isOpen = false;
		this.#identity = null;
		this.#journal = null;
		log({ level: "warn", event: "database_replaced", file, ...(setAside !== null && { setAside }) });
		return closing;
	}
}

/**
 * What was written into the journal belongs to the file that was there, and would be played into the new one. `null` where
 * another process has done it.
 */
function moveJournalAway(journal: string): string | null {
	const kept = `${journal}-${Date.now()}`;
	try {
		renameSync(journal, kept);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
		throw error;
	}
	rmSync(journal.replace(/-wal$/, "-shm"), { force: true });
	return kept;
}

/** SQLite puts it beside the file that a link leads to. */
function journalOf(file: string): string {
	try {
		return `${realpathSync(file)}-wal`;
	} catch {
		return `${file}-wal`;
	}
}

/** Which file it is, whatever its name; `null` where none can be seen. */
function identify(path: string): string | null {
	try {
		const { dev, ino } = statSync(path, { bigint: true });
		return `${dev} ${ino}`;
	} catch {
		return null;
	}
}

function isGone(file: string): AuthError {
	return new AuthError("store_unavailable", {
		detail: `${file} was moved away, removed or replaced while it was open. Put it back, or another in its place.`,
		retryAfterSeconds: 10,
	});
}
