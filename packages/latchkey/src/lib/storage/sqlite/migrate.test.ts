import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { migrations } from "../migrations/migrations.ts";
import { temporaryFolder } from "./fixtures/sqlite-contract-store.ts";
import { applyMigrations, migrationStatus, planMigrations } from "./migrate.ts";

describe("migrations on SQLite", () => {
	let file: string;
	let remove: () => void;

	beforeEach(() => {
		const temporary = temporaryFolder();
		remove = temporary.remove;
		file = join(temporary.folder, "latchkey.db");
	});
	afterEach(() => remove());

	it("are numbered from 1 without a gap", () => {
		const versions = migrations.map(({ version }) => version);
		expect(versions).toEqual([...new Set(versions)].toSorted((one, other) => one - other));
	});

	it("are all pending for a file that does not exist, which asking does not create", async () => {
		const plan = await planMigrations(file);
		expect(plan.map(({ version, name }) => ({ version, name }))).toEqual(
			migrations.map(({ version, name }) => ({ version, name })),
		);
		expect(plan[0]?.statements.join("\n")).toContain("CREATE TABLE latchkey_user");
		expect(await migrationStatus(file)).toEqual({ applied: [], pending: plan, foreignTables: [] });
		expect(existsSync(file)).toBe(false);
	});

	it("are applied once", async () => {
		const applied = await applyMigrations(file, () => 1234);
		expect(applied).toEqual(migrations.map(({ version, name }) => ({ version, name, appliedAt: 1234 })));
		expect(await applyMigrations(file)).toEqual([]);
		expect(await migrationStatus(file)).toEqual({ applied, pending: [], foreignTables: [] });
	});

	it("tell foreign tables and views from their own", async () => {
		const database = new DatabaseSync(file);
		database.exec(`CREATE TABLE customers (id INTEGER PRIMARY KEY AUTOINCREMENT);
			CREATE VIEW everybody AS SELECT * FROM customers;
			CREATE INDEX customers_id ON customers (id);
			CREATE TABLE latchkeyring (id INTEGER)`);
		database.close();
		await applyMigrations(file);
		const { foreignTables } = await migrationStatus(file);
		expect([...foreignTables].sort()).toEqual(["customers", "everybody", "latchkeyring"]);
	});

	it("read what a process that died mid-transaction left behind", async () => {
		const database = new DatabaseSync(file);
		database.exec("CREATE TABLE customers (id INTEGER)");
		await applyMigrations(file);
		database.exec("BEGIN IMMEDIATE; INSERT INTO customers VALUES (1)");
		expect((await migrationStatus(file)).pending).toEqual([]);
		database.close();
	});

	it("make tables that take no value of another type", async () => {
		await applyMigrations(file);
		const database = new DatabaseSync(file);
		const tables = database.prepare("PRAGMA table_list").all();
		const ours = tables.filter(({ name }) => String(name).startsWith("latchkey_"));
		database.close();
		const made = migrations.flatMap(({ sqlite }) => sqlite).filter((statement) => statement.startsWith("CREATE TABLE"));
		expect(ours).toHaveLength(made.length + 1);
		expect(ours.filter(({ strict }) => strict !== 1)).toEqual([]);
	});
});
