import type { Engine } from "./engine.ts";
import { describeError } from "./log.ts";

const everyMs = 10 * 60_000;
const batch = 500;

/** Deletes what nobody can use any more, now and then, in small batches with pauses between them. */
export function scheduleUpkeep(engine: Engine): void {
	setInterval(() => void deleteAllExpired(engine), everyMs).unref();
}

async function deleteAllExpired({ storage, log }: Engine): Promise<void> {
	try {
		while ((await storage.deleteExpired(batch)) > 0) await new Promise((resolve) => setTimeout(resolve, 50));
	} catch (error) {
		log({ level: "warn", event: "upkeep_failed", ...describeError(error) });
	}
}
