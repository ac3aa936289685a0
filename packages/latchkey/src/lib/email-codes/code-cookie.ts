import { nowOf } from "../clock.ts";
import { randomSecret } from "../crypto/random.ts";
import { seal, unseal } from "../crypto/sealing.ts";
import type { Engine } from "../engine.ts";
import { cookieName, readCookie } from "../http/cookies.ts";
import type { Visitor } from "../http/visitor.ts";
import type { CookieToSet } from "../sessions/session-cookie.ts";
import { type CodePurpose, holderByBrowser } from "./code.ts";

/** What a browser that asked for a code remembers. */
export interface AskedCode {
	readonly purpose: CodePurpose;
	/** The address as it was typed. */
	readonly email: string;
	readonly holder: string;
}

const context = "email-code cookie";

/** Makes the browser the holder of a code that is about to be mailed. */
export function askCode(
	engine: Engine,
	{ purpose, email, lifetimeMs }: { purpose: CodePurpose; email: string; lifetimeMs: number },
): { holder: string; cookie: CookieToSet } {
	const secret = randomSecret(128);
	const expiresAt = nowOf(engine) + lifetimeMs;
	const cookie = {
		name: nameOf(engine),
		value: seal(engine.emailCodes, context, JSON.stringify([purpose, secret, email, expiresAt])),
		maxAgeSeconds: Math.floor(lifetimeMs / 1000),
		secure: engine.settings.secure,
	};
	return { holder: holderByBrowser(secret), cookie };
}

/** The code that this browser waits for; `null` when it asked for none, or too long ago. */
export function readAskedCode(engine: Engine, { headers }: Pick<Visitor, "headers">): AskedCode | null {
	const value = readCookie(headers.get("cookie"), nameOf(engine));
	const text = value === null ? null : unseal(engine.emailCodes, context, value);
	if (text === null) return null;
	const [purpose, secret, email, expiresAt] = JSON.parse(text);
	return expiresAt > nowOf(engine) ? { purpose, email, holder: holderByBrowser(secret) } : null;
}

function nameOf({ settings }: Engine): string {
	return cookieName("email-code", settings.secure);
}
