import type { KeyRing } from "./crypto/keys.ts";
import { describeError, type Logger } from "./log.ts";
import type { Storage } from "./storage/storage.ts";
import { deleteDueAccounts } from "./users/deletion.ts";

const everyMs = 10 * 60_000;
const batch = 500;

/**
 * Deletes what nobody can use any more, now and then, in small batches with pauses between them, until the returned
 * function is called.
 */
export function scheduleUpkeep(storage: Storage, pseudonyms: KeyRing, log: Logger): () => void {
	const timer = setInterval(() => void deleteAllExpired(storage, pseudonyms, log), everyMs).unref();
	return () => clearInterval(timer);
}

async function deleteAllExpired(storage: Storage, pseudonyms: KeyRing, log: Logger): Promise<void> {
	try {
		await deleteDueAccounts(storage, pseudonyms, batch);
		while ((await storage.deleteExpired(batch)) > 0) await new Promise((resolve) => setTimeout(resolve, 50));
	} catch (error) {
		log({ level: "warn", event: "upkeep_failed", ...describeError(error) });
	}
}
