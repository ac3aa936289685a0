import { describe, expect, it } from "vitest";
import { readSettings } from "../../settings.ts";
import { parseDatabaseUrl } from "./database-url.ts";

describe("the URL of a PostgreSQL", () => {
	it.each(["postgres://u:p@db.example:6432/app", "postgresql://localhost/app?sslmode=disable"])(
		"is what AUTH_DATABASE_URL may be: %s",
		(url) => {
			const env = { AUTH_SECRET: "a-secret-for-tests-only-0123456789-abcdefghij", AUTH_DATABASE_URL: url };
			expect(readSettings({}, env)).toMatchObject({ databaseUrl: url, databasePool: null, databaseDirectUrl: null });
			expect(readSettings({}, { ...env, AUTH_DATABASE_DIRECT_URL: url })).toMatchObject({ databaseDirectUrl: url });
		},
	);

	it("is not of another kind for listening", () => {
		const env = {
			AUTH_SECRET: "a-secret-for-tests-only-0123456789-abcdefghij",
			AUTH_DATABASE_DIRECT_URL: "file:x",
		};
		expect(() => readSettings({}, env)).toThrow(/AUTH_DATABASE_DIRECT_URL must begin with postgres/);
	});

	it("loses schema and prefix on its way to PostgreSQL, and nothing else", () => {
		expect(parseDatabaseUrl("postgres://u:p%40@h:1/d?sslmode=disable&schema=auth&prefix=a_")).toEqual({
			connectionString: "postgres://u:p%40@h:1/d?sslmode=disable",
			schema: "auth",
			prefix: "a_",
			label: "PostgreSQL at h:1/d",
		});
		expect(parseDatabaseUrl("postgres://h/d")).toMatchObject({ schema: null, prefix: "latchkey_" });
	});
});
