import { hash } from "node:crypto";
import { randomSecret } from "../crypto/random.ts";
import type { Engine } from "../engine.ts";
import { cookieName, readCookie } from "../http/cookies.ts";
import type { Visitor } from "../http/visitor.ts";
import type { CookieToSet } from "../sessions/session-cookie.ts";

/** What a challenge is for. One that was made for one of these is noise to every other. */
export type CeremonyUse = "sign-in" | "sign-up" | "second-step" | "enrolment" | "reauthentication" | "registration";

/** How long somebody may take. WebAuthn Level 3 recommends five minutes; autofill waits for as long as the page is open. */
export const challengeLifetimeMs = 10 * 60_000;

const cookieBase = "passkey";

/** For a ceremony that nobody is known in yet. */
export const nobody = "nobody";

export interface Challenge {
	/** 256 random bits, base64url. */
	readonly challenge: string;
	/** Binds it to this browser. */
	readonly cookie: CookieToSet;
}

/** Makes a challenge for one ceremony of one browser, and of one user where that is known. */
export async function makeChallenge(
	engine: Engine,
	visitor: Visitor,
	{ use, subject, payload = null }: { use: CeremonyUse; subject: string; payload?: unknown },
): Promise<Challenge> {
	const challenge = randomSecret(256);
	// Kept while there is one, so that a page that waits for autofill does not lose its challenge to a press on a button.
	const browser = readBrowser(engine, visitor) ?? randomSecret(128);
	await engine.storage.putToken({
		purpose: purposeOf(use),
		subject,
		tokenHash: hash("sha256", challenge, "buffer"),
		lifetimeMs: challengeLifetimeMs,
		payload: { browser: fingerprint(browser), more: payload },
	});
	const cookie = {
		name: cookieName(cookieBase, engine.settings.secure),
		value: browser,
		maxAgeSeconds: challengeLifetimeMs / 1000,
		secure: engine.settings.secure,
	};
	return { challenge, cookie };
}

/**
 * Takes the challenge back: once, for the use that it was made for, from the browser and for the user that it was made for.
 * `null` otherwise, and it is used up by that too.
 */
export async function consumeChallenge(
	engine: Engine,
	visitor: Visitor,
	{ use, subject, challenge }: { use: CeremonyUse; subject: string; challenge: string },
): Promise<{ payload: unknown } | null> {
	const tokenHash = hash("sha256", challenge, "buffer");
	const token = await engine.storage.consumeToken({ purpose: purposeOf(use), tokenHash });
	const browser = readBrowser(engine, visitor);
	if (token === null || browser === null || token.subject !== subject) return null;
	const kept = token.payload as { browser: string; more: unknown };
	return kept.browser === fingerprint(browser) ? { payload: kept.more } : null;
}

function readBrowser({ settings }: Engine, { headers }: Visitor): string | null {
	const value = readCookie(headers.get("cookie"), cookieName(cookieBase, settings.secure));
	return value !== null && /^[\w-]{22}$/.test(value) ? value : null;
}

function fingerprint(browser: string): string {
	return hash("sha256", browser, "base64url");
}

function purposeOf(use: CeremonyUse): string {
	return `passkey-${use}`;
}
