import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A statement as some version of the code executed it, and what it was answered. */
export interface Played {
	database: "sqlite" | "postgres";
	sql: string;
	values: readonly unknown[];
	/** The values of each row. Missing where it was not asked for any. */
	rows?: readonly (readonly unknown[])[];
}

/** What `record-statements.ts` wrote down of the code that knew migrations up to `version`. */
export interface Recording {
	version: number;
	played: readonly Played[];
}

/** The schema of the tables in the recorded statements of PostgreSQL. */
export const recordedSchema = "recorded";

const folder = new URL("./recordings/", import.meta.url);

export function fileOfRecording(version: number): string {
	return fileURLToPath(new URL(`${String(version).padStart(4, "0")}.jsonl`, folder));
}

export function readRecordings(): Recording[] {
	const versions = readdirSync(folder).map((name) => Number.parseInt(name, 10));
	return versions.toSorted((one, other) => one - other).map((version) => ({ version, played: readPlayed(version) }));
}

function readPlayed(version: number): Played[] {
	const lines = readFileSync(fileOfRecording(version), "utf8").trim().split("\n");
	return lines.map((line) => JSON.parse(line, (_, value) => (isBytes(value) ? Buffer.from(value.hex, "hex") : value)));
}

export function toLine(played: Played): string {
	return JSON.stringify(played, (_, value) => {
		if (value instanceof Uint8Array) return { hex: Buffer.from(value).toString("hex") };
		// A Buffer has said so itself by then.
		return value?.type === "Buffer" ? { hex: Buffer.from(value.data).toString("hex") } : value;
	});
}

function isBytes(value: unknown): value is { hex: string } {
	return typeof value === "object" && value !== null && "hex" in value;
}

/** The values of a row, whichever way it was read. */
export function cellsOf(row: unknown): unknown[] {
	return Array.isArray(row) ? row : Object.values(row as object);
}
