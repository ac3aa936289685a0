/**
 * Writes down every statement that the present code executes, with its values and what it was answered, so that a test can
 * play it to every later schema. To be run for each migration, on the last commit before the next one is there:
 *
 *   node packages/latchkey/test/record-statements.ts
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import pg from "pg";
import { callEverything } from "../src/lib/storage/contract/call-everything.ts";
import { migrations } from "../src/lib/storage/migrations/migrations.ts";
import { startPostgres } from "../src/lib/storage/postgres/fixtures/postgres-server.ts";
import { openPostgres } from "../src/lib/storage/postgres/open-postgres.ts";
import type { PostgresClient } from "../src/lib/storage/postgres/pool.ts";
import { openSqlite } from "../src/lib/storage/sqlite/open-sqlite.ts";
import { cellsOf, fileOfRecording, type Played, recordedSchema, toLine } from "./recordings.ts";

const clock = () => Date.UTC(2030, 0, 1);

const version = migrations.at(-1)!.version;
const played = [...(await recordSqlite()), ...(await recordPostgres())];
writeFileSync(fileOfRecording(version), played.map((one) => `${toLine(one)}\n`).join(""));
console.log(`${played.length} statements of the version that knows migration ${version}`);

async function recordSqlite(): Promise<Played[]> {
	const folder = mkdtempSync(join(tmpdir(), "latchkey-record-"));
	const file = join(folder, "auth.db");
	await (await openSqlite({ file })).close();
	const played: Played[] = [];
	const { prepare, exec } = DatabaseSync.prototype;
	DatabaseSync.prototype.prepare = function (sql: string): StatementSync {
		return recorded(prepare.call(this, sql), sql, played);
	};
	DatabaseSync.prototype.exec = function (sql: string): void {
		played.push({ database: "sqlite", sql, values: [] });
		exec.call(this, sql);
	};
	const storage = await openSqlite({ file, clock });
	played.length = 0;
	await callEverything(storage);
	Object.assign(DatabaseSync.prototype, { prepare, exec });
	await storage.close();
	rmSync(folder, { recursive: true });
	return played;
}

function recorded(statement: StatementSync, sql: string, played: Played[]): StatementSync {
	const all: (...values: SQLInputValue[]) => unknown[] = statement.all.bind(statement);
	const get: (...values: SQLInputValue[]) => unknown = statement.get.bind(statement);
	const run: (...values: SQLInputValue[]) => unknown = statement.run.bind(statement);
	return Object.assign(statement, {
		all(...values: SQLInputValue[]) {
			const rows = all(...values);
			played.push({ database: "sqlite", sql, values, rows: rows.map(cellsOf) });
			return rows;
		},
		get(...values: SQLInputValue[]) {
			const row = get(...values);
			played.push({ database: "sqlite", sql, values, rows: row === undefined ? [] : [cellsOf(row)] });
			return row;
		},
		run(...values: SQLInputValue[]) {
			played.push({ database: "sqlite", sql, values });
			return run(...values);
		},
	});
}

async function recordPostgres(): Promise<Played[]> {
	const server = await startPostgres({ settings: ["fsync=off"] });
	const pool = new pg.Pool({ connectionString: server.url, max: 1 });
	const played: Played[] = [];
	// The server may be gone before the last connection has said goodbye.
	pool.on("error", () => {});
	pool.on("connect", (client) => recordClient(client as unknown as PostgresClient, played));
	const storage = await openPostgres({ pool, schema: recordedSchema, clock, rememberedSessions: 0 });
	played.length = 0;
	await callEverything(storage);
	await storage.close();
	await pool.end();
	await server.remove();
	return played;
}

function recordClient(client: PostgresClient, played: Played[]): void {
	const query = client.query.bind(client);
	client.query = async (asked) => {
		const result = await query(asked);
		const { text: sql, values = [] } = asked;
		// Several statements in one, such as what begins a transaction, answer with a list of results.
		played.push({ database: "postgres", sql, values, ...("rows" in result && { rows: result.rows.map(cellsOf) }) });
		return result;
	};
}
