import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { readRecordings, recordedSchema } from "../../../../test/recordings.ts";
import { asSuperuser, freshName } from "../postgres/fixtures/postgres-contract-store.ts";
import { migrations } from "./migrations.ts";

/**
 * Migration 8 takes an index of sessions away. On the newest schema old code may read the whole table only where nobody waits
 * for it: its clean-up found expired sessions by that index.
 */
const isCleanUp = (sql: string) =>
	/^(with idle as materialized|delete from "latchkey_session" where "id" in)/.test(sql);

const newest = migrations.at(-1)!.version;

function statementsOf(database: "sqlite" | "postgres"): string[] {
	const old = readRecordings().filter(({ version }) => version < newest);
	const all = old.flatMap(({ played }) => played.filter((one) => one.database === database).map(({ sql }) => sql));
	return [...new Set(all)].filter((sql) => !/^(begin|commit|rollback|set )/i.test(sql));
}

it("statements of old code find sessions by an index on the newest schema of SQLite, all but clean-up", () => {
	const database = new DatabaseSync(":memory:");
	for (const { sqlite } of migrations) for (const statement of sqlite) database.exec(statement);
	database.exec("CREATE TABLE latchkey_migration (version INTEGER NOT NULL PRIMARY KEY)");
	const scans = (sql: string) =>
		database
			.prepare(`EXPLAIN QUERY PLAN ${sql}`)
			.all()
			.some(({ detail }) => /^SCAN (latchkey_session|s)$/.test(String(detail)));
	const statements = statementsOf("sqlite");
	const scanning = statements.filter(scans);
	database.close();
	expect(statements.length).toBeGreaterThan(28);
	expect(scanning.filter((sql) => !isCleanUp(sql))).toEqual([]);
	expect(scanning).not.toEqual([]);
});

it("statements of old code find sessions by an index on the newest schema of PostgreSQL, all but clean-up", async () => {
	const statements = statementsOf("postgres");
	const scanning = await asSuperuser(async (client) => {
		const schema = freshName();
		await client.query(`CREATE SCHEMA ${schema}; SET search_path TO ${schema}`);
		for (const { postgres } of migrations) for (const statement of postgres) await client.query(statement);
		await client.query("CREATE TABLE latchkey_migration (version integer NOT NULL PRIMARY KEY)");
		// A table is read whole then only where no index leads to the rows.
		await client.query("SET enable_seqscan TO off");
		const found: string[] = [];
		for (const sql of statements) {
			const text = sql.replaceAll(`"${recordedSchema}".`, `"${schema}".`);
			const { rows } = await client.query<{ "QUERY PLAN": string }>(`EXPLAIN (GENERIC_PLAN) ${text}`);
			if (rows.some((row) => /Seq Scan on latchkey_session\b/.test(row["QUERY PLAN"]))) found.push(sql);
		}
		return found;
	});
	expect(statements.length).toBeGreaterThan(28);
	expect(scanning.filter((sql) => !isCleanUp(sql))).toEqual([]);
	expect(scanning).not.toEqual([]);
});
