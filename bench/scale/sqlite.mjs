/** SQLite files with people in them. */
import { existsSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openSqlite } from "../../packages/latchkey/src/lib/storage/sqlite/open-sqlite.ts";
import { temporaryFolder } from "../lib/workshop.mjs";
import { expired, sealedPassword, secretHash } from "./people.mjs";

export async function openSqliteDatabases(counts) {
	const databases = [];
	for (const users of counts) databases.push(await openDatabase(users));
	return {
		name: `SQLite ${process.versions.sqlite}`,
		databases,
		close: async () => {
			for (const { storage } of databases) await storage.close();
		},
	};
}

async function openDatabase(users) {
	const file = join(folderInMemory(), "auth.db");
	await (await openSqlite({ file })).close();
	const begin = performance.now();
	const database = new DatabaseSync(file);
	database.exec(
		"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; PRAGMA foreign_keys = OFF",
	);
	database.function("secret_hash", { deterministic: true }, (number) => secretHash(Number(number)));
	database.exec(`BEGIN; ${fillStatements(users).join(";")}; COMMIT; ANALYZE; PRAGMA journal_mode = WAL`);
	const filledMs = performance.now() - begin;
	const sizes = () =>
		database
			.prepare(`SELECT m.tbl_name AS name, sum(s.pgsize) AS bytes FROM dbstat AS s JOIN sqlite_schema AS m ON m.name = s.name
				WHERE m.tbl_name LIKE 'latchkey_%' AND s.aggregate = TRUE GROUP BY 1`)
			.all()
			.map(({ name, bytes }) => ({ table: name, bytes, rows: countOf(database, name) }))
			.filter(({ rows }) => rows > users / 2);
	const known = sizes();
	database.close();
	const { storage, connection } = await openWatched(file);
	const remove = (table, ids) =>
		connection.prepare(`DELETE FROM ${table} WHERE id IN (SELECT value FROM json_each(?))`).run(JSON.stringify(ids));
	return {
		users,
		filledMs,
		database: `file:${file}`,
		sizes: () => known,
		storage,
		async tidy({ sessions, events }) {
			remove("latchkey_session", sessions);
			remove("latchkey_audit_event", events);
		},
	};
}

/** The store and its own connection: what another one commits would empty the caches that are measured here. */
async function openWatched(file) {
	const { exec } = DatabaseSync.prototype;
	let connection;
	DatabaseSync.prototype.exec = function (sql) {
		connection = this;
		return exec.call(this, sql);
	};
	const storage = await openSqlite({ file });
	DatabaseSync.prototype.exec = exec;
	return { storage, connection };
}

function countOf(database, table) {
	return database.prepare(`SELECT count(*) AS count FROM ${table}`).get().count;
}

/** Where there is room in memory: what a disk takes to confirm a write is the same for a thousand users as for a million. */
function folderInMemory() {
	const shared = "/dev/shm";
	if (!existsSync(shared)) return temporaryFolder();
	const { bavail, bsize } = statfsSync(shared);
	return temporaryFolder(bavail * bsize > 4e9 ? shared : undefined);
}

function fillStatements(users) {
	const now = Date.now();
	const numbers = (count) => `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${count})`;
	const id = (group, number = "i") => `printf('01900000-0000-7000-${group}-%012x', ${number})`;
	const session = (count, { number, owner, expires }) => `${numbers(count)} INSERT INTO latchkey_session
		(id, secret_hash, user_id, epoch, generation, generation_seen, renewed_at, seen_at, created_at, last_seen_at,
			idle_expires_at, expires_at, auth_time, amr, level, address, user_agent, ended_at, sweep_at)
		SELECT ${id("9000", number)}, secret_hash(${number}), ${id("8000", owner)}, 1, 1, 1, ${now} - 3600000, ${now} - 3600000,
			${now} - 3600000, ${now}, ${expires}, ${now} + 2592000000, ${now}, '["pwd"]', 'aal1', '203.0.113.7', '${"u".repeat(110)}', null, ${expires} FROM n`;
	return [
		`${numbers(users)} INSERT INTO latchkey_user (id, name, epoch, created_at, updated_at)
			SELECT ${id("8000")}, 'Person ' || i, 1, ${now}, ${now} FROM n`,
		`${numbers(users)} INSERT INTO latchkey_identifier (user_id, kind, value, canonical, verified_at, created_at)
			SELECT ${id("8000")}, 'email', 'person-' || i || '@example.com', 'person-' || i || '@example.com', null, ${now} FROM n`,
		`${numbers(users)} INSERT INTO latchkey_password (user_id, sealed, version, changed_at)
			SELECT ${id("8000")}, '${sealedPassword}', 1, ${now} FROM n`,
		session(users, { number: "i", owner: "i", expires: `${now} + 1209600000 + i` }),
		session(expired, { number: `i + ${users}`, owner: `${users} - 1 + 0 * i`, expires: `${now} - 1209600000 + i` }),
		`${numbers(2 * users)} INSERT INTO latchkey_audit_event (id, type, at, subject, session_id, address, user_agent, detail)
			SELECT ${id("a000")}, 'sign_in.succeeded', ${now}, ${id("8000", `i % ${users}`)}, ${id("9000", `i % ${users}`)}, '203.0.113.7', null, null FROM n`,
	];
}
