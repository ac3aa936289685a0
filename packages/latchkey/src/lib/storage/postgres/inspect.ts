import { type AuthError, misconfigured } from "../../errors.ts";
import { checksum } from "../migrations/migration.ts";
import { migrations } from "../migrations/migrations.ts";
import type { AppliedMigration, MigrationStatus, PlannedMigration } from "../sqlite/migrate.ts";
import { ownTables, quoted, type TableNames, withPrefix } from "./names.ts";
import type { PostgresClient } from "./pool.ts";
import { reasonOf, sqlState } from "./postgres-errors.ts";
import { resultTypes } from "./prepared.ts";

/** PostgreSQL 14: the oldest that its makers still mend. */
const oldestVersion = 14;

/** What a server says of itself and of the connection to it. */
export interface Server {
	names: TableNames;
	label: string;
	user: string;
	/** Whether the connection leads to the server itself, and not to a pooler that hands out another each time. */
	isDirect: boolean;
	/** Whether what is committed outlives the server, if it crashes the next moment. */
	isDurable: boolean;
}

/** Runs one statement on a connection that is held, for as long as it takes, or up to `timeoutMs`. */
export async function ask<R>(
	client: PostgresClient,
	text: string,
	values: unknown[] = [],
	timeoutMs?: number,
): Promise<R[]> {
	const limit = timeoutMs === undefined ? {} : { query_timeout: timeoutMs };
	return (await client.query({ text, values, types: resultTypes, ...limit })).rows as R[];
}

/** A pooler whose server is away takes a connection, and says nothing on it. */
const answerWithinMs = 6000;

/** Looks at the server without writing anything. @throws {AuthError} `misconfigured` for one that can never serve. */
export async function inspectServer(
	client: PostgresClient,
	{ label, schema, prefix }: { label: string; schema: string | null; prefix: string },
	timeoutMs = answerWithinMs,
): Promise<Server> {
	const [found] = await ask<{
		version: number;
		pid: number;
		schema: string | null;
		encoding: string;
		readOnly: boolean;
		isolation: string;
		isDurable: boolean;
		user: string;
		counted: unknown;
	}>(
		client,
		`SELECT current_setting('server_version_num')::int AS version, pg_backend_pid() AS pid,
			coalesce($1::text, current_schema()::text) AS schema, current_setting('server_encoding') AS encoding,
			current_setting('transaction_read_only') = 'on' AS "readOnly",
			current_setting('transaction_isolation') AS isolation,
			current_setting('synchronous_commit') <> 'off' AS "isDurable", current_user::text AS user,
			1::bigint AS counted`,
		[schema],
		timeoutMs,
	);
	const { version, pid, encoding, readOnly, isolation, user } = found!;
	const major = Math.floor(version / 10_000);
	if (major < oldestVersion) {
		throw misconfigured(`${label} is version ${major}; latchkey needs PostgreSQL ${oldestVersion} or later`);
	}
	if (found!.counted !== 1) {
		throw misconfigured(`${label} is read by a driver with ways of its own, as pg-native; give a Pool of pg`);
	}
	if (encoding !== "UTF8") {
		throw misconfigured(`The database of ${label} is encoded as ${encoding}; name one with ENCODING 'UTF8'`);
	}
	if (readOnly) {
		throw misconfigured(`${label} takes no writes: it is a replica, or set to read-only; name the primary`);
	}
	if (isolation !== "read committed") {
		throw misconfigured(
			`${label} runs every transaction at ${isolation}, where those that meet fail; to change it: ALTER ROLE ${quoted(user)} SET default_transaction_isolation = 'read committed'`,
		);
	}
	if (found!.schema === null) {
		throw misconfigured(
			`${label} lets ${user} use no schema; name one with ?schema=auth at the end of AUTH_DATABASE_URL`,
		);
	}
	const { isDurable } = found!;
	return { names: { schema: found!.schema, prefix }, label, user, isDirect: client.processID === pid, isDurable };
}

/** What the schema holds and what it lacks. Writes nothing. */
export async function readStatus(client: PostgresClient, server: Server): Promise<MigrationStatus> {
	const { schema, prefix } = server.names;
	// What an extension brought along is nobody's table.
	const found = await ask<{ name: string }>(
		client,
		`SELECT c.relname::text AS name FROM pg_catalog.pg_class AS c
		WHERE c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace AS n WHERE n.nspname = $1)
			AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
			AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
				WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
		ORDER BY 1`,
		[schema],
	);
	const tables = found.map(({ name }) => name);
	const applied = tables.includes(`${prefix}migration`) ? await readApplied(client, server) : [];
	const ours = new Set(ownTables(prefix));
	const versions = new Set(applied.map(({ version }) => version));
	return {
		applied,
		pending: migrations
			.filter(({ version }) => !versions.has(version))
			.map((migration): PlannedMigration => ({ ...migration, statements: statementsOf(migration.postgres, prefix) })),
		foreignTables: tables.filter((name) => !ours.has(name)),
	};
}

/** The statements of a migration for tables with this prefix. */
function statementsOf(statements: readonly string[], prefix: string): readonly string[] {
	return statements.map((statement) => withPrefix(statement, prefix));
}

async function readApplied(client: PostgresClient, { names, label, user }: Server): Promise<AppliedMigration[]> {
	const name = `${names.prefix}migration`;
	const rows = await ask<{ version: number; name: string; checksum: string; applied_at: number }>(
		client,
		`SELECT version, name, checksum, applied_at FROM ${quoted(names.schema)}.${quoted(name)} ORDER BY version`,
	).catch((cause: unknown) => {
		if (sqlState(cause) !== "42501") throw cause;
		const cure = `GRANT USAGE ON SCHEMA ${quoted(names.schema)} TO ${quoted(user)}; ${grantTables(names, user)}`;
		throw misconfigured(`${label} does not let ${user} read ${name} (${reasonOf(cause)}). To allow it: ${cure}`, cause);
	});
	return rows.map((row) => {
		const known = migrations.find(({ version }) => version === row.version);
		if (known === undefined) throw tooNew(label, row.version);
		if (checksum(known.postgres) !== row.checksum) throw edited(label, row.version);
		return { version: row.version, name: row.name, appliedAt: row.applied_at };
	});
}

function tooNew(label: string, version: number): AuthError {
	return misconfigured(
		`${label} was made by a newer version of latchkey: this one does not know migration ${version}. Update latchkey.`,
	);
}

function edited(label: string, version: number): AuthError {
	return misconfigured(
		`Migration ${version} was edited after it had been applied to ${label}. Install the version of latchkey that applied it.`,
	);
}

/** @throws {AuthError} `misconfigured` when the role may not do what every day asks of it, or would see no rows. */
export async function requireRights(client: PostgresClient, { names, label, user }: Server): Promise<void> {
	const missing = await ask<{ table: string; right: string }>(
		client,
		`SELECT c.relname::text AS "table", wanted.privilege AS "right"
		FROM pg_catalog.pg_class AS c, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS wanted(privilege)
		WHERE c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace AS n WHERE n.nspname = $1)
			AND c.relkind IN ('r', 'p') AND c.relname = ANY($2) AND c.relname <> $3 || 'migration'
			AND NOT has_table_privilege(c.oid, wanted.privilege)
		LIMIT 1`,
		[names.schema, ownTables(names.prefix), names.prefix],
	);
	const [first] = missing;
	if (first === undefined) return requireRows(client, { names, label, user });
	throw misconfigured(
		`${label} does not let ${user} ${first.right} in ${first.table}. To allow it: ${grantTables(names, user)}`,
	);
}

function grantTables({ schema }: TableNames, user: string): string {
	return `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${quoted(schema)} TO ${quoted(user)}`;
}

/** Without a policy, row level security answers everybody but the owner as if the table were empty. */
async function requireRows(
	client: PostgresClient,
	{ names, label, user }: Pick<Server, "names" | "label" | "user">,
): Promise<void> {
	const [hidden] = await ask<{ table: string }>(
		client,
		`SELECT c.relname::text AS "table" FROM pg_catalog.pg_class AS c
		WHERE c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace AS n WHERE n.nspname = $1)
			AND c.relkind IN ('r', 'p') AND c.relname = ANY($2) AND row_security_active(c.oid)
			AND NOT EXISTS (SELECT FROM pg_catalog.pg_policy AS policy WHERE policy.polrelid = c.oid)
		LIMIT 1`,
		[names.schema, ownTables(names.prefix)],
	);
	if (hidden === undefined) return;
	throw misconfigured(
		`${label} hides every row of ${hidden.table} from ${user} (row level security without a policy). Connect as the owner of the tables, or for each: ALTER TABLE ${quoted(names.schema)}.${quoted(hidden.table)} DISABLE ROW LEVEL SECURITY`,
	);
}
