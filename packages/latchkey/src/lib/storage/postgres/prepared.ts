import { createHash } from "node:crypto";
import { type Compilable, PostgresQueryCompiler, type RawBuilder } from "kysely";
import { Compiler, type QueryBuilder, queryBuilder } from "../query-builder.ts";
import { qualify, type TableNames } from "./names.ts";

export type Parameters = Record<string, ParameterValue>;
type ParameterValue = string | number | boolean | null | Uint8Array | readonly string[];

/** What every statement can name without being given it. */
export interface Ambient {
	/** The time that a test has; `null` where the database's own clock decides. */
	at: number | null;
	/** Where other instances hear of what ended. */
	channel: string;
}

/** Describes a statement once: `p.name` stands for the parameter that is given under that name at each execution. */
export type Build<P, R> = (db: QueryBuilder, p: P & Ambient) => Compilable<R> | RawBuilder<R>;

/** A statement as PostgreSQL gets it. */
export interface Prepared {
	readonly name: string;
	readonly sql: string;
	values(parameters: Parameters): unknown[];
}

/** Compiles what Kysely describes, for the tables that bear these names. */
export function prepare<P extends Parameters, R>(build: Build<P, R>, names: TableNames): Prepared {
	const built = build(builder, markers<P & Ambient>());
	const compiled = "isRawBuilder" in built ? built.compile(executors) : built.compile();
	const sql = qualify(compiled.sql, names);
	return {
		// By its content, so that two versions of the library on one connection do not meet under one name.
		name: `latchkey_${createHash("sha256").update(sql).digest("hex").slice(0, 20)}`,
		sql,
		values: (parameters) =>
			compiled.parameters.map((parameter) => {
				if (!(parameter instanceof Marker)) return parameter;
				const value = parameters[parameter.name];
				// `pg` would bind NULL.
				if (value === undefined) throw new TypeError(`The parameter ${parameter.name} was not given`);
				return value;
			}),
	};
}

const compiler = new PostgresQueryCompiler();
const builder = queryBuilder(compiler);
const executors = { getExecutor: () => new Compiler(compiler) };

/** Stands in the query for a value to come; Kysely hands it back in the order in which it is bound. */
class Marker {
	readonly name: string;
	constructor(name: string) {
		this.name = name;
	}
}

/** Typed as the values themselves, so that Kysely checks each against its column: the one place that pretends so. */
function markers<P>(): P {
	return new Proxy({}, { get: (_, name) => new Marker(String(name)) }) as P;
}

/** `bigint` as a number, which times and counts fit; everything that is not a number as `pg` reads it. */
export const resultTypes = {
	getTypeParser: (oid: number) => parsers.get(oid) ?? asText,
};

const asText = (text: string): unknown => text;

const parsers = new Map<number, (text: string) => unknown>([
	[16, (text) => text === "t"],
	[20, Number],
	[21, Number],
	[23, Number],
	[114, (text) => JSON.parse(text)],
]);
