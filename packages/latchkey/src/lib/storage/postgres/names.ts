import { migrations } from "../migrations/migrations.ts";

/** Where the tables are, and what stands in the place of `latchkey_` in their names. */
export interface TableNames {
	/** The schema, as PostgreSQL has it. */
	schema: string;
	/** Default `latchkey_`. */
	prefix: string;
}

export const defaultPrefix = "latchkey_";

/** The tables that a version of ours made, and not whatever else bears the same prefix. */
export function ownTables(prefix: string): string[] {
	const statements = migrations.flatMap(({ postgres }) => postgres).join(";\n");
	const made = [...statements.matchAll(/\bCREATE TABLE latchkey_(\w+)/g)].map(([, name]) => name!);
	return [...made, "migration", "move"].map((name) => `${prefix}${name}`);
}

/**
 * Puts schema and prefix into a statement that names tables as the code does. Every statement is written so that a
 * table follows one of these words, which no reference to a column does; a schema in the text, unlike a search path, is
 * the same on whatever connection a pooler hands out.
 */
export function qualify(sql: string, { schema, prefix }: TableNames): string {
	return withPrefix(
		sql.replaceAll(
			/\b(from|join|into|update|using) ("?)(latchkey_)/gi,
			(_, word, quote) => `${word} ${quoted(schema)}.${quote}latchkey_`,
		),
		prefix,
	);
}

/** The same for a statement that runs with the schema on its search path. */
export function withPrefix(sql: string, prefix: string): string {
	return prefix === defaultPrefix ? sql : sql.replaceAll(/\blatchkey_/g, prefix);
}

export function quoted(identifier: string): string {
	return `"${identifier.replaceAll('"', '""')}"`;
}
