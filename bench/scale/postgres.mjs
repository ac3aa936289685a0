/** Schemas of one PostgreSQL server with people in them. */
import pg from "pg";
import { startPostgres } from "../../packages/latchkey/src/lib/storage/postgres/fixtures/postgres-server.ts";
import { applyMigrations } from "../../packages/latchkey/src/lib/storage/postgres/migrate.ts";
import { openPostgres } from "../../packages/latchkey/src/lib/storage/postgres/open-postgres.ts";
import { expired, sealedPassword } from "./people.mjs";

/** Nothing here has to outlive the run, and what a disk takes to confirm a write is the same however many users there are. */
const settings = [
	"fsync=off",
	"full_page_writes=off",
	"wal_level=minimal",
	"max_wal_senders=0",
	"max_wal_size=4GB",
	"shared_buffers=4GB",
	"autovacuum=off",
];

export async function openPostgresDatabases(counts) {
	const server = await startPostgres({ settings });
	const client = new pg.Client(server.url);
	await client.connect();
	const { rows } = await client.query("SHOW server_version");
	const databases = [];
	for (const users of counts) databases.push(await openDatabase(server.url, client, users));
	await client.query("CHECKPOINT");
	return {
		name: `PostgreSQL ${rows[0].server_version.split(" ")[0]}`,
		databases,
		close: async () => {
			for (const { storage } of databases) await storage.close();
			await client.end();
			await server.remove();
		},
	};
}

async function openDatabase(serverUrl, client, users) {
	const schema = `with_${users}`;
	const url = `${serverUrl}?schema=${schema}`;
	await applyMigrations(url);
	const begin = performance.now();
	// References hold by construction.
	await client.query(
		`SET search_path TO ${schema}; SET session_replication_role = replica; SET synchronous_commit = off`,
	);
	// Pages of sessions have room for new versions of their rows, as every page has once some of its rows were written again.
	await client.query("ALTER TABLE latchkey_session SET (fillfactor = 90)");
	for (const statement of fillStatements(users)) await client.query(statement);
	await client.query("ALTER TABLE latchkey_session RESET (fillfactor)");
	await client.query("SET session_replication_role = origin");
	await client.query("VACUUM ANALYZE");
	const filledMs = performance.now() - begin;
	return {
		users,
		filledMs,
		database: url,
		sizes: () => sizesOf(client, schema, users),
		storage: await openPostgres({ url, rememberedSessions: 0 }),
		/** Bytes of the write-ahead log so far: what replicas are sent and archives keep. */
		async logged() {
			const { rows } = await client.query("SELECT pg_current_wal_insert_lsn() - '0/0' AS bytes");
			return Number(rows[0].bytes);
		},
		async tidy({ sessions, events }) {
			await client.query(`DELETE FROM ${schema}.latchkey_session WHERE id = ANY($1)`, [sessions]);
			await client.query(`DELETE FROM ${schema}.latchkey_audit_event WHERE id = ANY($1)`, [events]);
		},
	};
}

async function sizesOf(client, schema, users) {
	const { rows } = await client.query(
		`SELECT c.relname AS table, c.reltuples::float8 AS rows, pg_total_relation_size(c.oid)::float8 AS bytes
		FROM pg_class AS c WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'r' AND c.reltuples > $2 ORDER BY 1`,
		[schema, users / 2],
	);
	return rows;
}

function fillStatements(users) {
	const now = Date.now();
	const numbers = (count) => `generate_series(0, ${count} - 1) AS i`;
	const id = (group, number = "i") => `'01900000-0000-7000-${group}-' || lpad(to_hex(${number}), 12, '0')`;
	const session = (count, { number, owner, expires }) => `INSERT INTO latchkey_session
		(id, secret_hash, user_id, epoch, generation, generation_seen, renewed_at, seen_at, created_at, last_seen_at,
			idle_expires_at, expires_at, auth_time, amr, level, address, user_agent, ended_at, sweep_at)
		SELECT ${id("9000", number)}, sha256(convert_to(lpad((${number})::text, 22, '0'), 'UTF8')), ${id("8000", owner)}, 1, 1, 1, ${now} - 3600000, ${now} - 3600000,
			${now} - 3600000, ${now}, ${expires}, ${now} + 2592000000, ${now}, '["pwd"]', 'aal1', '203.0.113.7', '${"u".repeat(110)}', null, ${expires} FROM ${numbers(count)}`;
	return [
		`INSERT INTO latchkey_user (id, name, epoch, created_at, updated_at)
			SELECT ${id("8000")}, 'Person ' || i, 1, ${now}, ${now} FROM ${numbers(users)}`,
		`INSERT INTO latchkey_identifier (user_id, kind, value, canonical, verified_at, created_at)
			SELECT ${id("8000")}, 'email', 'person-' || i || '@example.com', 'person-' || i || '@example.com', null, ${now} FROM ${numbers(users)}`,
		`INSERT INTO latchkey_password (user_id, sealed, version, changed_at)
			SELECT ${id("8000")}, '${sealedPassword}', 1, ${now} FROM ${numbers(users)}`,
		session(users, { number: "i", owner: "i", expires: `${now} + 1209600000 + i` }),
		session(expired, { number: `i + ${users}`, owner: `${users} - 1`, expires: `${now} - 1209600000 + i` }),
		`INSERT INTO latchkey_audit_event (id, type, at, subject, session_id, address, user_agent, detail)
			SELECT ${id("a000")}, 'sign_in.succeeded', ${now}, ${id("8000", `i % ${users}`)}, ${id("9000", `i % ${users}`)}, '203.0.113.7', null, null FROM ${numbers(2 * users)}`,
	];
}
