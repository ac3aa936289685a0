import type { EmailStorage } from "./email-storage.ts";
import type { FactorSummary, FactorsRecord, FactorsStorage, NewPasskey, TotpRecord } from "./factors-storage.ts";
import type { MailStorage, NewMail } from "./mail-storage.ts";
import type { OAuthStorage, ProviderSession } from "./oauth-storage.ts";
import type { PasswordsStorage } from "./passwords-storage.ts";
import type { TrustedDeviceRecord, TrustedDevicesStorage } from "./trusted-devices-storage.ts";

/**
 * The port to the database. Everything above it is free of SQL; everything below it is free of policy. Two adapters
 * pass one contract suite (`contract/`). Each method is atomic: it happens whole or not at all, and two of them at
 * once, from any number of processes, leave what some order of them would have left.
 *
 * Times are milliseconds since 1970 on the database's clock. Callers say how long something lives, the store says
 * until when, so that machines with different clocks agree. A method rejects with `store_unavailable` when the
 * database cannot be reached or stays locked, and never answers "nobody" or "no" for that reason.
 */
export interface Storage
	extends MailStorage,
		EmailStorage,
		OAuthStorage,
		PasswordsStorage,
		FactorsStorage,
		TrustedDevicesStorage {
	// ── sessions ──

	/**
	 * The live session with this secret, and its user, in one statement. Live: not ended, neither idle nor absolute
	 * expiry past on the database's clock, and its epoch equal to its user's. `null` otherwise.
	 *
	 * With `heldGeneration`, the one that the token in hand carries, an adapter may answer without a statement, for a
	 * session at that very generation that it has read before and is proven to hear the end of.
	 */
	readSession(secretHash: Uint8Array, heldGeneration?: number): Promise<LiveSession | null>;

	/**
	 * Opens a session if the user's epoch still is `session.epoch`; `null` (and nothing written, nothing ended) when
	 * it moved or the user is gone. In the same transaction ends the session that it replaces, settles the throttle
	 * counters and records the events.
	 */
	createSession(input: CreateSession): Promise<SessionRecord | null>;

	/**
	 * Moves the generation from `generation` to the next, only if it was seen and the grace of its predecessor is over:
	 * `max(renewedAt, seenAt) + graceMs <= now`. One guarded UPDATE. `null` when the guard refused.
	 */
	advanceGeneration(input: { sessionId: string; generation: number; graceMs: number }): Promise<SessionRecord | null>;

	/** Notes that `generation` arrived on the wire. Keeps the time of its first sight. One guarded UPDATE. */
	recordSight(input: { sessionId: string; generation: number }): Promise<void>;

	/** Moves last-seen and idle expiry forward, never back. Sessions that have ended or expired stay so. */
	touchSessions(activity: readonly SessionActivity[]): Promise<void>;

	/** Ends one live session of this user by its public id, with its events. False when there was none. */
	endSession(input: { userId: string; sessionId: string; events: readonly NewEvent[] }): Promise<boolean>;

	/**
	 * Ends every session of the user except `keepSessionId`, by moving the epoch and stamping the kept one anew.
	 * Answers how many were ended; `null` when the kept session is not live any more (then nothing happened).
	 */
	endOtherSessions(input: {
		userId: string;
		keepSessionId: string;
		events: readonly NewEvent[];
	}): Promise<number | null>;

	/** Ends every session of the user by moving the epoch, also those that a sign-in under way is about to open. */
	endAllSessions(input: { userId: string; events: readonly NewEvent[] }): Promise<void>;

	/** The user's live sessions, newest first by creation, at most `limit`, older than `before` (a session's id). */
	listSessions(userId: string, page: Page): Promise<SessionRecord[]>;

	// ── users and what proves them ──

	/** Everything of a new account in one transaction: all of it or nothing, also when the process dies midway. */
	createUser(input: CreateUser): Promise<CreatedUser>;

	/** Whom an identifier names, with the password row if there is one. */
	findCredentials(identifier: { kind: IdentifierKind; canonical: string }): Promise<Credentials | null>;

	/** The same by user id. */
	findCredentialsOfUser(userId: string): Promise<Credentials | null>;

	/** The user that an outside subject stands for. Identity is the pair, unique; never an e-mail address. */
	findUserByIdentity(identity: { issuer: string; subject: string }): Promise<UserRecord | null>;

	/** Changes the name, the user name (`null` removes it), the application's own fields, or several of them. */
	updateUser(input: UpdateUser): Promise<UpdatedUser>;

	/**
	 * Deletes the user and everything that is theirs. Their audit events stay under `pseudonym`, without address,
	 * user agent and detail. False when there was no such user, or with `dueOnly` when their deletion is not due.
	 */
	deleteUser(input: {
		userId: string;
		pseudonym: string;
		dueOnly?: boolean;
		events: readonly NewEvent[];
	}): Promise<boolean>;

	/** Everything stored about the person, secrets and hashes apart. `null` when there is no such user. */
	exportUser(userId: string): Promise<UserExport | null>;

	// ── the two primitives: the only way to touch counted and single-use state ──

	/**
	 * Counts an attempt on every key and says which may go on. One guarded statement for all keys, so that parallel
	 * callers never get more acceptances than the rule allows. See {@link Counter}.
	 */
	increment(counters: readonly Counter[]): Promise<CounterState[]>;

	/**
	 * {@link increment} for an attempt on the account that an identifier names, and {@link findCredentials} in the same
	 * statement: what every sign-in begins with. At least one counter, the account's first. Where an attempt is refused,
	 * nobody is found: the answer takes no longer for an account than for none.
	 */
	countAttempt(
		counters: readonly Counter[],
		identifier: { kind: IdentifierKind; canonical: string },
	): Promise<{ states: CounterState[]; credentials: Credentials | null }>;

	/** Keeps a single-use token, hashed, under a purpose and a subject, for `lifetimeMs`. */
	putToken(token: NewToken): Promise<void>;

	/** Deletes the token and returns it, in one statement: of many callers at once exactly one gets it. Expired is `null`. */
	consumeToken(input: { purpose: string; tokenHash: Uint8Array }): Promise<TokenRecord | null>;

	// ── audit log ──

	appendEvents(events: readonly NewEvent[]): Promise<void>;

	/** The user's own events, newest first, at most `limit`, older than `before` (an event's id). */
	listEvents(userId: string, page: Page & { types?: readonly string[] }): Promise<EventRecord[]>;

	// ── upkeep ──

	/**
	 * Deletes at most `limit` rows of each kind that nobody can use any more: sessions a day after they expired or ended,
	 * tokens, counters, and audit events that concern no account after 90 days. Answers how many it has dealt with, so that
	 * the caller can go on until it is 0: those that went, and as many sessions at most that it came upon in use and put off.
	 */
	deleteExpired(limit: number): Promise<number>;

	/** Resolves when the database answers; rejects with `store_unavailable` otherwise. */
	ping(): Promise<void>;

	/** Closes the connections. Every later call rejects. */
	close(): Promise<void>;
}

export type IdentifierKind = "email" | "username";

/** How sure the sign-in was (NIST SP 800-63B-4): one factor, two factors, or a hardware-bound phishing-resistant one. */
export type AssuranceLevel = "aal1" | "aal2" | "aal3";

export interface UserRecord {
	id: string;
	name: string | null;
	/** As it was typed; mail goes here and nowhere else. */
	email: string | null;
	emailVerifiedAt: number | null;
	username: string | null;
	/** Sessions carry the epoch at which they began; moving it ends them all. */
	epoch: number;
	createdAt: number;
	/** The application's own fields, as the JSON text of an object. `null`: none was ever set. */
	fields: string | null;
}

export interface SessionRecord {
	/** Public: it may be shown and listed, and it signs nobody in. */
	id: string;
	userId: string;
	epoch: number;
	/** The generation that the newest token carries, starting at 1. */
	generation: number;
	/** The highest generation that arrived on the wire, 0 before the first. */
	generationSeen: number;
	/** When the current generation was made. */
	renewedAt: number;
	/** When the current generation was first seen on the wire; `null` until then. */
	seenAt: number | null;
	createdAt: number;
	lastSeenAt: number;
	idleExpiresAt: number;
	expiresAt: number;
	/** When the person last proved who they are. */
	authTime: number;
	/** How, as RFC 8176 names it, such as `["pwd"]`. */
	amr: readonly string[];
	level: AssuranceLevel;
	address: string | null;
	userAgent: string | null;
}

export interface LiveSession {
	/** The database's clock at the read. */
	now: number;
	session: SessionRecord;
	user: UserRecord;
}

export interface NewSession {
	id: string;
	secretHash: Uint8Array;
	userId: string;
	/** The epoch of the user at the moment the proof was judged. */
	epoch: number;
	lifetimeMs: number;
	/** `null` for no idle timeout: idle expiry is then the absolute one. */
	idleMs: number | null;
	amr: readonly string[];
	level: AssuranceLevel;
	address: string | null;
	userAgent: string | null;
	/** The provider's session that it began in, or the session of the same user whose beginning it goes on with. */
	began?: ProviderSession | { continues: string } | null;
}

export interface CreateSession {
	session: NewSession;
	/** The session that this one takes the place of. It ends in the same transaction, whoever's it is. */
	replaces: { sessionId: string } | null;
	/** Counters to clear or to give one attempt back to, because the attempt that they counted succeeded. */
	settle: Settlement;
	events: readonly NewEvent[];
}

export interface SessionActivity {
	sessionId: string;
	at: number;
	idleMs: number | null;
}

export interface NewIdentifier {
	kind: IdentifierKind;
	/** As typed (NFC). */
	value: string;
	/** What makes it unique. */
	canonical: string;
}

export interface CreateUser {
	id: string;
	name: string | null;
	identifiers: readonly NewIdentifier[];
	identities: readonly { issuer: string; subject: string; provider?: string; label?: string | null }[];
	/** The sealed PHC string. */
	password: string | null;
	/** A passkey to begin with. Default: none. */
	passkey?: Omit<NewPasskey, "userId">;
	/** A session to open for the new user; `userId` and `epoch` are the new user's. */
	session: Omit<NewSession, "userId" | "epoch"> | null;
	/** The session of whoever sat there before. */
	replaces: { sessionId: string } | null;
	/** The language that they are written to in. Default: unknown. */
	language?: string | null;
	/** Whether the address is proven already. Default: no. */
	emailIsProven?: boolean;
	/** The application's own fields. Default: none. */
	fields?: string | null;
	events: readonly NewEvent[];
}

export type CreatedUser =
	| { ok: true; user: UserRecord; session: SessionRecord | null }
	/** Names which of them somebody else has. Nothing was written. */
	| { ok: false; taken: readonly ("email" | "username" | "identity" | "passkey")[] };

export interface Credentials {
	user: UserRecord;
	password: PasswordRecord | null;
	factors: FactorSummary;
}

export interface PasswordRecord {
	/** Moves with every change of the password, not with a reseal. */
	version: number;
	sealed: string;
	changedAt: number;
	/** Wrong ones in a row. */
	failures: number;
}

export interface UpdateUser {
	userId: string;
	name?: string | null;
	username?: { value: string; canonical: string } | null;
	/** Replaces the application's own fields if they still are `from`: what they become was made of that. */
	fields?: { from: string | null; to: string | null };
	events: readonly NewEvent[];
}

export type UpdatedUser =
	| { ok: true; user: UserRecord }
	| { ok: false; reason: "taken" | "gone" | "last_identifier" | "moved" };

/**
 * One counted thing and its rule. At most `limit` attempts are accepted within `windowMs`; the window begins with the
 * first. After that: with `waitMs` 0, nothing until the window ends; otherwise the next attempt must wait `waitMs`, and
 * each further accepted one doubles the wait up to `maxWaitMs`. The row is forgotten `windowMs` after the end of
 * the last wait. Refused attempts are counted apart and make no wait longer.
 */
export interface Counter {
	/** Opaque; holds no address and no name in the clear. */
	key: string;
	limit: number;
	windowMs: number;
	waitMs: number;
	maxWaitMs: number;
}

export interface CounterState {
	key: string;
	/** Whether this attempt may go on. */
	accepted: boolean;
	/** Attempts accepted in the present window, this one included if it was. */
	acceptedCount: number;
	/** Attempts refused since the last accepted one. */
	refusedCount: number;
	/** Milliseconds until the next attempt can be accepted, 0 when at once. */
	retryAfterMs: number;
}

export interface Settlement {
	/** Counters that start anew (the account's, after a success). */
	clear: readonly string[];
	/** Counters that get this one attempt back (the address's, after a success). */
	giveBack: readonly string[];
}

export interface NewToken {
	purpose: string;
	/** Whom or what it is for, such as a user id. */
	subject: string;
	tokenHash: Uint8Array;
	lifetimeMs: number;
	/** JSON that comes back on use; no secret. */
	payload: unknown;
}

export interface TokenRecord {
	purpose: string;
	subject: string;
	payload: unknown;
	createdAt: number;
	expiresAt: number;
}

export interface NewEvent {
	/** UUIDv7, so that ids sort by time. */
	id: string;
	type: string;
	/** Whose account it concerns; `null` when none is known. */
	userId: string | null;
	sessionId: string | null;
	address: string | null;
	userAgent: string | null;
	/** Small JSON without secrets. */
	detail: Readonly<Record<string, unknown>> | null;
	/** What tells somebody of it, written with it. */
	mails?: readonly NewMail[];
}

export interface EventRecord extends Omit<NewEvent, "mails"> {
	at: number;
}

/** Keyset pagination: no offset, so that page 1,000 costs what page 1 does. */
export interface Page {
	limit: number;
	before?: string;
}

export interface UserExport {
	user: UserRecord & { updatedAt: number };
	identifiers: readonly { kind: IdentifierKind; value: string; verifiedAt: number | null; createdAt: number }[];
	identities: readonly {
		issuer: string;
		subject: string;
		provider: string | null;
		label: string | null;
		createdAt: number;
	}[];
	password: { changedAt: number } | null;
	factors: Omit<FactorsRecord, "totp" | "password"> & { totp: Omit<TotpRecord, "sealed" | "lastStep"> | null };
	trustedDevices: readonly TrustedDeviceRecord[];
	sessions: readonly SessionRecord[];
	events: readonly EventRecord[];
}
