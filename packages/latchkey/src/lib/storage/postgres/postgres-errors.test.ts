import { describe, expect, it } from "vitest";
import { AuthError } from "../../errors.ts";
import { leavesConnectionSound, reasonOf, sqlState, toStoreError, wasUndone } from "./postgres-errors.ts";

function postgresError(code: string): Error {
	return Object.assign(new Error("something"), { code, severity: "ERROR" });
}

function nodeError(code: string): Error {
	return Object.assign(new Error(`connect ${code} 127.0.0.1:5432`), { code });
}

describe("errors of PostgreSQL", () => {
	it("become store_unavailable when the database is out of reach or cannot serve", () => {
		const away = [
			"08006",
			"25006",
			"25P02",
			"25P03",
			"25P04",
			"28P01",
			"3D000",
			"3F000",
			"40P01",
			"42501",
			"42703",
			"42P01",
			"53100",
			"53300",
			"54000",
			"55P03",
			"57014",
			"57P01",
			"57P03",
			"58030",
			"XX001",
		];
		for (const code of away) {
			expect(toStoreError(postgresError(code))).toMatchObject({
				code: "store_unavailable",
				retryAfterSeconds: expect.any(Number),
			});
		}
	});

	it("become store_unavailable when nobody answered at all", () => {
		for (const code of ["ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EPIPE", "ENOTFOUND"]) {
			expect(toStoreError(nodeError(code))).toMatchObject({ code: "store_unavailable" });
			expect(leavesConnectionSound(nodeError(code))).toBe(false);
		}
		for (const message of ["timeout exceeded when trying to connect", "Query read timeout", "Connection terminated"]) {
			expect(toStoreError(new Error(message))).toMatchObject({ code: "store_unavailable" });
		}
	});

	it("stay what they are when the statement was wrong", () => {
		for (const error of ["22P02", "23505", "23503", "42601", "42804", "22021"].map(postgresError)) {
			expect(toStoreError(error)).toBe(error);
			expect(leavesConnectionSound(error)).toBe(true);
		}
		const known = [new AuthError("store_unavailable"), new TypeError("x")];
		for (const error of known) expect(toStoreError(error)).toBe(error);
	});

	it("leave no connection behind that is being closed, stands in a failed transaction or takes no writes any more", () => {
		for (const code of ["08006", "25006", "25P02", "25P03", "25P04", "57P01", "57P05", "58030"]) {
			expect(leavesConnectionSound(postgresError(code)), code).toBe(false);
		}
	});

	it("are worth another try when nothing was done: two operations met, or somebody's transaction had failed", () => {
		expect(["40P01", "40001", "25P02"].every((code) => wasUndone(postgresError(code)))).toBe(true);
		expect(["23505", "57014", "08006"].some((code) => wasUndone(postgresError(code)))).toBe(false);
	});

	it("are told from Node's by their severity", () => {
		expect(sqlState(postgresError("23505"))).toBe("23505");
		expect(sqlState(Object.assign(new Error("x"), { code: "EPIPE" }))).toBeNull();
	});

	it("give their reason in one line, of several the first", () => {
		expect(reasonOf(nodeError("ECONNREFUSED"))).toBe("connect ECONNREFUSED 127.0.0.1:5432");
		expect(reasonOf(new AggregateError([nodeError("ECONNREFUSED"), nodeError("ETIMEDOUT")]))).toContain("ECONNREFUSED");
		expect(reasonOf(Object.assign(new Error("no\nmore"), { code: "28P01" }))).toBe("no (28P01)");
	});
});
