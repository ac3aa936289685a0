import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { type Compilable, SqliteQueryCompiler } from "kysely";
import { type QueryBuilder, queryBuilder } from "../query-builder.ts";

/** A prepared statement. Synchronous, so that a transaction has no await inside. */
export interface Statement<P, R> {
	/** The first row. For reads only: a write must be stepped to its end, see `all`. */
	get(parameters: P): R | undefined;
	/** Every row. */
	all(parameters: P): R[];
	/** Runs it and answers how many rows it changed. */
	run(parameters: P): number;
}

/** The same for a statement that takes a list of rows; there is one prepared variant for each length of the list. */
export interface RowsStatement<Row, P, R> {
	all(rows: readonly Row[], parameters: P): R[];
	run(rows: readonly Row[], parameters: P): number;
}

export type Parameters = Record<string, SQLInputValue>;
export type OnStatement = (sql: string) => void;

/** Describes a statement once: `p.name` stands for the parameter that is given under that name at each execution. */
export type Build<P, R> = (db: QueryBuilder, p: P) => Compilable<R>;
export type BuildRows<Row, P, R> = (db: QueryBuilder, rows: Row[], p: P) => Compilable<R>;

/** Compiles what Kysely describes, and prepares it on a connection. */
export function prepare<P extends Parameters, R>(
	database: DatabaseSync,
	build: Build<P, R>,
	onStatement: OnStatement | undefined,
): Statement<P, R> {
	const compiled = build(
		builder,
		markers<P>((given, name) => given.parameters[name]),
	).compile();
	const execute = bind(database.prepare(compiled.sql), compiled.sql, compiled.parameters, onStatement);
	return {
		get: (parameters) => execute.get({ parameters, rows: none }) as R | undefined,
		all: (parameters) => execute.all({ parameters, rows: none }) as R[],
		run: (parameters) => execute.run({ parameters, rows: none }),
	};
}

/** As {@link prepare}, for the first row as an array of its values in the order of the columns. */
export function prepareArray<P extends Parameters, A extends readonly unknown[]>(
	database: DatabaseSync,
	build: Build<P, unknown>,
	onStatement: OnStatement | undefined,
): (parameters: P) => A | undefined {
	const compiled = build(
		builder,
		markers<P>((given, name) => given.parameters[name]),
	).compile();
	const statement = database.prepare(compiled.sql);
	statement.setReturnArrays(true);
	const execute = bind(statement, compiled.sql, compiled.parameters, onStatement);
	return (parameters) => execute.get({ parameters, rows: none }) as A | undefined;
}

/** As {@link prepare}, for a list of rows. Meant for short lists: each length is a statement of its own. */
export function prepareRows<Row extends Parameters, P extends Parameters, R>(
	database: DatabaseSync,
	build: BuildRows<Row, P, R>,
	onStatement: OnStatement | undefined,
): RowsStatement<Row, P, R> {
	const variants = new Map<number, Execute>();
	const variant = (count: number): Execute => {
		const known = variants.get(count);
		if (known) return known;
		const rows = Array.from({ length: count }, (_, index) => markers<Row>((given, name) => given.rows[index]?.[name]));
		const compiled = build(
			builder,
			rows,
			markers<P>((given, name) => given.parameters[name]),
		).compile();
		const fresh = bind(database.prepare(compiled.sql), compiled.sql, compiled.parameters, onStatement);
		variants.set(count, fresh);
		return fresh;
	};
	return {
		all: (rows, parameters) => variant(rows.length).all({ parameters, rows }) as R[],
		run: (rows, parameters) => variant(rows.length).run({ parameters, rows }),
	};
}

const builder = queryBuilder(new SqliteQueryCompiler());

const none: readonly Parameters[] = [];

interface Given {
	parameters: Parameters;
	rows: readonly Parameters[];
}

type Read = (given: Given, name: string) => SQLInputValue | undefined;

/** Stands in the query for a value to come; Kysely hands it back in the order in which it is bound. */
class Marker {
	readonly read: (given: Given) => SQLInputValue | undefined;
	constructor(read: (given: Given) => SQLInputValue | undefined) {
		this.read = read;
	}
}

/** Typed as the values themselves, so that Kysely checks each against its column: the one place that pretends so. */
function markers<P>(read: Read): P {
	return new Proxy({}, { get: (_, name) => new Marker((given) => read(given, String(name))) }) as P;
}

interface Execute {
	get(given: Given): unknown;
	all(given: Given): unknown[];
	run(given: Given): number;
}

function bind(
	statement: StatementSync,
	sql: string,
	parameters: readonly unknown[],
	onStatement: OnStatement | undefined,
): Execute {
	const readers = parameters.map((parameter) =>
		parameter instanceof Marker ? parameter.read : () => parameter as SQLInputValue,
	);
	// `undefined` goes through to node:sqlite, which refuses to bind it.
	const values = (given: Given) => readers.map((read) => read(given) as SQLInputValue);
	return {
		get(given) {
			onStatement?.(sql);
			return statement.get(...values(given));
		},
		all(given) {
			onStatement?.(sql);
			// `get` stops after the first row and drops what the commit of an autocommitted write has to report.
			return statement.all(...values(given));
		},
		run(given) {
			onStatement?.(sql);
			return Number(statement.run(...values(given)).changes);
		},
	};
}
