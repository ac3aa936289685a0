import type { DatabaseSync } from "node:sqlite";
import { misconfigured } from "../errors.ts";
import { ask, type Server } from "../storage/postgres/inspect.ts";
import { withPrefix } from "../storage/postgres/names.ts";
import type { PostgresClient } from "../storage/postgres/pool.ts";

/** A table that both databases have, by the name that the code gives it. */
export interface Table {
	name: string;
	columns: readonly Column[];
	/** The primary key, in whose order the rows are gone through. */
	key: readonly Column[];
}

export interface Column {
	name: string;
	/** As PostgreSQL has it. */
	type: ColumnType;
}

/** What a row's text is made of. A migration that needs another type adds its text form to `toText`. */
export type ColumnType = "text" | "bytea" | "boolean" | "smallint" | "integer" | "bigint";

const columnTypes: ReadonlySet<string> = new Set<ColumnType>([
	"text",
	"bytea",
	"boolean",
	"smallint",
	"integer",
	"bigint",
]);

/** Each database has its own history. */
const staysWhereItIs = "latchkey_migration";

/** Every table of ours, whatever migration made it, with those before it that it refers to. */
export async function readTables(source: DatabaseSync, client: PostgresClient, server: Server): Promise<Table[]> {
	const names = source
		.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'latchkey\\_%' ESCAPE '\\' ORDER BY 1")
		.all()
		.map(({ name }) => String(name))
		.filter((name) => name !== staysWhereItIs);
	const types = await readColumnTypes(client, server);
	return inOrderOfReferences(source, names).map((name) => readTable(source, name, types.get(name) ?? new Map()));
}

function readTable(source: DatabaseSync, name: string, types: ReadonlyMap<string, string>): Table {
	const found = source.prepare(`PRAGMA table_xinfo(${name})`).all();
	const columns = found.map((column): Column => ({ name: String(column.name), type: typeOf(name, column, types) }));
	const key = found
		.map(({ pk }, index) => ({ place: Number(pk), column: columns[index]! }))
		.filter(({ place }) => place > 0)
		.sort((one, other) => one.place - other.place)
		.map(({ column }) => column);
	if (key.length === 0) throw new TypeError(`${name} has no primary key`);
	return { name, columns, key };
}

function typeOf(table: string, column: Record<string, unknown>, types: ReadonlyMap<string, string>): ColumnType {
	const name = String(column.name);
	const type = types.get(name);
	if (type === undefined)
		throw misconfigured(`${table}.${name} is not in PostgreSQL. Install one version of latchkey.`);
	if (!columnTypes.has(type)) throw new TypeError(`${table}.${name} is ${type}, which cannot be moved`);
	return type as ColumnType;
}

/** The types of all columns, by the code's name of the table. */
async function readColumnTypes(
	client: PostgresClient,
	{ names }: Server,
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
	const rows = await ask<{ table: string; column: string; type: string }>(
		client,
		`SELECT c.relname::text AS "table", a.attname::text AS "column", pg_catalog.format_type(a.atttypid, null) AS "type"
		FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
		WHERE c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace AS n WHERE n.nspname = $1)
			AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped`,
		[names.schema],
	);
	const types = new Map<string, Map<string, string>>();
	for (const { table, column, type } of rows) {
		if (!table.startsWith(names.prefix)) continue;
		const name = `latchkey_${table.slice(names.prefix.length)}`;
		types.set(name, (types.get(name) ?? new Map()).set(column, type));
	}
	return types;
}

function inOrderOfReferences(source: DatabaseSync, names: readonly string[]): string[] {
	const ordered = new Set<string>();
	const visit = (name: string): void => {
		if (ordered.has(name)) return;
		for (const { table } of source.prepare(`PRAGMA foreign_key_list(${name})`).all()) {
			if (table !== name) visit(String(table));
		}
		ordered.add(name);
	};
	for (const name of names) visit(name);
	return [...ordered];
}

/** The table's name where its schema and prefix are others. */
export function nameOnTarget(name: string, { names }: Server): string {
	return withPrefix(name, names.prefix);
}
