import type { NewEvent, NewSession, SessionRecord, Settlement } from "./storage.ts";

/**
 * Second factors and passkeys. What makes an account harder or easier to enter (an authenticator app added or removed, a
 * passkey removed, the second step switched) moves the user's epoch: every session ends but the one that did it, and so
 * does every sign-in under way, also one that waits for its second step.
 */
export interface FactorsStorage {
	/** What the user has besides a password. `null` when there is no such user. */
	readFactors(userId: string): Promise<FactorsRecord | null>;

	/**
	 * Adds the authenticator app if the user has none and still is at `epoch`, moves the epoch, and opens the session that
	 * takes the place of all of theirs. With `recoveryCodeHashes` these replace the recovery codes. `null` when the epoch
	 * moved, there is one already or the user is gone, and then nothing happened.
	 */
	addTotp(input: AddTotp): Promise<SessionRecord | null>;

	/**
	 * Notes that a code of `step` was used: only if the secret still is the one that it was checked with and no code of
	 * this or a later step was used before. One guarded UPDATE, so a code that is sent twice at once is good once.
	 */
	recordTotpUse(input: { userId: string; sealed: string; step: number; resealed: string | null }): Promise<boolean>;

	/** Names the user's authenticator app. False when there is none, and then nothing is recorded. */
	renameTotp(input: { userId: string; name: string; events: readonly NewEvent[] }): Promise<boolean>;

	/**
	 * Removes the authenticator app, and with the last factor the recovery codes and the second step. `not_live` when the
	 * kept session is not live any more, `gone` when there is no app; nothing happened then.
	 */
	removeTotp(input: ChangeFactors): Promise<FactorsChange>;

	/**
	 * Puts these codes in the place of the user's present ones; trusted devices are forgotten. False when the user is
	 * gone or at another `epoch` by now: whoever was signed out meanwhile makes none.
	 */
	replaceRecoveryCodes(input: {
		userId: string;
		epoch: number;
		codeHashes: readonly Uint8Array[];
		settle: Settlement;
		events: readonly NewEvent[];
	}): Promise<boolean>;

	/** Deletes the code: of many callers at once exactly one gets true. */
	consumeRecoveryCode(input: { userId: string; codeHash: Uint8Array }): Promise<boolean>;

	/**
	 * Keeps a passkey unless somebody has this credential (`taken`), the user has `limit` of them (`full`), or is gone or
	 * at another `epoch` by now (`gone`): whoever was signed out while the passkey was checked adds none. Trusted devices are
	 * forgotten.
	 */
	addPasskey(input: AddPasskey): Promise<AddedPasskey>;

	/** The passkey with this credential id, whosever it is. */
	findPasskey(credentialId: string): Promise<PasskeyRecord | null>;

	/** Notes a use: the counter only moves forward. False when the passkey is gone. */
	recordPasskeyUse(input: { id: string; counter: number; backedUp: boolean }): Promise<boolean>;

	/** Names one of the user's passkeys. False when it is not theirs, or gone. */
	renamePasskey(input: { userId: string; id: string; name: string; events: readonly NewEvent[] }): Promise<boolean>;

	/**
	 * Removes one of the user's passkeys; with the last factor also the recovery codes and the second step. `last` when
	 * there would be no way left to sign in: no password, no other passkey, no identity of one of `usableProviders` (or of a
	 * method of the owner's own), also when that goes at the same moment.
	 */
	removePasskey(
		input: ChangeFactors & { id: string; usableProviders: readonly string[] },
	): Promise<FactorsChange | "last">;

	/** Switches whether a password alone is enough. `gone` when it is to be switched on without any factor. */
	switchSecondStep(input: ChangeFactors & { on: boolean }): Promise<FactorsChange>;

	/** Lets what these counters have counted be forgotten, and whatever they refuse with it. */
	forgetAttempts(input: { keys: readonly string[]; events: readonly NewEvent[] }): Promise<void>;
}

/** How many of each there are: what a sign-in needs to know. */
export interface FactorSummary {
	totp: boolean;
	passkeys: number;
	/** Those among them that cannot be copied to other devices. */
	boundPasskeys: number;
	recoveryCodes: number;
	/** Whether the user asked that a password alone be not enough. */
	secondStep: boolean;
}

export interface FactorsRecord {
	totp: TotpRecord | null;
	passkeys: readonly PasskeyRecord[];
	recoveryCodes: number;
	secondStep: boolean;
	/** Whether there is a password, and so a way in besides passkeys. */
	password: boolean;
}

export interface TotpRecord {
	/** The secret, sealed. */
	sealed: string;
	/** The step of the newest code that was used (RFC 6238, section 4.2). */
	lastStep: number;
	/** What the user calls it. */
	name: string | null;
	createdAt: number;
	lastUsedAt: number | null;
}

export interface NewPasskey {
	id: string;
	userId: string;
	/** Base64url, at most 1023 bytes. */
	credentialId: string;
	/** The COSE key, base64url. */
	publicKey: string;
	counter: number;
	transports: readonly string[];
	aaguid: string;
	/** Whether it can be synced to other devices; never changes. */
	backupEligible: boolean;
	backedUp: boolean;
	name: string;
}

export interface PasskeyRecord extends NewPasskey {
	createdAt: number;
	lastUsedAt: number | null;
}

export interface AddTotp {
	userId: string;
	epoch: number;
	sealed: string;
	/** Of the code that confirmed it, which is used by that. */
	step: number;
	name: string | null;
	/** `null` leaves the recovery codes as they are. */
	recoveryCodeHashes: readonly Uint8Array[] | null;
	session: Omit<NewSession, "userId" | "epoch">;
	/** A session of somebody else that this one takes the place of. */
	replaces: { sessionId: string } | null;
	settle: Settlement;
	events: readonly NewEvent[];
}

export interface ChangeFactors {
	userId: string;
	/** The session that made the change: it goes on. */
	keepSessionId: string;
	events: readonly NewEvent[];
}

export interface AddPasskey {
	passkey: NewPasskey;
	epoch: number;
	limit: number;
	events: readonly NewEvent[];
}

export type FactorsChange = "changed" | "not_live" | "gone";
export type AddedPasskey = "added" | "taken" | "full" | "gone";
