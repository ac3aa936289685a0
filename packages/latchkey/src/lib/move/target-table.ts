import { ask, type Server } from "../storage/postgres/inspect.ts";
import { quoted } from "../storage/postgres/names.ts";
import type { PostgresClient } from "../storage/postgres/pool.ts";
import { keyReader, type Row, type Rows } from "./rows.ts";
import { type Column, nameOnTarget, type Table } from "./tables.ts";

/** A stretch of keys: after the one, up to and including the other; `null` for no end. */
export interface Stretch {
	after: Row | null;
	upTo: Row | null;
}

/** The rows of a table in PostgreSQL. */
export class TargetTable implements Rows {
	readonly keyOf: (row: Row) => Row;
	/** With its schema, as a statement names it. */
	readonly name: string;
	readonly #client: PostgresClient;
	readonly #table: Table;

	constructor(client: PostgresClient, server: Server, table: Table) {
		this.#client = client;
		this.#table = table;
		this.name = `${quoted(server.names.schema)}.${quoted(nameOnTarget(table.name, server))}`;
		this.keyOf = keyReader(table.columns, table.key);
	}

	after(key: Row | null, limit: number): Promise<Row[]> {
		return this.#select({ after: key, upTo: null }, limit);
	}

	within(stretch: Stretch, limit: number): Promise<Row[]> {
		return this.#select(stretch, limit);
	}

	/** Puts these rows in the place of whatever the stretch holds, in one transaction. */
	async replace(stretch: Stretch, rows: readonly Row[]): Promise<void> {
		const { columns } = this.#table;
		const names = columns.map(({ name }) => quoted(name)).join();
		const lists = columns.map(({ type }, index) => `$${index + 1}::${type}[]`).join();
		await ask(this.#client, "BEGIN");
		try {
			const { condition, values } = this.#condition(stretch);
			await ask(this.#client, `DELETE FROM ${this.name} AS t WHERE ${condition}`, values);
			await ask(
				this.#client,
				`INSERT INTO ${this.name} (${names}) SELECT * FROM unnest(${lists})`,
				columns.map((_, index) => rows.map((row) => row[index])),
			);
			await ask(this.#client, "COMMIT");
		} catch (error) {
			await ask(this.#client, "ROLLBACK").catch(() => {});
			throw error;
		}
	}

	async #select(stretch: Stretch, limit: number): Promise<Row[]> {
		const { columns, key } = this.#table;
		const { condition, values } = this.#condition(stretch);
		const { rows } = await this.#client.query({
			text: `SELECT ${columns.map(asText).join()} FROM ${this.name} AS t WHERE ${condition}
				ORDER BY ${key.map(inByteOrder).join()} LIMIT ${limit}`,
			values,
			types: asWritten,
		});
		return (rows as Record<string, string | null>[]).map((row) => columns.map(({ name }) => row[name]!));
	}

	#condition({ after, upTo }: Stretch): { condition: string; values: unknown[] } {
		const { key } = this.#table;
		const left = `(${key.map(inByteOrder).join()})`;
		const values: unknown[] = [];
		const right = (row: Row) => `(${row.map((text, index) => `$${values.push(text)}::${key[index]!.type}`).join()})`;
		const conditions = [
			...(after === null ? [] : [`${left} > ${right(after)}`]),
			...(upTo === null ? [] : [`${left} <= ${right(upTo)}`]),
		];
		return { condition: conditions.join(" AND ") || "true", values };
	}
}

/** Whatever the database's language, in the order that SQLite has. */
function inByteOrder({ name, type }: Column): string {
	return type === "text" ? `t.${quoted(name)} COLLATE "C"` : `t.${quoted(name)}`;
}

/** Whatever the role's `bytea_output`, bytes as hexadecimal digits. */
function asText({ name, type }: Column): string {
	return type === "bytea" ? `'\\x' || encode(t.${quoted(name)}, 'hex') AS ${quoted(name)}` : `t.${quoted(name)}`;
}

const asWritten = { getTypeParser: () => (text: string) => text };
