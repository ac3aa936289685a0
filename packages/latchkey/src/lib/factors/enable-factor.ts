import type { Engine } from "../engine.ts";
import type { NewEvent } from "../storage/storage.ts";
import { type CodeFactorName, countersOf } from "./verify-factor.ts";

/** Takes the waits and the hard stop off a factor, for an operator. False when the user has no such factor. */
export async function enableFactor(
	{ storage }: Pick<Engine, "storage">,
	{ userId, factor, event }: { userId: string; factor: CodeFactorName; event: NewEvent },
): Promise<boolean> {
	const factors = await storage.readFactors(userId);
	const has = factor === "totp" ? factors?.totp : factors?.recoveryCodes;
	if (!has) return false;
	await storage.forgetAttempts({ keys: countersOf(userId, factor), events: [event] });
	return true;
}
