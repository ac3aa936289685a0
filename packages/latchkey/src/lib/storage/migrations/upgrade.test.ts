import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { type FilledTable, forPostgres, insertStatement, rowsForEveryTable } from "../../../../test/fill-tables.ts";
import { cellsOf, readRecordings, recordedSchema } from "../../../../test/recordings.ts";
import { callEverything } from "../contract/call-everything.ts";
import { asSuperuser, freshName, inSchema, sharedServer } from "../postgres/fixtures/postgres-contract-store.ts";
import { openPostgres } from "../postgres/open-postgres.ts";
import { resultTypes } from "../postgres/prepared.ts";
import { temporaryFolder } from "../sqlite/fixtures/sqlite-contract-store.ts";
import { openSqlite } from "../sqlite/open-sqlite.ts";
import { makePastFile, makePastSchema, pasts } from "./fixtures/past.ts";
import type { Migration } from "./migration.ts";
import { migrations } from "./migrations.ts";

const newest = migrations.at(-1)!.version;

function freshFile(): string {
	const { folder, remove } = temporaryFolder();
	onTestFinished(remove);
	return join(folder, "auth.db");
}

function inFile<T>(file: string, work: (database: DatabaseSync) => T): T {
	const database = new DatabaseSync(file);
	try {
		return work(database);
	} finally {
		database.close();
	}
}

function inPostgres<T>(schema: string, work: (query: (sql: string) => Promise<unknown[]>) => Promise<T>): Promise<T> {
	return asSuperuser(async (client) => {
		await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}; SET search_path TO ${schema}`);
		return work(async (sql) => (await client.query(sql)).rows);
	});
}

/** Old code, as it was recorded, on every schema since. */
describe("statements of old code", () => {
	const recordings = readRecordings();
	const laterThan = (version: number) =>
		migrations.filter((migration) => migration.version >= version).map((migration) => migration.version);
	const cases = recordings.flatMap(({ version, played }) =>
		laterThan(version).map((schemaVersion) => ({ version, played, schemaVersion })),
	);

	it("are recorded of every version but the present one: a new migration is played what runs beside it while it is applied", () => {
		const cure = "On the commit before the newest migration run: node packages/latchkey/test/record-statements.ts";
		const recorded = recordings.map(({ version }) => version);
		expect(recorded, cure).toEqual(expect.arrayContaining(pasts.map(({ version }) => version)));
		for (const { played } of recordings) {
			for (const database of ["sqlite", "postgres"]) {
				expect(played.filter((one) => one.database === database).length).toBeGreaterThan(28);
			}
		}
	});

	it.each(cases)(
		"of version $version are answered the same by schema $schemaVersion of SQLite",
		({ played, schemaVersion }) => {
			const file = freshFile();
			makePastFile(file, upTo(schemaVersion));
			inFile(file, (database) => {
				for (const { sql, values, rows } of played.filter((one) => one.database === "sqlite")) {
					const answer = database.prepare(sql).all(...(values as SQLInputValue[]));
					if (rows !== undefined) expect(known(answer, rows), sql).toEqual(rows.map(plain));
				}
			});
		},
	);

	it.each(cases)(
		"of version $version are answered the same by schema $schemaVersion of PostgreSQL",
		async ({ played, schemaVersion }) => {
			const schema = freshName();
			await asSuperuser(async (client) => {
				await client.query(`CREATE SCHEMA ${schema}; SET search_path TO ${schema}`);
				await makePastSchema(client, upTo(schemaVersion));
				for (const { sql, values, rows } of played.filter((one) => one.database === "postgres")) {
					const text = sql.replaceAll(`"${recordedSchema}".`, `"${schema}".`);
					const answer = await client.query({ text, values: [...values], types: resultTypes as never });
					if (rows !== undefined) expect(known(answer.rows, rows), sql).toEqual(rows.map(plain));
				}
			});
		},
	);

	/** What was answered, without columns that were added behind those that old code knows, also of rows within a column. */
	function known(answer: readonly unknown[], rows: readonly (readonly unknown[])[]): unknown[][] {
		return answer.map((row, index) => {
			const old = rows[index] ?? [];
			return plain(cellsOf(row).slice(0, old.length)).map((value, column) => knownWithin(value, old[column]));
		});
	}

	function knownWithin(value: unknown, old: unknown): unknown {
		if (Array.isArray(value) && Array.isArray(old)) {
			return value.map((one, index) => knownWithin(one, old[index]));
		}
		if (!isObject(value) || !isObject(old)) return value;
		return Object.fromEntries(Object.entries(value).filter(([name]) => name in old));
	}

	function isObject(value: unknown): value is object {
		return typeof value === "object" && value !== null;
	}

	function plain(row: readonly unknown[]): unknown[] {
		return row.map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value));
	}
});

/** New code on every old schema, with rows in every table that it has. */
describe.each(pasts)("a database of the version that knew migration $version", ({ known }) => {
	const count = 5;

	it("is refused and left alone on SQLite where it may not be changed, and loses nothing when it is upgraded", async () => {
		const file = freshFile();
		makePastFile(file, known);
		const tables = inFile(file, (database) => {
			const tables = rowsForEveryTable(database, count);
			for (const table of tables) database.exec(insertStatement(table));
			return tables;
		});
		const read = () => inFile(file, (database) => tables.map((table) => database.prepare(selectOf(table)).all()));
		const before = read();
		await expect(openSqlite({ file, migrate: "never" })).rejects.toThrow(/lacks .* migrations.*npx latchkey migrate/);
		const storage = await openSqlite({ file });
		expect(read()).toEqual(before);
		await callEverything(storage);
		await storage.close();
	});

	it("is refused and left alone on PostgreSQL where it may not be changed, and loses nothing when it is upgraded", async () => {
		const schema = freshName();
		const url = inSchema(await sharedServer(), schema);
		const file = freshFile();
		makePastFile(file, known);
		const tables = inFile(file, (database) => rowsForEveryTable(database, count)).map(forPostgres);
		await inPostgres(schema, async (query) => {
			await makePastSchema({ query } as never, known);
			for (const table of tables) await query(insertStatement(table));
		});
		const read = () =>
			inPostgres(schema, async (query) => {
				const rows: unknown[] = [];
				for (const table of tables) rows.push(await query(selectOf(table)));
				return rows;
			});
		const before = await read();
		await expect(openPostgres({ url, migrate: "never" })).rejects.toThrow(/lacks .* migrations.*npx latchkey migrate/);
		const storage = await openPostgres({ url });
		expect(await read()).toEqual(before);
		await callEverything(storage);
		await storage.close();
	});

	function selectOf({ name, columns }: FilledTable): string {
		return `SELECT ${columns.join()} FROM ${name} ORDER BY 1, 2`;
	}
});

/** The present code, while a newer version beside it migrates: what a rolling deployment does. */
describe("instances that are running while a newer version migrates", () => {
	const tables = ["user", "identifier", "password", "identity", "session", "one_time_token", "throttle", "audit_event"];
	const next = tables.flatMap((table) => [
		`ALTER TABLE latchkey_${table} ADD COLUMN of_the_future integer NOT NULL DEFAULT 0`,
		`CREATE INDEX latchkey_${table}_of_the_future ON latchkey_${table} (of_the_future)`,
	]);
	const history = `INSERT INTO latchkey_migration VALUES (${newest + 1}, 'of the future', 'x', 0)`;

	it("go on to work on SQLite, and are not started again", async () => {
		const file = freshFile();
		const storage = await openSqlite({ file });
		await callEverything(storage);
		inFile(file, (database) => database.exec([...next, history].join(";")));
		await callEverything(storage);
		await storage.close();
		await expect(openSqlite({ file })).rejects.toThrow(/newer version of latchkey.*Update latchkey/);
	});

	it("go on to work on PostgreSQL, on the very connections on which everything was prepared, and are not started again", async () => {
		const schema = freshName();
		const url = inSchema(await sharedServer(), schema);
		const storage = await openPostgres({ url, maxConnections: 1 });
		await callEverything(storage);
		await inPostgres(schema, (query) => query([...next, history].join(";")));
		await callEverything(storage);
		await storage.close();
		await expect(openPostgres({ url })).rejects.toThrow(/newer version of latchkey.*Update latchkey/);
	});
});

function upTo(version: number): Migration[] {
	return migrations.filter((migration) => migration.version <= version);
}
