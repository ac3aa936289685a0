/** What every script shares: where the project is, and how it ends when something is wrong. */
import { fileURLToPath } from "node:url";

/** The project's folder, without a slash at its end. */
export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "");

/** Something that the person at the keyboard can put right; the message says how, in one line. */
export class Stop extends Error {
	constructor(message, exitCode = 1) {
		super(message);
		this.exitCode = exitCode;
	}
}

/** Runs a script. A `Stop` becomes one line on standard error and its exit code; a returned number becomes the exit code. */
export async function main(work) {
	try {
		const code = await work();
		if (typeof code === "number") process.exitCode = code;
	} catch (error) {
		const stop = error instanceof Stop ? error : unwritable(error);
		if (stop === null) throw error;
		console.error(stop.message);
		process.exitCode = stop.exitCode;
	}
}

/** A folder that belongs to somebody else, a read-only or a full disk: nothing that a stack would explain. */
function unwritable({ code, path }) {
	if (path === undefined || !["EACCES", "EPERM", "EROFS", "ENOSPC"].includes(code)) return null;
	return new Stop(`${path} cannot be written (${code}). The project's folder must be writable for whoever starts it.`);
}
