import type { TableNames } from "./names.ts";
import type { PostgresClient, PostgresPool, PostgresQuery, PostgresResult } from "./pool.ts";
import {
	foundQueueFull,
	leavesConnectionSound,
	lostPrepared,
	storeIsClosed,
	toStoreError,
	wasUndone,
} from "./postgres-errors.ts";
import { type Build, type Parameters, type Prepared, prepare, resultTypes } from "./prepared.ts";

export interface ConnectionOptions {
	pool: PostgresPool;
	names: TableNames;
	/** Where other instances hear of what ended. */
	channel: string;
	/** A test's time, which then stands in the place of the database's. */
	clock: (() => number) | undefined;
	/** Whether statements may be prepared by name, which a pooler may not carry from one connection to the next. */
	named: boolean;
	/** After which nobody waits for a connection any more, also where the pool itself would wait for ever. */
	connectTimeoutMs: number;
	/** After which nobody waits for an answer any more. */
	answerTimeoutMs: number;
	onStatement: ((sql: string) => void) | undefined;
}

/** One statement and nothing around it: atomic at READ COMMITTED, in one round trip. */
export interface Statement<P, R> {
	readonly sql: string;
	all(parameters: P): Promise<R[]>;
	first(parameters: P): Promise<R | undefined>;
}

const attempts = 4;

/** More than a pool has whose owner forgot to end a transaction now and then. */
const mostClosed = 100;

/** The database, for as long as the store is open. */
export class PostgresConnection {
	readonly #options: ConnectionOptions;
	readonly #heard = new WeakSet<PostgresClient>();
	#named: boolean;
	#closed = false;

	constructor(options: ConnectionOptions) {
		this.#options = options;
		this.#named = options.named;
	}

	prepare<P extends Parameters, R>(build: Build<P, R>): Statement<P, R> {
		const prepared = prepare(build, this.#options.names);
		const all = (parameters: P) => this.#execute(prepared, parameters) as Promise<R[]>;
		return { sql: prepared.sql, all, first: async (parameters) => (await all(parameters))[0] };
	}

	/**
	 * The same after a statement that locks, in one transaction. Whatever was stored before the lock was had is seen, which
	 * a statement that waits for a lock of its own does not see. Four round trips: for what happens seldom.
	 */
	prepareBehind<P extends Parameters, R>(lock: Build<P, unknown>, build: Build<P, R>): Statement<P, R> {
		const [before, prepared] = [prepare(lock, this.#options.names), prepare(build, this.#options.names)];
		const all = (parameters: P) => this.#execute(prepared, parameters, before) as Promise<R[]>;
		return { sql: prepared.sql, all, first: async (parameters) => (await all(parameters))[0] };
	}

	close(): void {
		this.#closed = true;
	}

	async #execute(prepared: Prepared, parameters: Parameters, lock?: Prepared): Promise<unknown[]> {
		const { clock, channel, answerTimeoutMs, onStatement } = this.#options;
		const given = { ...parameters, at: clock?.() ?? null, channel };
		const toQuery = ({ name, sql, values }: Prepared): PostgresQuery => ({
			text: sql,
			values: values(given),
			types: resultTypes,
			query_timeout: answerTimeoutMs,
			...(this.#named && { name }),
		});
		const statements = lock === undefined ? [prepared] : [lock, prepared];
		for (let attempt = 1; ; attempt++) {
			if (this.#closed) throw storeIsClosed();
			try {
				for (const { sql } of statements) onStatement?.(sql);
				return (await this.#query(statements.map(toQuery))).rows;
			} catch (error) {
				if (attempt === attempts || !(await this.#mayTryAgain(error))) throw toStoreError(error);
			}
		}
	}

	/** Whether this was undone whole for a reason that may be gone. */
	async #mayTryAgain(error: unknown): Promise<boolean> {
		if (lostPrepared(error)) {
			// Whatever it was, it may happen on every connection from now on.
			this.#named = false;
			return true;
		}
		if (foundQueueFull(error)) {
			// Those who told more are refused, and nobody else lets go of what has been heard by all: this question does.
			const text = "SELECT pg_notification_queue_usage()";
			return this.#query([{ text, query_timeout: this.#options.answerTimeoutMs }]).then(
				() => true,
				() => false,
			);
		}
		// That a deadlock was seen took the other side on.
		return wasUndone(error);
	}

	// Not `pool.query`: it closes the connection after every error, also one that only says that a name is taken.
	async #query(queries: readonly PostgresQuery[]): Promise<PostgresResult> {
		const client = await takeClient(this.#options.pool, this.#options.connectTimeoutMs);
		if (!this.#heard.has(client)) {
			this.#heard.add(client);
			// The query rejects as well; the event, unheard, would end the process.
			client.on("error", () => {});
		}
		let sound = false;
		try {
			const [only] = queries;
			const result = await (queries.length === 1 ? client.query(only!) : this.#together(client, queries));
			sound = true;
			return result;
		} catch (error) {
			sound = leavesConnectionSound(error);
			throw error;
		} finally {
			client.release(!sound);
		}
	}

	/** All of them or none. Whoever vanishes on the way holds a lock for no longer than an answer may take. */
	async #together(client: PostgresClient, queries: readonly PostgresQuery[]): Promise<PostgresResult> {
		const { answerTimeoutMs: query_timeout } = this.#options;
		const begin = `begin isolation level read committed;
			set local idle_in_transaction_session_timeout = ${Math.ceil(query_timeout)}`;
		try {
			await client.query({ text: begin, query_timeout });
			const results: PostgresResult[] = [];
			for (const query of queries) results.push(await client.query(query));
			await client.query({ text: "commit", query_timeout });
			return results.at(-1)!;
		} catch (error) {
			if (leavesConnectionSound(error)) await client.query({ text: "rollback", query_timeout });
			throw error;
		}
	}
}

/** A connection on which nobody has left a transaction open: what is written in it, its owner could still undo. */
export async function takeClient(pool: PostgresPool, timeoutMs: number): Promise<PostgresClient> {
	for (let closed = 0; closed < mostClosed; closed++) {
		const client = await connectWithin(pool, timeoutMs);
		if ((client.getTransactionStatus?.() ?? "I") === "I") return client;
		client.release(true);
	}
	throw new Error("Each connection of the pool comes with a transaction that somebody left open");
}

async function connectWithin(pool: PostgresPool, timeoutMs: number): Promise<PostgresClient> {
	const connecting = pool.connect();
	const { promise: tooLate, reject } = Promise.withResolvers<never>();
	const timer = setTimeout(() => {
		// What comes now is for whoever stands next in line.
		connecting.then(
			(client) => client.release(),
			() => {},
		);
		reject(new Error("No connection became free in time"));
	}, timeoutMs);
	try {
		return await Promise.race([connecting, tooLate]);
	} finally {
		clearTimeout(timer);
	}
}
