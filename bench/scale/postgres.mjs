/** Schemas of one PostgreSQL server with people in them. */
import pg from "pg";
import { startPostgres } from "../../packages/latchkey/src/lib/storage/postgres/fixtures/postgres-server.ts";
import { applyMigrations } from "../../packages/latchkey/src/lib/storage/postgres/migrate.ts";
import { openPostgres } from "../../packages/latchkey/src/lib/storage/postgres/open-postgres.ts";
import { createPool } from "../../packages/latchkey/src/lib/storage/postgres/pool.ts";
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
	"checkpoint_timeout=1d",
];

export async function openPostgresDatabases(counts) {
	const server = await startPostgres({ settings });
	const client = new pg.Client(server.url);
	await client.connect();
	const [{ server_version: version }] = (await client.query("SHOW server_version")).rows;
	const [{ huge_pages_status: hugePages }] = (await client.query("SHOW huge_pages_status")).rows;
	const pool = await openSharedPool(server.url, counts.length);
	const databases = [];
	for (const users of counts) databases.push(await openDatabase(server.url, client, pool, users));
	await client.query("CREATE EXTENSION IF NOT EXISTS pageinspect; CHECKPOINT");
	return {
		name: `PostgreSQL ${version.split(" ")[0]}, huge pages ${hugePages}`,
		databases,
		/** A new connection maps each page of the server's memory when it first meets it; one that has served for a while has met all. */
		async warm() {
			for (const { schema } of databases) await pool.query(readEveryPage(schema));
		},
		close: async () => {
			for (const { storage } of databases) await storage.close();
			await pool.end();
			await client.end();
			await server.remove();
		},
	};
}

/**
 * One connection executes for all databases, so that the same process of the server is measured whichever of them is asked:
 * two would be placed on the processors as luck has it. Another for each of them listens.
 */
async function openSharedPool(connectionString, listeners) {
	const max = 1 + listeners;
	const pool = await createPool({ connectionString, max, connectTimeoutMs: 5000, statementTimeoutMs: 60_000 });
	return {
		options: { max },
		statements: 0,
		connect() {
			this.statements += 1;
			return pool.connect();
		},
		async query(text) {
			const client = await pool.connect();
			await client.query({ text });
			client.release();
		},
		end: () => pool.end(),
	};
}

async function openDatabase(serverUrl, client, pool, users) {
	const schema = `with_${users}`;
	const url = `${serverUrl}?schema=${schema}`;
	await applyMigrations(url);
	const begin = performance.now();
	// References hold by construction.
	await client.query(
		`SET search_path TO ${schema}; SET session_replication_role = replica; SET synchronous_commit = off`,
	);
	// Their pages have room for new versions of rows, as every page has once some of its rows were written again.
	const roomy = ["latchkey_session", "latchkey_user", "latchkey_password"];
	for (const table of roomy) await client.query(`ALTER TABLE ${table} SET (fillfactor = 90)`);
	for (const statement of fillStatements(users)) await client.query(statement);
	for (const table of roomy) await client.query(`ALTER TABLE ${table} RESET (fillfactor)`);
	await client.query("SET session_replication_role = origin; SET search_path TO DEFAULT");
	const vacuum = async (how = "") => {
		const { rows } = await client.query("SELECT tablename FROM pg_tables WHERE schemaname = $1", [schema]);
		for (const { tablename } of rows) await client.query(`VACUUM ${how} ${schema}.${tablename}`);
	};
	await vacuum("ANALYZE");
	const filledMs = performance.now() - begin;
	return {
		users,
		schema,
		filledMs,
		database: { pool, schema },
		sizes: () => sizesOf(client, schema, users),
		storage: await openPostgres({ pool, schema }),
		openForMany: () => openPostgres({ url, rememberedSessions: 0 }),
		/** How many statements were asked for so far, by whichever database. */
		statements: () => pool.statements,
		/** What an operation left dead would be in the next one's way: in a small table more than in a large one. */
		settle: vacuum,
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

const readEveryPage = (schema) => `SELECT count(get_raw_page(format('%I.%I', '${schema}', relname), block::int))
	FROM pg_class, generate_series(0, pg_relation_size(oid) / 8192 - 1) AS block
	WHERE relnamespace = '${schema}'::regnamespace AND relkind IN ('r', 'i')`;

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
