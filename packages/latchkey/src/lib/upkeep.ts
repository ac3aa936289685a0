import { describeError, type Logger } from "./log.ts";
import type { Storage } from "./storage/storage.ts";

const everyMs = 10 * 60_000;
const batch = 500;

/**
 * Deletes what nobody can use any more, now and then, in small batches with pauses between them, until the returned
 * function is called.
 */
export function scheduleUpkeep(storage: Storage, log: Logger): () => void {
	const timer = setInterval(() => void deleteAllExpired(storage, log), everyMs).unref();
	return () => clearInterval(timer);
}

async function deleteAllExpired(storage: Storage, log: Logger): Promise<void> {
	try {
		while ((await storage.deleteExpired(batch)) > 0) await new Promise((resolve) => setTimeout(resolve, 50));
	} catch (error) {
		log({ level: "warn", event: "upkeep_failed", ...describeError(error) });
	}
}
