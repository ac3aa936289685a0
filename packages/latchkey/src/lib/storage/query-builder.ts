import {
	type CompiledQuery,
	NoopQueryExecutor,
	type QueryCompiler,
	QueryCreator,
	type QueryId,
	type RootOperationNode,
} from "kysely";
import type { Schema } from "./schema.ts";

/**
 * Kysely's builder without the rest of Kysely: queries are described and compiled here, and executed by the stores
 * themselves. The class `Kysely` would bring schema builders, transactions and introspection along.
 */
export type QueryBuilder = QueryCreator<Schema>;

/** A builder whose queries compile to one dialect. */
export function queryBuilder(compiler: QueryCompiler): QueryBuilder {
	return new QueryCreator<Schema>({ executor: new Compiler(compiler) });
}

/** What Kysely asks for the text of a query; it is never asked to execute one. */
export class Compiler extends NoopQueryExecutor {
	readonly #compiler: QueryCompiler;

	constructor(compiler: QueryCompiler) {
		super();
		this.#compiler = compiler;
	}

	override compileQuery<R>(node?: RootOperationNode, queryId?: QueryId): CompiledQuery<R> {
		// The base class takes nothing and refuses; the builders always give both.
		return this.#compiler.compileQuery(node!, queryId!) as CompiledQuery<R>;
	}
}
