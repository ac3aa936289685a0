import type { Engine } from "../engine.ts";
import type { NewEvent } from "../storage/storage.ts";
import { type CodeFactorName, rulesOf } from "./verify-factor.ts";

/** Takes the waits and the hard stop off a factor, for an operator. False when the user has no such factor. */
export async function enableFactor(
	{ storage, throttle }: Pick<Engine, "storage" | "throttle">,
	{ userId, factor, event }: { userId: string; factor: CodeFactorName; event: NewEvent },
): Promise<boolean> {
	const factors = await storage.readFactors(userId);
	const has = factor === "totp" ? factors?.totp : factors?.recoveryCodes;
	if (!has) return false;
	const { count, stop } = rulesOf[factor];
	const keys = [count, stop].flatMap((rule) => throttle.everyKeyOf(rule, userId));
	await storage.forgetAttempts({ keys, events: [event] });
	return true;
}
