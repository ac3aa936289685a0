import { resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { misconfigured } from "../errors.ts";
import { parseDatabaseUrl } from "../storage/postgres/database-url.ts";
import { ask, inspectServer, type Server } from "../storage/postgres/inspect.ts";
import { createSetupPool, migrate, withClient } from "../storage/postgres/migrate.ts";
import { beginMove, endMove } from "../storage/postgres/move-mark.ts";
import type { PostgresClient } from "../storage/postgres/pool.ts";
import { reasonOf, sqlState } from "../storage/postgres/postgres-errors.ts";
import { toStartError } from "../storage/postgres/start-errors.ts";
import { inspectFile } from "../storage/sqlite/database-file.ts";
import { migrationStatus, untilFree } from "../storage/sqlite/migrate.ts";
import { sqliteCode, toStoreError } from "../storage/sqlite/sqlite-errors.ts";
import { copyTable } from "./copy-table.ts";
import { digestOf } from "./digest.ts";
import { SourceTable } from "./source-table.ts";
import { readTables, type Table } from "./tables.ts";
import { TargetTable } from "./target-table.ts";

export interface MoveOptions {
	/** The SQLite file. It is only read, and takes no writes from anybody meanwhile. */
	file: string;
	/** The PostgreSQL that takes everything over. Empty, or holding what an earlier attempt left. */
	url: string;
	/** How many rows are stored at once. Default: 2,000. */
	chunk?: number;
	/** Told of each chunk that is there. */
	onProgress?: (progress: { table: string; rows: number }) => void;
}

/** A table that is on both sides alike: as many rows, and the same SHA-256 over all of them. */
export interface MovedTable {
	table: string;
	rows: number;
	checksum: string;
}

/**
 * Copies everything from a SQLite file into PostgreSQL, and reads both sides again to compare them. Whenever it is cut off,
 * the same call once more goes on where it was: what is there already is compared and not written again. Until it has
 * succeeded, no instance starts on the target.
 * @throws {AuthError} `misconfigured`, with the cure, before anything is written; `store_unavailable` when cut off
 */
export async function moveToPostgres({ file, url, chunk = 2000, onProgress }: MoveOptions): Promise<MovedTable[]> {
	const path = resolve(file);
	await requireSource(path);
	const target = parseDatabaseUrl(url);
	const pool = await createSetupPool(target.connectionString);
	const source = new DatabaseSync(path);
	try {
		source.exec("PRAGMA busy_timeout = 0");
		// Whoever still writes waits or is told to come back: what is copied is one state of the database.
		await untilFree(() => source.exec("BEGIN IMMEDIATE"));
		return await withClient(pool, async (client) => {
			const server = await inspectServer(client, target);
			await migrate(client, server, undefined);
			const tables = await readTables(source, client, server);
			await beginMove(client, server, { tables: tables.map(({ name }) => name), path });
			for (const table of tables) {
				await copyTable(new SourceTable(source, table), new TargetTable(client, server, table), chunk, (rows) =>
					onProgress?.({ table: table.name, rows }),
				);
			}
			const moved: MovedTable[] = [];
			for (const table of tables) moved.push(await compare(source, client, server, { table, chunk }));
			await refreshStatistics(client, server, tables);
			await endMove(client, server);
			return moved;
		});
	} catch (error) {
		throw toMoveError(error, target.label);
	} finally {
		source.close();
		await pool.end();
	}
}

/** One line for whichever side it was. What was copied stays in any case. */
function toMoveError(error: unknown, label: string): unknown {
	if (sqliteCode(error) !== null) return toStoreError(error);
	// What SQLite holds, and this schema does not take.
	if (!/^2[23]/.test(sqlState(error) ?? "")) return toStartError(error, label);
	return misconfigured(`${label} did not take a row: ${reasonOf(error)}`, error);
}

async function requireSource(path: string): Promise<void> {
	if (inspectFile(path) !== "database") {
		throw misconfigured(`${path} holds no database to move. Name the SQLite file of the application.`);
	}
	const { pending } = await migrationStatus(path);
	if (pending.length === 0) return;
	throw misconfigured(
		`${path} lacks ${pending.length} of latchkey's migrations. Apply them first: AUTH_DATABASE_URL="file:${path}" npx latchkey migrate`,
	);
}

async function compare(
	source: DatabaseSync,
	client: PostgresClient,
	server: Server,
	{ table, chunk }: { table: Table; chunk: number },
): Promise<MovedTable> {
	const here = await digestOf(new SourceTable(source, table), chunk);
	const there = await digestOf(new TargetTable(client, server, table), chunk);
	if (here.rows !== there.rows || here.checksum !== there.checksum) {
		throw misconfigured(
			`${table.name} differs after the move: ${here.rows} rows here, ${there.rows} in ${server.label}. Stop whatever writes there, and run the same command again.`,
		);
	}
	return { table: table.name, ...here };
}

/** Without them the first plans are made for empty tables. */
async function refreshStatistics(client: PostgresClient, server: Server, tables: readonly Table[]): Promise<void> {
	for (const table of tables) await ask(client, `ANALYZE ${new TargetTable(client, server, table).name}`);
}
