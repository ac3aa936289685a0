import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it, onTestFinished } from "vitest";
import { temporaryFolder } from "./fixtures/sqlite-contract-store.ts";
import { openSqlite } from "./open-sqlite.ts";

/** The trees that the read of a session descends: by its secret, itself, its user, and twice the user's identifiers. */
const descents = [
	"sqlite_autoindex_latchkey_session_2",
	"latchkey_session",
	"latchkey_user",
	"latchkey_identifier",
	"latchkey_identifier",
];

it("looks at no more than twice the pages for a session among a hundred times as many", async () => {
	const { folder, remove } = temporaryFolder();
	onTestFinished(remove);
	const pages: number[] = [];
	for (const users of [1000, 100_000]) {
		const file = join(folder, `${users}.db`);
		await (await openSqlite({ file })).close();
		const database = new DatabaseSync(file);
		database.exec("PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF");
		fill(database, users);
		pages.push(descents.map((tree) => levelsOf(database, tree)).reduce((sum, levels) => sum + levels, 0));
		database.close();
	}
	const [few, many] = pages;
	expect(few).toBe(10);
	expect(many).toBeLessThanOrEqual(2 * few!);
}, 60_000);

function fill(database: DatabaseSync, users: number): void {
	const numbers = `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${users})`;
	const id = (group: string) => `printf('01900000-0000-7000-${group}-%012x', i)`;
	database.exec(`BEGIN;
		${numbers} INSERT INTO latchkey_user (id, name, epoch, created_at, updated_at)
			SELECT ${id("8000")}, 'Person ' || i, 1, 1893456000000, 1893456000000 FROM n;
		${numbers} INSERT INTO latchkey_identifier (user_id, kind, value, canonical, created_at)
			SELECT ${id("8000")}, 'email', i || '@example.com', i || '@example.com', 1893456000000 FROM n;
		${numbers} INSERT INTO latchkey_session (id, secret_hash, user_id, epoch, generation, generation_seen, renewed_at,
				created_at, last_seen_at, idle_expires_at, expires_at, auth_time, amr, level, address, user_agent)
			SELECT ${id("9000")}, randomblob(32), ${id("8000")}, 1, 1, 1, 1893456000000, 1893456000000, 1893456000000,
				1893456000000, 1893456000000, 1893456000000, '["pwd"]', 'aal1', '203.0.113.7', '${"u".repeat(110)}' FROM n;
		COMMIT`);
}

/** A page's path names the way to it from the root (https://www.sqlite.org/dbstat.html). */
function levelsOf(database: DatabaseSync, tree: string): number {
	const leaf = database.prepare("SELECT path FROM dbstat WHERE name = ? AND pagetype = 'leaf' LIMIT 1").get(tree);
	return String(leaf!.path).split("/").filter(Boolean).length + 1;
}
