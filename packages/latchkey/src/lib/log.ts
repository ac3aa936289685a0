import { AuthError } from "./errors.ts";

/** One thing that an operator may want to know. Never holds a secret, a token, an address or what a visitor typed. */
export interface LogEntry {
	level: "info" | "warn" | "error";
	/** A stable name, such as `store_unavailable`. */
	event: string;
	[field: string]: unknown;
}

export type Logger = (entry: LogEntry) => void;

/** JSON lines on standard error, as a log collector reads them. */
export const jsonLogger: Logger = (entry) => {
	process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`);
};

/** What may be said of an error in a log: its kind and text, and where it was thrown if that is news; not what it carries. */
export function describeError(error: unknown): Record<string, unknown> {
	if (!(error instanceof Error)) return { error: typeof error };
	const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) };
	const detail = error instanceof AuthError && error.detail !== undefined ? { detail: error.detail } : {};
	const stack = "detail" in detail ? {} : { stack: error.stack?.split("\n").slice(1, 6) };
	return { error: error.name, message: error.message, ...detail, ...stack, ...cause };
}
