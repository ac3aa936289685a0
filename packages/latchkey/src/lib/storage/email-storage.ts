import type { NewEvent, NewIdentifier, NewToken, Settlement, TokenRecord, UserRecord } from "./storage.ts";

/** What a mailbox proves, and what follows from it. */
export interface EmailStorage {
	/** Reads a token without using it; `null` when it is gone or expired. */
	peekToken(input: { purpose: string; tokenHash: Uint8Array }): Promise<TokenRecord | null>;

	/** Keeps a token in the place of every other of its purpose and subject, with the events. */
	replaceToken(input: { token: NewToken; events: readonly NewEvent[] }): Promise<void>;

	/** The newest unexpired token of a purpose and subject, without using it. */
	findToken(input: { purpose: string; subject: string }): Promise<TokenRecord | null>;

	/** Deletes every token of a purpose and subject, with the events if there was one. */
	dropTokens(input: { purpose: string; subject: string; events: readonly NewEvent[] }): Promise<boolean>;

	/**
	 * Notes that the user's address, if it still is this one, is proven. The first proof by somebody who was not signed in
	 * to the account (`stranger`) removes what whoever was there before left: password, identities and sessions. Kills a
	 * pending change of the address. `null` when the address is another one; then nothing happened.
	 */
	proveEmail(input: {
		userId: string;
		canonical: string;
		stranger: boolean;
		/** Recorded at the first proof only. */
		events: readonly NewEvent[];
	}): Promise<{ first: boolean } | null>;

	/**
	 * Sets a password by a token that went to the user's address, which that proves. Every session ends, the count of
	 * failures too; pending resets and changes of the address die. `null` when the token is gone or the address it went to
	 * is not the user's any more; then nothing happened.
	 */
	resetPassword(input: {
		userId: string;
		canonical: string;
		token: { purpose: string; tokenHash: Uint8Array };
		sealed: string;
		settle: Settlement;
		events: readonly NewEvent[];
	}): Promise<UserRecord | null>;

	/**
	 * Gives the user another, proven address by a token of theirs. With `undo` what went before was not their doing: every
	 * session ends, the password goes, and so do factors, passkeys and identities added from `since` on, a deletion that
	 * was asked for, every other token of this purpose made after this one, and the claim of whoever holds the address
	 * without having proven it. With `epoch` only if the user still is at it: whoever was signed out meanwhile changes
	 * nothing. `gone`, `taken`: nothing happened.
	 */
	changeEmail(input: {
		userId: string;
		token: { purpose: string; tokenHash: Uint8Array };
		email: Omit<NewIdentifier, "kind">;
		undo: { since: number } | null;
		/** `null` where no session asks for it, but a link. */
		epoch: number | null;
		events: readonly NewEvent[];
	}): Promise<"changed" | "gone" | "taken">;

	/** Counts a failed proof against the password of `userId`, if there is one, and answers how many there were in a row. */
	recordFailure(input: { userId: string | null; events: readonly NewEvent[] }): Promise<number>;

	/** Forgets the failures, after a success. */
	forgetFailures(userId: string): Promise<void>;

	/** Marks the account to be deleted after `afterMs` and ends every session. Answers when; `null` when it is gone. */
	requestDeletion(input: { userId: string; afterMs: number; events: readonly NewEvent[] }): Promise<number | null>;

	/** Takes the mark away. False when there was none. */
	undoDeletion(input: { userId: string; events: readonly NewEvent[] }): Promise<boolean>;

	/** When the account is going to be deleted; `null` when it is not. */
	readDeletion(userId: string): Promise<number | null>;

	/** Accounts whose time has come. */
	listDueDeletions(limit: number): Promise<{ userId: string; email: string | null; language: string | null }[]>;
}

/** The purposes of tokens that die with any change of the password, and any proof or change of the address. */
export const pendingPurposes = ["email-change", "email-change-code", "password-reset"] as const;
