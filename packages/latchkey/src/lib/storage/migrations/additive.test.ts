import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { asSuperuser, freshName } from "../postgres/fixtures/postgres-contract-store.ts";
import { shapeOfPostgres } from "./fixtures/postgres-shape.ts";
import { breaksOldCode } from "./fixtures/shape.ts";
import { shapeOfSqlite } from "./fixtures/sqlite-shape.ts";
import { migrations } from "./migrations.ts";

/** What these statements, after all that came before them, do to the code of before. */
function inSqlite(before: readonly string[], statements: readonly string[]): string[] {
	const database = new DatabaseSync(":memory:");
	for (const statement of before) database.exec(statement);
	const old = shapeOfSqlite(database);
	for (const statement of statements) database.exec(statement);
	const problems = breaksOldCode(old, shapeOfSqlite(database));
	database.close();
	return problems;
}

async function inPostgres(before: readonly string[], statements: readonly string[]): Promise<string[]> {
	return asSuperuser(async (client) => {
		const schema = freshName();
		await client.query(`CREATE SCHEMA ${schema}; SET search_path TO ${schema}`);
		for (const statement of before) await client.query(statement);
		const old = await shapeOfPostgres(client);
		for (const statement of statements) await client.query(statement);
		return breaksOldCode(old, await shapeOfPostgres(client));
	});
}

/** What a migration takes away that old code only finds more slowly without, where nobody waits for it (old-plans.test.ts). */
const missed = new Map([[8, ["the index latchkey_session_expiry is gone"]]]);

describe("the code of the version before", () => {
	it("can live with every migration, on both databases", async () => {
		for (const [index, { version, sqlite, postgres }] of migrations.entries()) {
			const before = migrations.slice(0, index);
			expect(
				inSqlite(
					before.flatMap((one) => one.sqlite),
					sqlite,
				),
			).toEqual(missed.get(version) ?? []);
			expect(
				await inPostgres(
					before.flatMap((one) => one.postgres),
					postgres,
				),
			).toEqual(missed.get(version) ?? []);
		}
	});

	const core = migrations[0]!;

	it.each([
		"CREATE TABLE latchkey_badge (id text PRIMARY KEY, user_id text REFERENCES latchkey_user (id) ON DELETE CASCADE)",
		"ALTER TABLE latchkey_user ADD COLUMN badge text",
		"ALTER TABLE latchkey_user ADD COLUMN badges integer NOT NULL DEFAULT 0",
		"CREATE INDEX latchkey_user_name ON latchkey_user (name)",
	])("can live with %s", async (statement) => {
		expect(inSqlite(core.sqlite, [statement])).toEqual([]);
		expect(await inPostgres(core.postgres, [statement])).toEqual([]);
	});

	it.each([
		{ does: "DROP TABLE latchkey_throttle", breaks: "latchkey_throttle is gone" },
		{ does: "ALTER TABLE latchkey_user DROP COLUMN name", breaks: "latchkey_user.name is gone" },
		{ does: "ALTER TABLE latchkey_user RENAME COLUMN name TO called", breaks: "latchkey_user.name is gone" },
		{ does: "DROP INDEX latchkey_session_expiry", breaks: "the index latchkey_session_expiry is gone" },
		{
			does: "CREATE UNIQUE INDEX latchkey_user_name ON latchkey_user (name)",
			breaks: "latchkey_user_name makes latchkey_user unique",
		},
		{
			does: "CREATE TABLE latchkey_badge (id text PRIMARY KEY, user_id text REFERENCES latchkey_user (id))",
			breaks: "latchkey_badge keeps rows of latchkey_user from being deleted",
		},
	])("is broken by $does", async ({ does, breaks }) => {
		expect(inSqlite(core.sqlite, [does])).toEqual([breaks]);
		expect(await inPostgres(core.postgres, [does])).toEqual([breaks]);
	});

	it.each([
		{
			does: "ALTER TABLE latchkey_user ADD COLUMN badge text NOT NULL",
			breaks: "latchkey_user.badge must be given, and old code does not",
		},
		{ does: "ALTER TABLE latchkey_user ALTER COLUMN name SET NOT NULL", breaks: "latchkey_user.name has changed" },
		{ does: "ALTER TABLE latchkey_user ALTER COLUMN epoch TYPE bigint", breaks: "latchkey_user.epoch has changed" },
		{ does: "ALTER TABLE latchkey_user ADD CHECK (name <> '')", breaks: "latchkey_user has a new check" },
		{
			does: "ALTER TABLE latchkey_one_time_token ADD FOREIGN KEY (subject) REFERENCES latchkey_user (id)",
			breaks: "latchkey_one_time_token has a new reference",
		},
		{
			does: "CREATE TRIGGER t BEFORE INSERT ON latchkey_user EXECUTE FUNCTION suppress_redundant_updates_trigger()",
			breaks: "t acts on latchkey_user",
		},
	])("on PostgreSQL is broken by $does", async ({ does, breaks }) => {
		expect(await inPostgres(core.postgres, [does])).toEqual([breaks]);
	});

	it("on SQLite is broken by a trigger", () => {
		const does = "CREATE TRIGGER t BEFORE INSERT ON latchkey_user BEGIN SELECT RAISE(ABORT, 'no'); END";
		expect(inSqlite(core.sqlite, [does])).toEqual(["t acts on latchkey_user"]);
	});
});
