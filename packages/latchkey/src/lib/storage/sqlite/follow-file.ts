import { renameSync, rmSync, statSync } from "node:fs";
import { AuthError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import type { Storage } from "../storage.ts";

export interface FollowOptions {
	file: string;
	/** Opens the store on whatever is there now. */
	open(): Promise<Storage>;
	log: Logger;
}

/**
 * A store that is the file's, whatever becomes of the file. SQLite itself goes on to write into one that was taken away or
 * replaced, and what it acknowledges then is lost with the process. Here nothing is acknowledged while the file is gone, and another
 * one that was put in its place, as a backup is, is opened anew.
 */
export async function followFile(options: FollowOptions): Promise<Storage> {
	const followed = new FollowedFile(options, await options.open());
	const names = Object.keys(followed.store) as (keyof Storage)[];
	const follow = (name: keyof Storage) => {
		const isRead = /^(read|find|list|peek|export)/.test(name);
		return (...input: unknown[]) => {
			const store = followed.present(isRead);
			const call = (its: Storage) => (its[name] as (...input: unknown[]) => Promise<unknown>)(...input);
			return store instanceof Promise ? store.then(call) : call(store);
		};
	};
	const followers = Object.fromEntries(names.map((name) => [name, follow(name)])) as unknown as Storage;
	return { ...followers, close: () => followed.close() };
}

/** A write looks each time, which is little beside the disk; a read does so now and then. */
const lookEveryMs = 500;

class FollowedFile {
	readonly #options: FollowOptions;
	store: Storage;
	#identity: string | null;
	#journal: string | null;
	#lookedAt = performance.now();
	#opening: Promise<Storage> | null = null;
	#closed = false;

	constructor(options: FollowOptions, store: Storage) {
		this.#options = options;
		this.store = store;
		this.#identity = identify(options.file);
		this.#journal = identify(`${options.file}-wal`);
	}

	/** The store on the file that is there. Rejects with `store_unavailable` when there is none. */
	present(isRead: boolean): Storage | Promise<Storage> {
		const now = performance.now();
		if (this.#closed || (isRead && this.#opening === null && now - this.#lookedAt < lookEveryMs)) return this.store;
		this.#lookedAt = now;
		const identity = identify(this.#options.file);
		if (identity !== null && identity === this.#identity) {
			this.#journal ??= identify(`${this.#options.file}-wal`);
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

	close(): Promise<void> {
		this.#closed = true;
		return this.store.close();
	}

	async #reopen(): Promise<Storage> {
		const { file, open, log } = this.#options;
		await this.store.close();
		// Nobody holds it any more, so the next file may get its number.
		this.#identity = null;
		const setAside = this.#setJournalAside();
		const store = await open().catch((cause: unknown) => {
			if (cause instanceof AuthError && cause.code !== "misconfigured") throw cause;
			throw new AuthError("store_unavailable", {
				detail: `${file} was replaced by what cannot serve: ${cause instanceof Error ? cause.message : String(cause)}`,
				retryAfterSeconds: 10,
				cause,
			});
		});
		this.store = store;
		this.#identity = identify(file);
		this.#journal = identify(`${file}-wal`);
		if (this.#closed) await store.close();
		log({ level: "warn", event: "database_replaced", file, ...(setAside !== null && { setAside }) });
		return store;
	}

	/** What was written into the journal belongs to the file that was there, and would be played into the new one. */
	#setJournalAside(): string | null {
		const { file } = this.#options;
		const journal = `${file}-wal`;
		if (this.#journal === null || identify(journal) !== this.#journal) return null;
		const kept = `${journal}-${Date.now()}`;
		renameSync(journal, kept);
		rmSync(`${file}-shm`, { force: true });
		return kept;
	}
}

/** Which file it is, whatever its name; `null` where there is none. */
function identify(path: string): string | null {
	const found = statSync(path, { throwIfNoEntry: false, bigint: true });
	return found === undefined ? null : `${found.dev} ${found.ino}`;
}

function isGone(file: string): AuthError {
	return new AuthError("store_unavailable", {
		detail: `${file} was moved away or removed while it was open. Put it back, or another in its place.`,
		retryAfterSeconds: 10,
	});
}
