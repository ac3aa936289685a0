import type { Column } from "./tables.ts";

/** A row as PostgreSQL writes each of its values, in the order of the columns: the same text means the same value. */
export type Row = readonly (string | null)[];

/** One side of the move: the rows of a table in the order of its primary key. */
export interface Rows {
	/** At most `limit` of them, from the first one after this key. */
	after(key: Row | null, limit: number): Promise<Row[]>;
	keyOf(row: Row): Row;
}

/** What PostgreSQL would write for a value of SQLite. */
export function toText(value: unknown, { name, type }: Column): string | null {
	if (value === null) return null;
	if (type === "bytea" && value instanceof Uint8Array) return `\\x${Buffer.from(value).toString("hex")}`;
	if (type === "boolean" && typeof value === "bigint") return value === 0n ? "f" : "t";
	if (type === "text" && typeof value === "string") return value;
	if (type.endsWith("int") || type === "integer") {
		if (typeof value === "bigint") return String(value);
	}
	throw new TypeError(`${name} holds a ${typeof value}, which is no ${type}`);
}

/** The value of a key for SQLite. */
export function fromText(text: string | null, { name, type }: Column): string | bigint | Uint8Array {
	if (text === null) throw new TypeError(`The key ${name} is null`);
	if (type === "text") return text;
	if (type === "bytea") return Buffer.from(text.slice(2), "hex");
	return type === "boolean" ? BigInt(text === "t") : BigInt(text);
}

/** Which values of a row are its key. */
export function keyReader(columns: readonly Column[], key: readonly Column[]): (row: Row) => Row {
	const places = key.map((column) => columns.indexOf(column));
	return (row) => places.map((place) => row[place]!);
}
