import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";

/** A value as a literal that both databases read, whatever the column's type. */
export type Literal = string;

export interface FilledTable {
	name: string;
	columns: readonly string[];
	rows: readonly (readonly Literal[])[];
}

/**
 * Rows for every table of ours in a SQLite database, made up from its schema alone, so that a table or column that a later
 * migration adds is filled too. Every third row leaves out what may be left out.
 */
export function rowsForEveryTable(database: DatabaseSync, count: number): FilledTable[] {
	const names = database
		.prepare(
			"SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'latchkey\\_%' ESCAPE '\\' ORDER BY rowid",
		)
		.all()
		.map(({ name }) => String(name))
		.filter((name) => name !== "latchkey_migration");
	const schema = new Map(names.map((name) => [name, readSchema(database, name)]));
	return names.map((name) => {
		const { columns } = schema.get(name)!;
		const rows = Array.from({ length: count }, (_, index) =>
			[...columns.keys()].map((column) => literal(makeUp(schema, { table: name, column, index }))),
		);
		return { name, columns: [...columns.keys()], rows };
	});
}

/** The statement that inserts them, for either database. */
export function insertStatement({ name, columns, rows }: FilledTable): string {
	return `INSERT INTO ${name} (${columns.join()}) VALUES ${rows.map((row) => `(${row.join()})`).join()}`;
}

/** The same rows where bytes are written as PostgreSQL does. */
export function forPostgres(table: FilledTable): FilledTable {
	const rows = table.rows.map((row) => row.map((one) => one.replace(/^X'(.*)'$/, "'\\x$1'")));
	return { ...table, rows };
}

interface TableSchema {
	columns: ReadonlyMap<string, { type: string; mayBeNull: boolean }>;
	references: ReadonlyMap<string, { table: string; column: string }>;
}

type Value = string | number | Uint8Array | null;

function readSchema(database: DatabaseSync, name: string): TableSchema {
	const columns = database.prepare(`PRAGMA table_xinfo(${name})`).all();
	const references = database.prepare(`PRAGMA foreign_key_list(${name})`).all();
	return {
		columns: new Map(
			columns.map(({ name, type, notnull, pk }) => [
				String(name),
				{ type: String(type), mayBeNull: notnull === 0 && pk === 0 },
			]),
		),
		references: new Map(
			references.map(({ from, table, to }) => [String(from), { table: String(table), column: String(to) }]),
		),
	};
}

function makeUp(
	schema: ReadonlyMap<string, TableSchema>,
	{ table, column, index }: { table: string; column: string; index: number },
): Value {
	const { columns, references } = schema.get(table)!;
	const { type, mayBeNull } = columns.get(column)!;
	if (mayBeNull && index % 3 === 2) return null;
	const reference = references.get(column);
	if (reference !== undefined) return makeUp(schema, { ...reference, index });
	if (type === "BLOB") return createHash("sha256").update(`${column} ${index}`).digest();
	// Fits a flag, and is never the same for two rows next to each other.
	if (type === "INTEGER") return index % 2;
	return `${column} ${index} "é\\ü'🔑`;
}

function literal(value: Value): Literal {
	if (value === null) return "NULL";
	if (typeof value === "number") return String(value);
	if (typeof value === "string") return `'${value.replaceAll("'", "''")}'`;
	return `X'${Buffer.from(value).toString("hex")}'`;
}
