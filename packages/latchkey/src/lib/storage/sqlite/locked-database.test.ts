import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { counter, newUser } from "../contract/fixtures.ts";
import { temporaryFolder } from "./fixtures/sqlite-contract-store.ts";
import { openSqlite } from "./open-sqlite.ts";

describe("a database that another connection has locked", () => {
	let file: string;
	let remove: () => void;
	let other: DatabaseSync;

	beforeEach(async () => {
		const temporary = temporaryFolder();
		remove = temporary.remove;
		file = join(temporary.folder, "latchkey.db");
		await (await openSqlite({ file })).close();
		other = new DatabaseSync(file);
	});
	afterEach(() => {
		if (other.isOpen) other.close();
		remove();
	});

	it("is read all the same", async () => {
		const storage = await openSqlite({ file, busyTimeoutMs: 0 });
		const input = newUser("ada");
		await storage.createUser(input);
		other.exec("BEGIN IMMEDIATE");
		expect(await storage.readSession(input.session!.secretHash)).not.toBeNull();
		await storage.close();
	});

	it("is unavailable for writes after the time to wait, in a transaction and alone", async () => {
		const storage = await openSqlite({ file, busyTimeoutMs: 20 });
		other.exec("BEGIN IMMEDIATE");
		const unavailable = { code: "store_unavailable", retryAfterSeconds: 1 };
		await expect(storage.createUser(newUser("ada"))).rejects.toMatchObject(unavailable);
		await expect(storage.increment([counter("k")])).rejects.toMatchObject(unavailable);
		other.exec("ROLLBACK");
		expect(await storage.createUser(newUser("ada"))).toMatchObject({ ok: true });
		await storage.close();
	});

	it("is written as soon as the lock is gone, and the event loop runs on meanwhile", async () => {
		const storage = await openSqlite({ file });
		other.exec("BEGIN IMMEDIATE");
		let settled = false;
		const writes = Promise.all([storage.createUser(newUser("ada")), storage.increment([counter("k")])]);
		const settles = writes.finally(() => {
			settled = true;
		});
		for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
		expect(settled).toBe(false);
		other.exec("ROLLBACK");
		expect(await settles).toMatchObject([{ ok: true }, [{ accepted: true }]]);
		await storage.close();
	});

	it("rejects a write that waits when the store is closed", async () => {
		const storage = await openSqlite({ file });
		other.exec("BEGIN IMMEDIATE");
		const write = storage.createUser(newUser("ada"));
		await storage.close();
		await expect(write).rejects.toMatchObject({ code: "store_unavailable" });
	});
});
