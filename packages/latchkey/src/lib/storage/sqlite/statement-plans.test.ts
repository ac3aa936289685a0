import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it, onTestFinished } from "vitest";
import { insertStatement, rowsForEveryTable } from "../../../../test/fill-tables.ts";
import { callEverything } from "../contract/call-everything.ts";
import { temporaryFolder } from "./fixtures/sqlite-contract-store.ts";
import { openSqlite } from "./open-sqlite.ts";

/** What a statement brings along itself or has found by an index already, and the table of migrations, which has a row for each. */
const isGiven = /^SCAN (\d+-ROW VALUES CLAUSE|json_each VIRTUAL TABLE|activity$|due$|ended$|latchkey_migration$)/;

it("statements of the SQLite store find every row by an index and sort none, however many users there are", async () => {
	const { folder, remove } = temporaryFolder();
	onTestFinished(remove);
	const file = join(folder, "auth.db");
	const executed = new Set<string>();
	const storage = await openSqlite({ file, onStatement: (sql) => executed.add(sql) });
	await callEverything(storage);
	await storage.close();
	const statements = [...executed].filter((sql) => !/^(BEGIN|COMMIT|ROLLBACK)/.test(sql));
	expect(statements.length).toBeGreaterThan(100);

	const database = new DatabaseSync(file);
	for (const table of rowsForEveryTable(database, 2000)) database.exec(insertStatement(table));
	database.exec("ANALYZE");
	const steps = statements.flatMap((sql) => {
		const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
		return plan.map(({ detail }) => ({ sql, detail: String(detail) }));
	});
	database.close();
	expect(steps.filter(({ detail }) => detail.startsWith("SCAN ") && !isGiven.test(detail))).toEqual([]);
	expect(steps.filter(({ detail }) => /^USE TEMP B-TREE FOR .*ORDER BY/.test(detail))).toEqual([]);
});
