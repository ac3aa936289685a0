import type { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import {
	type Build,
	type BuildRows,
	type OnStatement,
	type Parameters,
	prepare,
	prepareArray,
	prepareRows,
	type RowsStatement,
	type Statement,
} from "./prepared.ts";
import { isBusy, storeIsClosed, toStoreError } from "./sqlite-errors.ts";

export interface ConnectionOptions {
	/** The only one that this process has: each one's commit empties the page cache of every other. */
	database: DatabaseSync;
	clock: () => number;
	busyTimeoutMs: number;
	onStatement: OnStatement | undefined;
}

/** What a transaction returns in order to be rolled back and still answer. */
export class Undo<T> {
	readonly answer: T;
	constructor(answer: T) {
		this.answer = answer;
	}
}

/**
 * One database, open for as long as the store is. Work is synchronous; only the wait for another process's lock is not.
 * SQLite's own busy timeout would stop the event loop, so it is 0 and the wait happens here.
 */
export class SqliteConnection {
	readonly #options: ConnectionOptions;
	readonly #begin: () => void;
	readonly #commit: () => void;
	readonly #beginRead: () => void;
	#closed = false;

	constructor(options: ConnectionOptions) {
		this.#options = options;
		this.#begin = this.#command("BEGIN IMMEDIATE");
		this.#commit = this.#command("COMMIT");
		this.#beginRead = this.#command("BEGIN");
	}

	/** The database's clock. Read it inside the work, after the wait for the lock. */
	now(): number {
		return this.#options.clock();
	}

	prepare<P extends Parameters, R>(build: Build<P, R>): Statement<P, R> {
		return prepare(this.#options.database, build, this.#options.onStatement);
	}

	prepareArray<P extends Parameters, A extends readonly unknown[]>(
		build: Build<P, unknown>,
	): (parameters: P) => A | undefined {
		return prepareArray(this.#options.database, build, this.#options.onStatement);
	}

	prepareRows<Row extends Parameters, P extends Parameters, R>(build: BuildRows<Row, P, R>): RowsStatement<Row, P, R> {
		return prepareRows(this.#options.database, build, this.#options.onStatement);
	}

	/** Executes one statement on its own, waiting while the database is locked. */
	execute<T>(work: () => T): Promise<T> {
		if (this.#closed) return Promise.reject(storeIsClosed());
		try {
			return Promise.resolve(work());
		} catch (error) {
			return isBusy(error) ? this.#retry(work) : Promise.reject(toStoreError(error));
		}
	}

	/** Runs the work in a write transaction: all of it is stored, or nothing when it throws or returns {@link Undo}. */
	transaction<T>(work: () => T | Undo<T>): Promise<T> {
		return this.execute(() => {
			this.#begin();
			try {
				const result = work();
				if (result instanceof Undo) {
					this.#rollBack();
					return result.answer;
				}
				this.#commit();
				return result;
			} catch (error) {
				this.#rollBack();
				throw error;
			}
		});
	}

	/** Runs several reads on one state of the database. */
	snapshot<T>(work: () => T): Promise<T> {
		return this.execute(() => {
			this.#beginRead();
			try {
				const result = work();
				this.#commit();
				return result;
			} catch (error) {
				this.#rollBack();
				throw error;
			}
		});
	}

	/**
	 * Answers, each time it is called, whether another connection has committed anything since the last time, in this
	 * process or another (https://www.sqlite.org/pragma.html#pragma_data_version). Throws when that cannot be read.
	 */
	watchForeignCommits(): () => boolean {
		const sql = "PRAGMA data_version";
		const statement = this.#options.database.prepare(sql);
		statement.setReturnArrays(true);
		const read = () => (statement.get() as unknown as readonly unknown[])[0];
		let known = read();
		return () => {
			this.#options.onStatement?.(sql);
			const before = known;
			known = read();
			return known !== before;
		};
	}

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#options.database.close();
	}

	async #retry<T>(work: () => T): Promise<T> {
		const deadline = performance.now() + this.#options.busyTimeoutMs;
		for (let longest = 2; ; longest = Math.min(longest * 2, 32)) {
			// Jittered, so that waiting processes do not meet again.
			await sleep(1 + Math.random() * longest);
			if (this.#closed) throw storeIsClosed();
			try {
				return work();
			} catch (error) {
				if (!isBusy(error) || performance.now() >= deadline) throw toStoreError(error);
			}
		}
	}

	#command(sql: string): () => void {
		const statement = this.#options.database.prepare(sql);
		return () => {
			this.#options.onStatement?.(sql);
			statement.run();
		};
	}

	#rollBack(): void {
		const { database, onStatement } = this.#options;
		// After an I/O error or a full disk SQLite has rolled back by itself.
		if (!database.isTransaction) return;
		onStatement?.("ROLLBACK");
		database.exec("ROLLBACK");
	}
}
