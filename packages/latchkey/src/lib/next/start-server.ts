import type { Engine } from "../engine.ts";
import { AuthError } from "../errors.ts";

/**
 * Checks everything that can fail at start, and ends the process when it does: an exception from `register` would leave
 * Next.js running and answering 500 to everybody.
 */
export async function startServer(engine: () => Promise<Engine>): Promise<void> {
	if (process.env.NEXT_RUNTIME === "edge") return;
	try {
		await engine();
	} catch (error) {
		const reason = error instanceof AuthError ? (error.detail ?? error.message) : String(error);
		process.stderr.write(`latchkey: ${reason}\n`);
		process.exit(1);
	}
}
