import type { SessionRecord } from "../storage/storage.ts";
import type { ResolvedSession } from "./resolve-session.ts";

/** Seconds for which a proof of who somebody is counts as recent, unless a guard says otherwise. */
const recentSeconds = 10 * 60;

/** In `amr`, a name of our own: a device that is trusted stood in for the second step. */
export const trustedDeviceAmr = "device";

/**
 * Whether the person proved who they are within `maxAgeSeconds`. Renewal does not count, only a proof does; and none that
 * a trusted device has shortened, so that its thief changes nothing that matters.
 */
export function isRecent({ session, now }: ResolvedSession, maxAgeSeconds: number = recentSeconds): boolean {
	return now - session.authTime <= maxAgeSeconds * 1000 && !restsOnTrustedDevice(session);
}

/** Whether a trusted device stood in for the second step of this session's sign-in, and nothing was shown since. */
export function restsOnTrustedDevice({ amr }: Pick<SessionRecord, "amr">): boolean {
	return amr.includes(trustedDeviceAmr);
}
