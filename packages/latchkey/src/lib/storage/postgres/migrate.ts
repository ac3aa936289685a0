import { type AuthError, misconfigured } from "../../errors.ts";
import { checksum } from "../migrations/migration.ts";
import { migrations } from "../migrations/migrations.ts";
import type { AppliedMigration, MigrationStatus, PlannedMigration } from "../sqlite/migrate.ts";
import { parseDatabaseUrl } from "./database-url.ts";
import { ask, inspectServer, readStatus, type Server } from "./inspect.ts";
import { ownTables, quoted, withPrefix } from "./names.ts";
import { changeTables } from "./patient-transaction.ts";
import { createPool, type OwnPool, type PostgresClient } from "./pool.ts";
import { reasonOf, sqlState } from "./postgres-errors.ts";
import { toStartError } from "./start-errors.ts";

/**
 * What the database holds and what it lacks. Writes nothing. Throws `misconfigured`, one line with the cure, for one that
 * this version must not touch.
 */
export async function migrationStatus(url: string): Promise<MigrationStatus> {
	return withServer(url, (client, server) => readStatus(client, server));
}

/** The migrations that `applyMigrations` would apply, with their SQL. Writes nothing. */
export async function planMigrations(url: string): Promise<readonly PlannedMigration[]> {
	return (await migrationStatus(url)).pending;
}

/**
 * Applies what is pending, in one transaction, also beside foreign tables; creates the schema if it is missing. Answers
 * what it applied. Any number of processes may do so at once: one applies, the others find nothing to do. Rejects with
 * `store_unavailable`, and has changed nothing, when the tables are in use for so long that others would wait behind it.
 */
export async function applyMigrations(url: string): Promise<readonly AppliedMigration[]> {
	return withServer(url, (client, server) => migrate(client, server, undefined));
}

/** Refuses with the cure where migrations are pending that may not be applied unasked. */
export function requireMigrated({ label, names }: Server, status: MigrationStatus, policy: "ours" | "never"): void {
	const { pending, foreignTables } = status;
	if (pending.length === 0 || (policy === "ours" && foreignTables.length === 0)) return;
	const why = policy === "ours" ? `holds other tables too in the schema ${names.schema}, and ` : "";
	throw misconfigured(
		`${label} ${why}lacks ${pending.length} of latchkey's migrations. To apply them, run: npx latchkey migrate`,
	);
}

/** Applies what is pending on a connection that is held. */
export async function migrate(
	client: PostgresClient,
	server: Server,
	clock: (() => number) | undefined,
): Promise<readonly AppliedMigration[]> {
	const { schema } = server.names;
	try {
		return await changeTables(client, {
			label: server.label,
			// The transaction's own lock, which a pooler cannot leave behind with somebody else.
			prepare: () => ask(client, "SELECT pg_advisory_xact_lock(hashtext('latchkey migrate'), hashtext($1))", [schema]),
			change: async () => {
				// Read again under the lock: another process may have come first.
				const { pending } = await readStatus(client, server);
				if (pending.length > 0) await enterSchema(client, schema);
				const applied: AppliedMigration[] = [];
				for (const migration of pending) applied.push(await apply(client, server, migration, clock?.() ?? null));
				return applied;
			},
		});
	} catch (error) {
		throw lacksRight(error) ? await notAllowed(client, server, error) : error;
	}
}

async function enterSchema(client: PostgresClient, schema: string): Promise<void> {
	const known = await ask(client, "SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1", [schema]);
	// Not IF NOT EXISTS, which asks for the right to create also when there is nothing to do.
	if (known.length === 0) await ask(client, `CREATE SCHEMA ${quoted(schema)}`);
	await ask(client, `SET LOCAL search_path TO ${quoted(schema)}`);
}

async function apply(
	client: PostgresClient,
	{ label, names }: Server,
	{ version, name, statements }: PlannedMigration,
	at: number | null,
): Promise<AppliedMigration> {
	await requireFinished(client, { label, names }, statements);
	try {
		for (const statement of statements) await ask(client, statement);
	} catch (cause) {
		if (!sqlState(cause)?.startsWith("42") || lacksRight(cause)) throw cause;
		throw misconfigured(`Migration ${version} does not fit ${label}: ${reasonOf(cause)}. Nothing was changed.`, cause);
	}
	const known = migrations.find((migration) => migration.version === version)!;
	await ask(client, withPrefix(migrationTable, names.prefix));
	const [row] = await ask<{ applied_at: number }>(
		client,
		withPrefix(
			`INSERT INTO latchkey_migration (version, name, checksum, applied_at)
			SELECT $1::integer, $2::text, $3::text,
				coalesce($4::bigint, floor(extract(epoch from statement_timestamp()) * 1000)::bigint)
			RETURNING applied_at`,
			names.prefix,
		),
		[version, name, checksum(known.postgres), at],
	);
	return { version, name, appliedAt: row!.applied_at };
}

/** What was made by hand beforehand stays as it is: an index that was interrupted would be there and never be used. */
async function requireFinished(
	client: PostgresClient,
	{ label, names: { schema } }: Pick<Server, "label" | "names">,
	statements: readonly string[],
): Promise<void> {
	const made = statements.flatMap((statement) => statement.match(/^CREATE INDEX IF NOT EXISTS (\w+)/)?.[1] ?? []);
	const [unfinished] = await ask<{ name: string }>(
		client,
		`SELECT c.relname::text AS name FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
		WHERE c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace AS n WHERE n.nspname = $1)
			AND c.relname = ANY($2) AND NOT i.indisvalid
		LIMIT 1`,
		[schema, made],
	);
	if (unfinished === undefined) return;
	throw misconfigured(
		`${label} has an index that is unfinished: wait if it is being made, or DROP INDEX ${quoted(schema)}.${quoted(unfinished.name)}; then run: npx latchkey migrate`,
	);
}

const migrationTable = `CREATE TABLE IF NOT EXISTS latchkey_migration (
	version integer NOT NULL PRIMARY KEY,
	name text NOT NULL,
	checksum text NOT NULL,
	applied_at bigint NOT NULL
)`;

/** Also where the schema on the search path cannot be seen, which then is as if it were not there. */
function lacksRight(error: unknown): boolean {
	return sqlState(error) === "42501" || sqlState(error) === "3F000";
}

/** What the role may not do, and who may: it is asked after the transaction is over. */
async function notAllowed(client: PostgresClient, { label, user, names }: Server, cause: unknown): Promise<AuthError> {
	const [found] = await ask<{ owner: string | null; exists: boolean }>(
		client,
		`SELECT (SELECT pg_get_userbyid(c.relowner)::text FROM pg_catalog.pg_class AS c
				WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p') AND c.relname = ANY($2)
					AND NOT pg_has_role(c.relowner, 'USAGE')
				LIMIT 1) AS owner, n.oid IS NOT NULL AS exists
		FROM (SELECT) AS one LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = $1`,
		[names.schema, ownTables(names.prefix)],
	);
	const { owner, exists } = found!;
	const schema = quoted(names.schema);
	const reason = reasonOf(cause);
	if (owner !== null) {
		return misconfigured(
			`The tables at ${label} belong to ${owner}, and ${user} may not change them (${reason}). Run as ${owner}: npx latchkey migrate`,
			cause,
		);
	}
	const [what, cure] = exists
		? [`tables in ${schema}`, `GRANT USAGE, CREATE ON SCHEMA ${schema} TO ${quoted(user)}`]
		: [`the schema ${schema}`, `CREATE SCHEMA ${schema} AUTHORIZATION ${quoted(user)}`];
	return misconfigured(
		`${label} does not let ${user} create ${what} (${reason}). Run npx latchkey migrate as a role that may, or allow it: ${cure}`,
		cause,
	);
}

async function withServer<T>(url: string, work: (client: PostgresClient, server: Server) => Promise<T>): Promise<T> {
	const parsed = parseDatabaseUrl(url);
	const pool = await createSetupPool(parsed.connectionString);
	try {
		return await withClient(pool, async (client) => work(client, await inspectServer(client, parsed)));
	} catch (error) {
		throw toStartError(error, parsed.label);
	} finally {
		await pool.end();
	}
}

/** One connection, without a limit to how long a statement may take. */
export function createSetupPool(connectionString: string): Promise<OwnPool> {
	return createPool({ connectionString, max: 1, connectTimeoutMs: 5000, statementTimeoutMs: null });
}

/** Holds a connection for several statements. */
export async function withClient<T>(
	pool: Pick<OwnPool, "connect">,
	work: (client: PostgresClient) => Promise<T>,
): Promise<T> {
	const client = await pool.connect();
	// What it says is also what the statement under way rejects with; unheard, the event would end the process.
	client.on("error", () => {});
	let sound = false;
	try {
		const result = await work(client);
		sound = true;
		return result;
	} finally {
		// After a failure, something may be left of the transaction.
		client.release(!sound);
	}
}
