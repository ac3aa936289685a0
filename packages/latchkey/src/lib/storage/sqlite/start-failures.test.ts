import { createHash } from "node:crypto";
import {
	chmodSync,
	existsSync,
	mkdirSync,
	readFileSync,
	statSync,
	symlinkSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AuthError } from "../../errors.ts";
import { newUser } from "../contract/fixtures.ts";
import { temporaryFolder } from "./fixtures/sqlite-contract-store.ts";
import { applyMigrations, migrationStatus } from "./migrate.ts";
import { openSqlite } from "./open-sqlite.ts";

describe("opening a file that cannot serve", () => {
	let folder: string;
	let file: string;
	let remove: () => void;

	beforeEach(() => {
		({ folder, remove } = temporaryFolder());
		file = join(folder, "latchkey.db");
	});
	afterEach(() => {
		chmodSync(folder, 0o700);
		remove();
	});

	/** One line, with the file's name and a cure, from everything that opens it; and the file is as it was. */
	async function expectRefusal(words: RegExp, path = file): Promise<void> {
		const before = fingerprint(path);
		for (const open of [() => openSqlite({ file: path }), () => applyMigrations(path), () => migrationStatus(path)]) {
			const error = await open().then(
				() => null,
				(error: unknown) => error,
			);
			expect(error).toBeInstanceOf(AuthError);
			const { code, message } = error as AuthError;
			expect(code).toBe("misconfigured");
			expect(message).toMatch(words);
			expect(message).toContain(path);
			expect(message).not.toContain("\n");
		}
		expect(fingerprint(path)).toBe(before);
	}

	/** A database of ours with people in it, larger than a page or two. */
	async function makeDatabase(): Promise<void> {
		const storage = await openSqlite({ file });
		for (let index = 0; index < 40; index++) await storage.createUser(newUser(`user-${index}`));
		await storage.close();
	}

	function edit(sql: string): void {
		const database = new DatabaseSync(file);
		database.exec(sql);
		database.close();
	}

	it("refuses a folder in place of the file", async () => {
		mkdirSync(file);
		await expectRefusal(/is a folder.*AUTH_DATABASE_URL/);
	});

	it("refuses what is neither file nor folder", async () => {
		await expectRefusal(/is not a file.*AUTH_DATABASE_URL/, "/dev/null");
	});

	it("refuses a file without any write bit, also for root", async () => {
		await makeDatabase();
		chmodSync(file, 0o400);
		await expectRefusal(/is read-only.*Make it writable/);
	});

	it("refuses an empty file without any write bit", async () => {
		writeFileSync(file, "");
		chmodSync(file, 0o444);
		await expectRefusal(/is read-only.*Make it writable/);
	});

	it("refuses a folder without any write bit, with and without the file in it", async () => {
		chmodSync(folder, 0o500);
		await expectRefusal(/folder .* is not writable/);
		await expectRefusal(/folder .* is not writable/, join(folder, "deeper", "latchkey.db"));
		expect(existsSync(join(folder, "deeper"))).toBe(false);
		chmodSync(folder, 0o700);
		await makeDatabase();
		chmodSync(folder, 0o500);
		await expectRefusal(/folder .* is not writable/);
	});

	it("refuses a path that leads through a file", async () => {
		writeFileSync(join(folder, "not-a-folder"), "");
		await expectRefusal(/cannot be reached|is not a folder/, join(folder, "not-a-folder", "latchkey.db"));
		await expectRefusal(/cannot be reached|is not a folder/, join(folder, "not-a-folder", "deeper", "latchkey.db"));
	});

	it("refuses a link that leads to itself", async () => {
		symlinkSync(file, file);
		await expectRefusal(/cannot be reached/);
	});

	it("refuses garbage, long and short", async () => {
		for (const garbage of ["x", "SQLite format 2\0 and more", "%PDF-1.7 ".repeat(1000)]) {
			writeFileSync(file, garbage);
			await expectRefusal(/is not a SQLite database.*Move it away/);
		}
	});

	it("refuses what only begins like a database", async () => {
		writeFileSync(file, "SQLite format 3\0");
		await expectRefusal(/is damaged.*backup/);
		writeFileSync(file, `SQLite format 3\0${"garbage ".repeat(2000)}`);
		await expectRefusal(/is damaged.*backup/);
	});

	it("refuses a file that was cut off", async () => {
		await makeDatabase();
		const { size } = statSync(file);
		for (const kept of [size - 4096, size / 2, 5000, 4096, 100]) {
			truncateSync(file, kept);
			await expectRefusal(/is damaged.*backup/);
		}
	});

	it("refuses a file with a damaged page", async () => {
		await makeDatabase();
		const bytes = readFileSync(file);
		bytes.fill(0xaa, 3 * 4096, 4 * 4096);
		writeFileSync(file, bytes);
		await expectRefusal(/is damaged.*backup/);
	});

	it("refuses a schema newer than itself", async () => {
		await makeDatabase();
		edit("INSERT INTO latchkey_migration VALUES (999, 'of the future', 'x', 0)");
		await expectRefusal(/newer version of latchkey.*migration 999.*Update latchkey/);
	});

	it("refuses a schema with a migration that was edited after it had been applied", async () => {
		await makeDatabase();
		edit("UPDATE latchkey_migration SET checksum = 'another' WHERE version = 1");
		await expectRefusal(/Migration 1 was edited/);
	});

	it("refuses to migrate what holds other tables, until it is asked to", async () => {
		edit("CREATE TABLE customers (id INTEGER PRIMARY KEY)");
		const before = fingerprint(file);
		await expect(openSqlite({ file })).rejects.toThrow(/holds other tables.*npx latchkey migrate/);
		expect(fingerprint(file)).toBe(before);
		await applyMigrations(file);
		await (await openSqlite({ file })).close();
	});

	it("never migrates when it may not, and does not even create the file", async () => {
		const attempt = () => openSqlite({ file, migrate: "never" });
		await expect(attempt()).rejects.toThrow(/npx latchkey migrate/);
		expect(existsSync(file)).toBe(false);
		await applyMigrations(file);
		await (await attempt()).close();
	});

	it("does not start on tables of ours whose history is missing", async () => {
		edit("CREATE TABLE latchkey_user (id TEXT)");
		const before = fingerprint(file);
		await expect(applyMigrations(file)).rejects.toThrow(
			/Migration 1 does not fit .* already exists.*Nothing was changed/,
		);
		expect(fingerprint(file)).toBe(before);
	});

	it("creates missing folders and the file for the owner alone", async () => {
		const deep = join(folder, "a", "b", "latchkey.db");
		const storage = await openSqlite({ file: deep });
		await storage.createUser(newUser("ada"));
		for (const path of [dirname(dirname(deep)), dirname(deep)]) expect(statSync(path).mode & 0o777).toBe(0o700);
		for (const path of [deep, `${deep}-wal`, `${deep}-shm`]) expect(statSync(path).mode & 0o777).toBe(0o600);
		await storage.close();
	});

	it("takes an empty file for a new database", async () => {
		writeFileSync(file, "");
		await (await openSqlite({ file })).close();
		expect((await migrationStatus(file)).pending).toEqual([]);
	});
});

function fingerprint(path: string): string | null {
	try {
		return createHash("sha256").update(readFileSync(path)).digest("hex");
	} catch {
		return null;
	}
}
