import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { type AuthError, misconfigured } from "../../errors.ts";
import { checksum, type Migration } from "../migrations/migration.ts";
import { migrations } from "../migrations/migrations.ts";
import { createFile, inMemory, inspectFile } from "./database-file.ts";
import { isBusy, resultCode, sqliteCode, toStoreError } from "./sqlite-errors.ts";

export interface AppliedMigration {
	version: number;
	name: string;
	appliedAt: number;
}

export interface PlannedMigration {
	version: number;
	name: string;
	/** The statements that applying it would execute, in order. */
	statements: readonly string[];
}

export interface MigrationStatus {
	applied: readonly AppliedMigration[];
	pending: readonly PlannedMigration[];
	/** Tables and views of somebody else in the same file. With any, migrations are applied on demand only. */
	foreignTables: readonly string[];
}

/**
 * What a file holds and what it lacks. Writes nothing; a missing file lacks everything. Throws `misconfigured`, one line
 * with the cure, for a file that this version must not touch: damaged, not SQLite, read-only, made by a newer version,
 * or with a migration that was edited after it was applied.
 */
export async function migrationStatus(file: string): Promise<MigrationStatus> {
	if (file === inMemory || inspectFile(file) !== "database") {
		return { applied: [], pending: migrations.map(planned), foreignTables: [] };
	}
	return untilFree(() => inspectDatabase(file));
}

/** The migrations that `applyMigrations` would apply, with their SQL. Writes nothing. */
export async function planMigrations(file: string): Promise<readonly PlannedMigration[]> {
	return (await migrationStatus(file)).pending;
}

/**
 * Applies what is pending, in one transaction, also beside foreign tables; creates the file if it is missing. Answers
 * what it applied. Any number of processes may do so at once: one applies, the others find nothing to do.
 */
export async function applyMigrations(
	file: string,
	clock: () => number = Date.now,
): Promise<readonly AppliedMigration[]> {
	await migrationStatus(file);
	createFile(file);
	const database = new DatabaseSync(file);
	try {
		return await migrate(database, file, clock);
	} finally {
		database.close();
	}
}

/** Refuses with the cure where migrations are pending that may not be applied unasked. */
export function requireMigrated(file: string, status: MigrationStatus, policy: "ours" | "never"): void {
	const { pending, foreignTables } = status;
	if (pending.length === 0 || (policy === "ours" && foreignTables.length === 0)) return;
	const why = policy === "ours" ? "holds other tables too, and " : "";
	throw misconfigured(
		`${file} ${why}lacks ${pending.length} of latchkey's migrations. To apply them, run: npx latchkey migrate`,
	);
}

/** Applies what is pending on an open connection. */
export async function migrate(
	database: DatabaseSync,
	file: string,
	clock: () => number,
): Promise<readonly AppliedMigration[]> {
	return untilFree(() => {
		database.exec("BEGIN IMMEDIATE");
		try {
			// Read again under the lock: another process may have come first.
			const { pending } = readStatus(database, file);
			const applied = pending.map((migration) => apply(database, file, migration, clock()));
			database.exec("COMMIT");
			return applied;
		} catch (error) {
			if (database.isTransaction) database.exec("ROLLBACK");
			throw error;
		}
	});
}

const longestWaitMs = 10_000;

/** Repeats what met another process's lock, for a while. Other errors of SQLite become `store_unavailable`. */
export async function untilFree<T>(work: () => T): Promise<T> {
	const deadline = performance.now() + longestWaitMs;
	for (;;) {
		try {
			return work();
		} catch (error) {
			if (!isBusy(error) || performance.now() >= deadline) throw toStoreError(error);
		}
		await sleep(1 + Math.random() * 20);
	}
}

function apply(database: DatabaseSync, file: string, migration: PlannedMigration, now: number): AppliedMigration {
	const { version, name, statements } = migration;
	try {
		for (const statement of statements) database.exec(statement);
	} catch (cause) {
		if (sqliteCode(cause) !== 1) throw cause;
		throw misconfigured(
			`Migration ${version} does not fit ${file}: ${(cause as Error).message}. Nothing was changed.`,
			cause,
		);
	}
	database.exec(migrationTable);
	database
		.prepare("INSERT INTO latchkey_migration (version, name, checksum, applied_at) VALUES (?, ?, ?, ?)")
		.run(version, name, checksum(statements), now);
	return { version, name, appliedAt: now };
}

const migrationTable = `CREATE TABLE IF NOT EXISTS latchkey_migration (
	version INTEGER NOT NULL PRIMARY KEY,
	name TEXT NOT NULL,
	checksum TEXT NOT NULL,
	applied_at INTEGER NOT NULL
) STRICT`;

/** Above this, checking every page would hold up the start; then the schema is read and no more. */
const checkedUpToBytes = 64 * 1024 * 1024;

function inspectDatabase(file: string): MigrationStatus {
	try {
		return readFile(file, true);
	} catch (error) {
		// A process that died mid-transaction left a journal, which only a writable connection can roll back.
		if (sqliteCode(error) === resultCode.readonly) return readFile(file, false);
		throw error;
	}
}

function readFile(file: string, readOnly: boolean): MigrationStatus {
	const database = openForReading(file, readOnly);
	try {
		if (statSync(file).size < checkedUpToBytes) requireSound(database, file);
		return readStatus(database, file);
	} catch (error) {
		throw isDamage(error) ? damaged(file, error) : error;
	} finally {
		database.close();
	}
}

function openForReading(file: string, readOnly: boolean): DatabaseSync {
	try {
		return new DatabaseSync(file, { readOnly });
	} catch (error) {
		throw isDamage(error) ? damaged(file, error) : error;
	}
}

function requireSound(database: DatabaseSync, file: string): void {
	const verdict = database.prepare("PRAGMA quick_check(1)").get()?.quick_check;
	if (verdict !== "ok") throw damaged(file, new Error(String(verdict)));
}

function isDamage(error: unknown): boolean {
	const code = sqliteCode(error);
	return code === resultCode.corrupt || code === resultCode.notADatabase;
}

function damaged(file: string, cause: unknown): AuthError {
	return misconfigured(`${file} is damaged. Restore it from a backup, or move it away to start anew.`, cause);
}

function readStatus(database: DatabaseSync, file: string): MigrationStatus {
	const tables = database
		.prepare(
			"SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
		)
		.all()
		.map((row) => String(row.name));
	const applied = tables.includes("latchkey_migration") ? readApplied(database, file) : [];
	const versions = new Set(applied.map(({ version }) => version));
	return {
		applied,
		pending: migrations.filter(({ version }) => !versions.has(version)).map(planned),
		foreignTables: tables.filter((name) => !name.startsWith("latchkey_")),
	};
}

function readApplied(database: DatabaseSync, file: string): AppliedMigration[] {
	const rows = database.prepare("SELECT version, name, checksum, applied_at FROM latchkey_migration ORDER BY version");
	return rows.all().map((row) => {
		const version = Number(row.version);
		const known = migrations.find((migration) => migration.version === version);
		if (!known) {
			throw misconfigured(
				`${file} was made by a newer version of latchkey: this one does not know migration ${version}. Update latchkey.`,
			);
		}
		if (checksum(known.sqlite) !== row.checksum) {
			throw misconfigured(
				`Migration ${version} was edited after it had been applied to ${file}. Install the version of latchkey that applied it.`,
			);
		}
		return { version, name: String(row.name), appliedAt: Number(row.applied_at) };
	});
}

function planned({ version, name, sqlite }: Migration): PlannedMigration {
	return { version, name, statements: sqlite };
}
