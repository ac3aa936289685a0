import type { PasswordRecord } from "../storage/storage.ts";

/**
 * So many wrong passwords in a row disable the password until a new one is chosen by mail. NIST SP 800-63B-4, section 3.2.2,
 * stops at 100; those that were under way when it closed are allowed for.
 */
export const hardStop = 90;

export function isDisabled({ failures }: Pick<PasswordRecord, "failures">): boolean {
	return failures >= hardStop;
}
