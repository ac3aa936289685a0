import { createHash, createHmac, randomInt } from "node:crypto";
import type { Key } from "../crypto/keys.ts";
import type { Engine } from "../engine.ts";
import type { TokenRecord } from "../storage/storage.ts";

/** What a mailed code is for. It is good for that and for nothing else. */
export type CodePurpose = "sign-in-code" | "sign-up-code" | "verify-code" | "email-change-code";

const digits = 6;

/** Six digits, all of them alike. */
export function randomCode(): string {
	return String(randomInt(10 ** digits)).padStart(digits, "0");
}

/** A code as people type and paste it, with the spaces and dashes that they put in; `null` when it can be none. */
export function readCode(typed: string): string | null {
	const code = typed.length > 32 ? "" : typed.replace(/[\s\p{Pd}]/gu, "");
	return /^\d{6}$/.test(code) ? code : null;
}

/** Who may use a code: the browser that asked for it, or the user who is signed in. */
export function holderByBrowser(secret: string): string {
	return `browser:${createHash("sha256").update(secret).digest("base64url")}`;
}

export function holderByUser(userId: string): string {
	return `user:${userId}`;
}

/**
 * What is stored of a code. Keyed, since six digits are soon tried out by whoever has the database; and bound to purpose
 * and holder, so that a code is worth nothing in anybody else's hands.
 */
export function codeHash({ key }: Key, purpose: CodePurpose, holder: string, code: string): Uint8Array {
	return createHmac("sha256", key).update(`${purpose}:${holder}:${code}`).digest();
}

/**
 * Uses a code: five guesses for as long as one lives, counted before they are judged, and whoever is first of those who
 * are right gets it. `null` for a wrong, used, expired or exhausted one.
 */
export async function redeemCode(
	engine: Engine,
	{ purpose, holder, code }: { purpose: CodePurpose; holder: string; code: string },
): Promise<TokenRecord | null> {
	const admission = await engine.throttle.admit([{ rule: "emailCode", subject: `${purpose}:${holder}` }]);
	if (!admission.ok) return null;
	// One that was sent before the secrets were rotated is good for as long as any other.
	for (const key of engine.emailCodes.all) {
		const token = await engine.storage.consumeToken({ purpose, tokenHash: codeHash(key, purpose, holder, code) });
		if (token !== null) return token;
	}
	return null;
}
