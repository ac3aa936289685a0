import { violatedUnique } from "../storage/postgres/postgres-errors.ts";
import type { Row } from "./rows.ts";
import type { SourceTable } from "./source-table.ts";
import type { Stretch, TargetTable } from "./target-table.ts";

/** Makes the target's rows those of the source, chunk by chunk, and leaves alone what is the same already. */
export async function copyTable(
	source: SourceTable,
	target: TargetTable,
	chunk: number,
	onProgress: (rows: number) => void,
): Promise<void> {
	let after: Row | null = null;
	for (let copied = 0; ; ) {
		const rows = await source.after(after, chunk);
		const isLast = rows.length < chunk;
		const upTo = isLast ? null : source.keyOf(rows.at(-1)!);
		// One more than there may be, so that whatever is too much is seen.
		const found = await target.within({ after, upTo }, chunk + 1);
		if (!same(rows, found)) await replace(target, { after, upTo }, rows);
		copied += rows.length;
		onProgress(copied);
		if (isLast) return;
		after = upTo;
	}
}

async function replace(target: TargetTable, stretch: Stretch, rows: readonly Row[]): Promise<void> {
	try {
		await target.replace(stretch, rows);
	} catch (error) {
		if (violatedUnique(error) === null) throw error;
		// What an earlier attempt copied further on has changed its owner since: it comes again when it is its turn.
		await target.replace({ after: stretch.after, upTo: null }, rows);
	}
}

function same(ours: readonly Row[], theirs: readonly Row[]): boolean {
	return (
		ours.length === theirs.length && ours.every((row, index) => row.every((text, at) => text === theirs[index]![at]))
	);
}
