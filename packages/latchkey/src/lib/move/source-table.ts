import type { DatabaseSync, StatementSync } from "node:sqlite";
import { fromText, keyReader, type Row, type Rows, toText } from "./rows.ts";
import type { Table } from "./tables.ts";

/** The rows of a table in SQLite, whose text sorts by its bytes. */
export class SourceTable implements Rows {
	readonly keyOf: (row: Row) => Row;
	readonly #table: Table;
	readonly #first: StatementSync;
	readonly #next: StatementSync;

	constructor(database: DatabaseSync, table: Table) {
		const key = table.key.map(({ name }) => name).join();
		const columns = table.columns.map(({ name }) => name).join();
		const prepare = (where: string) => {
			const statement = database.prepare(`SELECT ${columns} FROM ${table.name} ${where} ORDER BY ${key} LIMIT ?`);
			statement.setReadBigInts(true);
			statement.setReturnArrays(true);
			return statement;
		};
		this.#table = table;
		this.#first = prepare("");
		this.#next = prepare(`WHERE (${key}) > (${table.key.map(() => "?").join()})`);
		this.keyOf = keyReader(table.columns, table.key);
	}

	async after(key: Row | null, limit: number): Promise<Row[]> {
		const { columns, key: keyColumns } = this.#table;
		const rows =
			key === null
				? this.#first.all(limit)
				: this.#next.all(...key.map((text, index) => fromText(text, keyColumns[index]!)), limit);
		return (rows as unknown as unknown[][]).map((row) => row.map((value, index) => toText(value, columns[index]!)));
	}
}
