import { Socket } from "node:net";
import { misconfigured } from "../../errors.ts";
import { sqlState } from "./postgres-errors.ts";

/** What we ask of a pool of PostgreSQL connections. A `Pool` of `pg` is one. */
export interface PostgresPool {
	connect(): Promise<PostgresClient>;
	/** With `max` 1 there is no connection left to listen on. */
	readonly options?: { readonly max?: number | undefined };
}

/** What we ask of one of its connections. */
export interface PostgresClient {
	/** The server process that this connection was told it has. A pooler in between tells something else. */
	processID?: number | null;
	query(query: PostgresQuery): Promise<PostgresResult>;
	/** `I` outside of a transaction; `null` before the server has said so. Older versions of `pg` cannot tell. */
	getTransactionStatus?(): string | null;
	/** Gives the connection back; with `true` it is closed instead. */
	release(destroy?: boolean): void;
	on(event: "error" | "end", listener: (error?: Error) => void): unknown;
	on(event: "notification", listener: (message: PostgresNotification) => void): unknown;
}

export interface PostgresQuery {
	text: string;
	values?: unknown[];
	/** Prepared under this name on each connection, and only bound and executed from then on. */
	name?: string;
	types?: { getTypeParser(oid: number, format?: unknown): (text: string) => unknown };
	/** Milliseconds after which the answer is not waited for any more. */
	query_timeout?: number;
}

export interface PostgresResult {
	rows: unknown[];
	rowCount: number | null;
}

export interface PostgresNotification {
	channel: string;
	payload?: string | undefined;
}

/** A pool of our own, which can be closed. */
export interface OwnPool extends PostgresPool {
	end(): Promise<void>;
}

export interface PoolOptions {
	/** As `pg` takes it. */
	connectionString: string;
	/** How many connections at most. */
	max: number;
	/** How long somebody waits for a connection, new or given back. */
	connectTimeoutMs: number;
	/** What the server gives up on; `null` where a pooler stands between, which would refuse this setting and others. */
	statementTimeoutMs: number | null;
}

/**
 * Every row is found by a key, whatever its value, so a connection plans each statement once. Left to choose, the server plans
 * some of them anew at each execution, which takes longer than executing them.
 */
const onePlan = "-c plan_cache_mode=force_generic_plan";

/** Opens a pool; nothing is connected yet. `pg` is loaded here, and nowhere else. */
export async function createPool(options: PoolOptions): Promise<OwnPool> {
	const { Pool } = await loadPg();
	const pool = new Pool({
		connectionString: options.connectionString,
		max: options.max,
		connectionTimeoutMillis: options.connectTimeoutMs,
		idleTimeoutMillis: 30_000,
		keepAlive: true,
		allowExitOnIdle: true,
		fallback_application_name: "latchkey",
		...(options.statementTimeoutMs !== null && {
			statement_timeout: options.statementTimeoutMs,
			options: [process.env.PGOPTIONS, onePlan].filter(Boolean).join(" "),
		}),
	});
	// A connection that dies while nobody uses it is replaced by the next one; unheard, the event ends the process.
	pool.on("error", () => {});
	// The same of one that dies in the moment at which it is ready, before whoever waits for it has it.
	pool.on("connect", (client) => client.on("error", () => {}));
	return {
		async connect() {
			try {
				return await pool.connect();
			} catch (error) {
				// A pooler was put in between since. Then an answer is waited for as long, and no longer, all the same.
				if (options.statementTimeoutMs === null || !refusesSettings(error)) throw error;
				Object.assign(pool.options, { statement_timeout: false, options: undefined });
				return pool.connect();
			}
		},
		end: () => pool.end(),
	};
}

/** As PgBouncer and RDS Proxy say that a connection is to begin without settings of its own. */
function refusesSettings(error: unknown): boolean {
	return /^(08P01|0A000)$/.test(sqlState(error) ?? "");
}

/** For the connection that listens: while it is not there, the database is asked, so nothing is lost by trying again. */
const listenTimeoutMs = 2000;

/** Connects once, outside of any pool. The connection does not keep the process alive. */
export async function connectAlone(
	connectionString: string,
	connectTimeoutMs = listenTimeoutMs,
): Promise<PostgresClient> {
	const { Client } = await loadPg();
	const socket = new Socket();
	const client = new Client({
		connectionString,
		connectionTimeoutMillis: connectTimeoutMs,
		keepAlive: true,
		fallback_application_name: "latchkey",
		stream: () => socket,
	});
	// Whoever asks is told by the rejection; unheard, the event ends the process.
	client.on("error", () => {});
	try {
		await client.connect();
	} catch (error) {
		socket.destroy();
		throw error;
	}
	socket.unref();
	// Not `end`, which waits for a server that may be silent.
	return Object.assign(client, { release: () => void socket.destroy() });
}

/** @throws {AuthError} `misconfigured` when it is not installed. */
async function loadPg(): Promise<typeof import("pg")> {
	try {
		// Whoever stays on SQLite builds without it, and without a warning.
		return await import(/* turbopackOptional: true */ "pg");
	} catch (cause) {
		if (!/^(ERR_)?MODULE_NOT_FOUND$/.test((cause as NodeJS.ErrnoException).code ?? "")) throw cause;
		throw misconfigured("AUTH_DATABASE_URL names PostgreSQL, which needs the package pg; run: npm install pg", cause);
	}
}
