import { cookieName, readCookie } from "../http/cookies.ts";
import type { Settings } from "../settings.ts";

const name = "session";

/** A cookie to set, or with `value` `""` to clear. HttpOnly, SameSite=Lax, Path=/, no Domain, always. */
export interface CookieToSet {
	readonly name: string;
	readonly value: string;
	readonly maxAgeSeconds: number;
	readonly secure: boolean;
}

export function sessionCookieName(settings: Settings): string {
	return cookieName(name, settings.secure);
}

/** The token on the wire; `null` when there is none, or more than one cookie of the name. */
export function readSessionCookie(headers: Headers, settings: Settings): string | null {
	return readCookie(headers.get("cookie"), sessionCookieName(settings));
}

/** The cookie for a token; it lives as long as the session can. */
export function sessionCookie(settings: Settings, token: string, expiresInMs: number): CookieToSet {
	return {
		name: sessionCookieName(settings),
		value: token,
		maxAgeSeconds: Math.max(0, Math.floor(expiresInMs / 1000)),
		secure: settings.secure,
	};
}

export function clearedSessionCookie(settings: Settings): CookieToSet {
	return { name: sessionCookieName(settings), value: "", maxAgeSeconds: 0, secure: settings.secure };
}

/** The cookies of a device that go along with that of a session. */
export function deviceCookies({
	device,
	trustedDevice,
}: {
	readonly device?: CookieToSet;
	readonly trustedDevice?: CookieToSet;
}): CookieToSet[] {
	return [device, trustedDevice].filter((cookie) => cookie !== undefined);
}
