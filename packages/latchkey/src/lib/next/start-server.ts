import type { Engine } from "../engine.ts";
import { AuthError } from "../errors.ts";

/**
 * Checks everything that can fail at start, and ends the process when it does: an exception from `register` would leave
 * Next.js running and answering 500 to everybody.
 */
export async function startServer(engine: () => Promise<Engine>): Promise<void> {
	if (process.env.NEXT_RUNTIME === "edge") return;
	try {
		writeLastSeenWhenStopped(await engine());
	} catch (error) {
		const reason = error instanceof AuthError ? (error.detail ?? error.message) : String(error);
		process.stderr.write(`latchkey: ${reason}\n`);
		process.exit(1);
	}
}

/**
 * Next.js answers these signals and ends the process once its server is closed. PostgreSQL cannot be asked any more when it
 * does, so what is still to be written is written at once.
 */
function writeLastSeenWhenStopped({ activity }: Engine): void {
	for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void activity.flush());
}
