import { createHash } from "node:crypto";

/** One numbered step of the schema. Once released it never changes; what it lacks comes in the next one. */
export interface Migration {
	version: number;
	name: string;
	/** The statements for SQLite, in order. Additive only: code of the version before must run on the result. */
	sqlite: readonly string[];
	/** The same for PostgreSQL, where they run with the tables' schema on the search path. */
	postgres: readonly string[];
}

/** What the database remembers of a migration, to notice that it was edited after it had been applied. */
export function checksum(statements: readonly string[]): string {
	return createHash("sha256").update(statements.join(";\n")).digest("hex");
}
