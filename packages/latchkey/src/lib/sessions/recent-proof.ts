import type { ResolvedSession } from "./resolve-session.ts";

/** Seconds for which a proof of who somebody is counts as recent, unless a guard says otherwise. */
export const recentSeconds = 10 * 60;

/** Whether the person proved who they are within `maxAgeSeconds`. Renewal does not count, only a proof does. */
export function isRecent({ session, now }: ResolvedSession, maxAgeSeconds: number = recentSeconds): boolean {
	return now - session.authTime <= maxAgeSeconds * 1000;
}
