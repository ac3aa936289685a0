import { createHash } from "node:crypto";
import type { Row, Rows } from "./rows.ts";

export interface Digest {
	rows: number;
	/** SHA-256 over every value of every row, in the order of the primary key. */
	checksum: string;
}

/** Reads a whole table, on either side alike. */
export async function digestOf(table: Rows, chunk: number): Promise<Digest> {
	const hash = createHash("sha256");
	let count = 0;
	for (let key: Row | null = null; ; ) {
		const rows: Row[] = await table.after(key, chunk);
		for (const row of rows) hash.update(`${JSON.stringify(row)}\n`);
		count += rows.length;
		if (rows.length < chunk) return { rows: count, checksum: hash.digest("hex") };
		key = table.keyOf(rows.at(-1)!);
	}
}
