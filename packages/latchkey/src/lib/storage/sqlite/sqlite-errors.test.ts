import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { AuthError } from "../../errors.ts";
import { isBusy, sqliteCode, toStoreError } from "./sqlite-errors.ts";

function sqliteError(errcode: number): Error {
	return Object.assign(new Error("something"), { code: "ERR_SQLITE_ERROR", errcode });
}

describe("errors of SQLite", () => {
	it("become store_unavailable when the database is out of reach, with extended codes too", () => {
		for (const errcode of [5, 6, 8, 10, 11, 13, 14, 15, 26, 261, 266, 522, 776, 1038]) {
			expect(toStoreError(sqliteError(errcode))).toMatchObject({ code: "store_unavailable" });
		}
	});

	it("say how soon to come back", () => {
		expect(toStoreError(sqliteError(5))).toMatchObject({ retryAfterSeconds: 1 });
		expect(toStoreError(sqliteError(13))).toMatchObject({ retryAfterSeconds: 10 });
	});

	it("stay what they are otherwise", () => {
		const broken = [sqliteError(1), sqliteError(19), sqliteError(2067), new TypeError("x"), "x", null];
		for (const error of broken) expect(toStoreError(error)).toBe(error);
		const known = new AuthError("store_unavailable");
		expect(toStoreError(known)).toBe(known);
	});

	it("are worth another try only when somebody else holds the lock", () => {
		expect([5, 6, 15, 261, 517].every((code) => isBusy(sqliteError(code)))).toBe(true);
		expect([1, 8, 10, 11, 13, 14, 19].some((code) => isBusy(sqliteError(code)))).toBe(false);
	});

	it("carry their result code where node:sqlite puts it", () => {
		const database = new DatabaseSync(":memory:");
		database.exec("CREATE TABLE t (a INTEGER PRIMARY KEY) STRICT; INSERT INTO t VALUES (1)");
		expect.assertions(1);
		try {
			database.exec("INSERT INTO t VALUES (1)");
		} catch (error) {
			expect(sqliteCode(error)).toBe(19);
		}
		database.close();
	});
});
