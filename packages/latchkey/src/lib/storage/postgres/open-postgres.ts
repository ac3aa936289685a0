import { createHash } from "node:crypto";
import type { Logger } from "../../log.ts";
import type { Storage } from "../storage.ts";
import { auditOperations } from "./audit-events.ts";
import { PostgresConnection, takeClient } from "./connection.ts";
import { createUserOperation } from "./create-user.ts";
import { checkName, type DatabaseUrl, parseDatabaseUrl } from "./database-url.ts";
import { deleteUserOperation } from "./delete-user.ts";
import { deletionOperations } from "./deletions.ts";
import { emailOperations } from "./emails.ts";
import { behindPooler } from "./ended-channel.ts";
import { exportUserOperation } from "./export-user.ts";
import { factorOperations } from "./factors.ts";
import { inspectServer, readStatus, requireRights, type Server } from "./inspect.ts";
import type { Stopwatch } from "./lease.ts";
import { mailOperations } from "./mails.ts";
import { createSetupPool, migrate, requireMigrated, withClient } from "./migrate.ts";
import { requireNoMove } from "./move-mark.ts";
import { defaultPrefix, type TableNames } from "./names.ts";
import { oauthOperations } from "./oauth.ts";
import { passkeyOperations } from "./passkeys.ts";
import { passwordOperations } from "./passwords.ts";
import { connectAlone, createPool, type OwnPool, type PostgresClient, type PostgresPool } from "./pool.ts";
import { readSessionOperation } from "./read-session.ts";
import { rememberWhileHearing } from "./remember-sessions.ts";
import { renewalOperations } from "./renewal.ts";
import { connectToSame } from "./same-database.ts";
import { sessionOperations } from "./sessions.ts";
import { toStartError } from "./start-errors.ts";
import { throttleOperations } from "./throttle.ts";
import { tokenOperations } from "./tokens.ts";
import { trustedDeviceOperations } from "./trusted-devices.ts";
import { upkeepOperations } from "./upkeep.ts";
import { userOperations } from "./users.ts";

export interface OpenPostgresOptions {
	/** Where the database is, with `?schema=` and `?prefix=` if the tables are to have others. Or a `pool`. */
	url?: string;
	/** A pool that there is already. It stays open when the store closes. */
	pool?: PostgresPool;
	/** With a pool: the schema of the tables. Default: the first that the server would look in. */
	schema?: string;
	/** With a pool: what the tables' names begin with. Default `latchkey_`. */
	prefix?: string;
	/** For tests: the time, in the place of the database's. */
	clock?: () => number;
	/**
	 * `ours` (default): applies pending migrations if the schema holds no tables but latchkey's, else refuses to open
	 * while any are pending. `never`: always refuses then.
	 */
	migrate?: "ours" | "never";
	/** The same database past a pooler, to listen to. Default: `url` or `pool`, if that is direct. */
	directUrl?: string;
	/** How many live sessions are remembered at most. 0: none. Default: 10,000. */
	rememberedSessions?: number;
	/** For tests: the two clocks by which memory is believed. */
	stopwatch?: Stopwatch;
	/** Receives what an operator may want to know. Default: nobody. */
	log?: Logger;
	/** Called with every statement that is executed once the store is open. */
	onStatement?: (sql: string) => void;
	/** How many connections of its own at most. Default: 10. */
	maxConnections?: number;
	/** How long a call waits for a connection. Default: 5000. */
	connectTimeoutMs?: number;
	/** How long a statement may take. Default: 5000. */
	statementTimeoutMs?: number;
}

/** Left to the server to say itself that a statement took too long, before nobody waits for its answer any more. */
const answerMarginMs = 1000;

/**
 * Opens the store on PostgreSQL, for any number of processes on any number of machines. Rejects with `misconfigured`, one
 * line with the cure, when the database cannot serve, and with `store_unavailable` when it cannot be reached just now.
 */
export async function openPostgres(options: OpenPostgresOptions): Promise<Storage> {
	const database = describeDatabase(options);
	const direct =
		options.directUrl === undefined ? null : parseDatabaseUrl(options.directUrl, "AUTH_DATABASE_DIRECT_URL");
	const { connectTimeoutMs = 5000, statementTimeoutMs = 5000 } = options;
	const answerTimeoutMs = statementTimeoutMs + answerMarginMs;
	// The pool's own words come first, where it has any.
	const freeWithinMs = connectTimeoutMs + answerMarginMs;
	const server = await setUp(options, database, { freeWithinMs, answerTimeoutMs });
	const own =
		options.pool === undefined
			? await createPool({
					connectionString: database.connectionString,
					max: options.maxConnections ?? 10,
					connectTimeoutMs,
					statementTimeoutMs: server.isDirect ? statementTimeoutMs : null,
				})
			: null;
	const pool = own ?? options.pool!;
	const channel = channelOf(server.names);
	const connection = new PostgresConnection({
		pool,
		names: server.names,
		channel,
		clock: options.clock,
		named: server.isDirect,
		connectTimeoutMs: freeWithinMs,
		answerTimeoutMs,
		onStatement: options.onStatement,
	});
	const storage = createStorage(connection, own);
	const { rememberedSessions: max = 10_000, log = () => {} } = options;
	if (!server.isDurable) log({ level: "warn", event: "commits_not_durable", reason: notDurable });
	const listenThere = () => connectToSame(direct!.connectionString, connection);
	const connect = direct === null ? listener(options, server, database, log) : listenThere;
	if (max === 0 || connect === null) return storage;
	const { clock, stopwatch } = options;
	return rememberWhileHearing(storage, { connect, channel, max, clock, stopwatch, log });
}

/** How to connect in order to listen; `null`, said in the log, where that is not possible. */
function listener(
	{ pool, rememberedSessions }: OpenPostgresOptions,
	{ isDirect }: Server,
	{ connectionString }: DatabaseUrl,
	log: Logger,
): (() => Promise<PostgresClient>) | null {
	const isSmall = pool?.options?.max === 1;
	if (isDirect && !isSmall) return pool === undefined ? () => connectAlone(connectionString) : () => pool.connect();
	if (rememberedSessions === 0) return null;
	log({ level: "warn", event: "session_memory_off", reason: isSmall ? tooSmall : behindPooler });
	return null;
}

const notDurable =
	"synchronous_commit is off: what was acknowledged in the moment before PostgreSQL crashes is lost, and a session that was ended then is live again. Set it to on, or local, for this user.";

const tooSmall =
	"The pool has a single connection, so none to listen on, and each check asks the database. Let it have more, or give the database's address in AUTH_DATABASE_DIRECT_URL.";

function describeDatabase({ url, pool, schema, prefix }: OpenPostgresOptions): DatabaseUrl {
	if (url !== undefined && pool === undefined) return parseDatabaseUrl(url);
	if (pool === undefined) throw new TypeError("openPostgres() needs a url or a pool");
	return {
		connectionString: "",
		schema: checkName("schema beside the pool", schema ?? null),
		prefix: checkName("prefix beside the pool", prefix ?? null) ?? defaultPrefix,
		label: "The database of the given pool",
	};
}

/** Looks at the database, and migrates it where that is ours to do. */
async function setUp(
	options: OpenPostgresOptions,
	database: DatabaseUrl,
	{ freeWithinMs, answerTimeoutMs }: { freeWithinMs: number; answerTimeoutMs: number },
): Promise<Server> {
	const own = options.pool === undefined ? await createSetupPool(database.connectionString) : null;
	const given = { connect: () => takeClient(options.pool!, freeWithinMs) };
	try {
		return await withClient(own ?? given, async (client) => {
			const server = await inspectServer(client, database, answerTimeoutMs);
			const status = await readStatus(client, server);
			requireMigrated(server, status, options.migrate ?? "ours");
			if (status.pending.length > 0) await migrate(client, server, options.clock);
			await requireNoMove(client, server);
			await requireRights(client, server);
			return server;
		});
	} catch (error) {
		throw toStartError(error, database.label, own === null ? "the options of the pool" : undefined);
	} finally {
		await own?.end();
	}
}

/** One for each set of tables; at most 63 bytes long, whatever they are called. */
function channelOf({ schema, prefix }: TableNames): string {
	return `latchkey_${createHash("sha256").update(`${schema}.${prefix}`).digest("hex").slice(0, 32)}`;
}

function createStorage(connection: PostgresConnection, own: OwnPool | null): Storage {
	let closing: Promise<void> | null = null;
	return {
		...readSessionOperation(connection),
		...sessionOperations(connection),
		...renewalOperations(connection),
		...createUserOperation(connection),
		...userOperations(connection),
		...passwordOperations(connection),
		...deleteUserOperation(connection),
		...exportUserOperation(connection),
		...throttleOperations(connection),
		...tokenOperations(connection),
		...auditOperations(connection),
		...mailOperations(connection),
		...emailOperations(connection),
		...deletionOperations(connection),
		...upkeepOperations(connection),
		...oauthOperations(connection),
		...factorOperations(connection),
		...passkeyOperations(connection),
		...trustedDeviceOperations(connection),
		close: () => {
			connection.close();
			closing ??= own?.end() ?? Promise.resolve();
			return closing;
		},
	};
}
