import type { ChangeFactors, FactorsChange } from "./factors-storage.ts";
import type { NewEvent, NewSession, SessionRecord, Settlement } from "./storage.ts";

/** Passwords: changed, chosen for the first time, sealed anew. By mail they are replaced in `EmailStorage`. */
export interface PasswordsStorage {
	/**
	 * Replaces a password if its row still has `version`; moves the user's epoch, so that every session ends, and opens
	 * the new one. Kills pending resets and changes of the address. `null` when the version moved or the user is gone, and then nothing happened.
	 */
	changePassword(input: ChangePassword): Promise<SessionRecord | null>;

	/** Stores the same password under new parameters or a new key: only if neither version nor seal changed meanwhile. */
	resealPassword(input: { userId: string; version: number; from: string; to: string }): Promise<boolean>;

	/**
	 * Gives the user a password where there is none, under a version that no password of theirs ever had; moves the
	 * user's epoch, so that every session ends but the one that did it. Kills pending resets and changes of the address.
	 * `gone` when there is one, or no such user.
	 */
	addPassword(input: ChangeFactors & { sealed: string }): Promise<FactorsChange>;
}

export interface ChangePassword {
	userId: string;
	version: number;
	sealed: string;
	session: Omit<NewSession, "userId" | "epoch">;
	settle: Settlement;
	events: readonly NewEvent[];
}
