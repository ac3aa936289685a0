import { accessSync, closeSync, constants, mkdirSync, openSync, readSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { misconfigured } from "../../errors.ts";

/** A database that lives and dies with its connection, for tests. */
export const inMemory = ":memory:";

/**
 * Looks at the file without writing anything. Throws `misconfigured`, one line with the cure, for what can never become
 * our database: a folder, a read-only file or folder, something that is not SQLite.
 */
export function inspectFile(file: string): "absent" | "empty" | "database" {
	const found = statOrNull(file);
	if (found === null) {
		requireWritableFolder(file);
		return "absent";
	}
	if (found.isDirectory()) throw misconfigured(`${file} is a folder. Name a file in it in AUTH_DATABASE_URL.`);
	if (!found.isFile()) throw misconfigured(`${file} is not a file. Name a file in AUTH_DATABASE_URL.`);
	if (!isWritable(file, found)) {
		throw misconfigured(`${file} is read-only. Make it writable, or name another file in AUTH_DATABASE_URL.`);
	}
	requireWritableFolder(file);
	if (found.size === 0) return "empty";
	if (!startsAsSqlite(file)) {
		throw misconfigured(`${file} is not a SQLite database. Move it away, or name another file in AUTH_DATABASE_URL.`);
	}
	return "database";
}

/** Creates the file and the folders above it, for the owner alone, where they are missing. */
export function createFile(file: string): void {
	try {
		mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
		closeSync(openSync(file, "a", 0o600));
	} catch (cause) {
		throw misconfigured(`${file} cannot be created. Name a file that can be in AUTH_DATABASE_URL.`, cause);
	}
}

function statOrNull(path: string): Stats | null {
	try {
		return statSync(path, { throwIfNoEntry: false }) ?? null;
	} catch (cause) {
		throw misconfigured(`${path} cannot be reached. Name another file in AUTH_DATABASE_URL.`, cause);
	}
}

/** WAL puts two more files beside the database, so the folder matters even where the file exists. */
function requireWritableFolder(file: string): void {
	let folder = dirname(file);
	let found = statOrNull(folder);
	while (found === null && folder !== dirname(folder)) {
		folder = dirname(folder);
		found = statOrNull(folder);
	}
	if (found !== null && !found.isDirectory()) {
		throw misconfigured(`${folder} is not a folder, so ${file} cannot be in it. Name another in AUTH_DATABASE_URL.`);
	}
	if (found === null || !isWritable(folder, found)) {
		throw misconfigured(
			`The folder ${folder} is not writable, and ${file} needs it to be. Make it so, or name another file in AUTH_DATABASE_URL.`,
		);
	}
}

function isWritable(path: string, found: Stats): boolean {
	// Root may write everywhere, but a file without any write bit is one that somebody meant to keep.
	if ((found.mode & 0o222) === 0) return false;
	try {
		accessSync(path, constants.R_OK | constants.W_OK);
		return true;
	} catch {
		return false;
	}
}

function startsAsSqlite(file: string): boolean {
	const magic = Buffer.from("SQLite format 3\0", "latin1");
	const start = Buffer.alloc(magic.length);
	const descriptor = openSync(file, "r");
	try {
		readSync(descriptor, start, 0, start.length, 0);
	} finally {
		closeSync(descriptor);
	}
	return start.equals(magic);
}
