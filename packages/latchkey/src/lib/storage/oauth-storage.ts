import type { NewEvent } from "./storage.ts";

/** What the port keeps of outside providers: who is linked, their tokens, and which sessions began there. */
export interface OAuthStorage {
	/** The user's linked identities, in no particular order. */
	listIdentities(userId: string): Promise<IdentityRecord[]>;

	/**
	 * Links an identity to a user. With `verifiedEmail`, only while the user still has that address, proven. `taken` when
	 * somebody else has the identity, `gone` when there is no such user or they are at another `epoch` by now; nothing was
	 * written then. Linking what the user
	 * has already is `linked` without an event.
	 */
	linkIdentity(input: LinkIdentity): Promise<"linked" | "taken" | "gone">;

	/**
	 * Takes an identity away from its user, with its tokens, and ends what began by it: every other session, also those that
	 * a sign-in under way is about to open. Answers how many were ended. `last` when no way in would be left: neither a
	 * password nor another identity of one of `usableProviders` (or of a method of the owner's own); of any number at once,
	 * one way in stays. `not_live` when the kept session has ended meanwhile. Nothing happened then.
	 */
	unlinkIdentity(input: UnlinkIdentity): Promise<UnlinkedIdentity>;

	/** Notes that an identity was used, and keeps its newest tokens, sealed. False when it is not this user's. */
	keepProviderTokens(input: KeepProviderTokens): Promise<boolean>;

	/** The user's newest tokens of a provider, or those of this identity of theirs there. */
	findProviderTokens(input: {
		userId: string;
		provider: string;
		identity?: { issuer: string; subject: string };
	}): Promise<ProviderTokenRecord | null>;

	/**
	 * Takes the right to refresh the tokens of this version, for `leaseMs` at most. Of any number of callers at once, in
	 * any number of processes, one gets it. One that lasts longer than twice `leaseMs` from now is of a clock that went back, and
	 * holds nothing. One guarded UPDATE.
	 */
	claimRefresh(input: { issuer: string; subject: string; version: number; leaseMs: number }): Promise<boolean>;

	/**
	 * Puts refreshed tokens in the place of those of `version`, and gives the lease back. `sealed` `null`: the provider
	 * has taken the grant back. False when the version moved meanwhile.
	 */
	replaceProviderTokens(input: ReplaceProviderTokens): Promise<boolean>;

	/** The provider's side of a session; `null` when it did not begin at a provider. */
	findProviderSession(sessionId: string): Promise<ProviderSessionRecord | null>;

	/** Our sessions that began in this session of the provider or, with that `null`, at all with this subject. */
	findSessionsOfProvider(input: EndedThere): Promise<{ userId: string; sessionId: string }[]>;

	/**
	 * Ends the live sessions that `ended` means, for a word of the provider that is believed once: counted, ended and
	 * recorded together, so that a word whose end failed may come again. `repeated` when it was believed before, and `moved`
	 * when one of the sessions is none of `sessionIds`, because another took its place meanwhile. Nothing was written then.
	 */
	endSessionsOfProvider(input: EndSessionsOfProvider): Promise<"ended" | "repeated" | "moved">;
}

export interface IdentityRecord {
	issuer: string;
	subject: string;
	/** Which provider of the configuration it came by; `null` for a method of the owner's own. */
	provider: string | null;
	/** What the person knows the account there by, such as an address. Proves nothing. */
	label: string | null;
	createdAt: number;
	usedAt: number | null;
}

export interface LinkIdentity {
	userId: string;
	issuer: string;
	subject: string;
	provider: string;
	label: string | null;
	/** Canonical. */
	verifiedEmail: string | null;
	/** `null` where the address alone decides, and nobody is signed in. */
	epoch: number | null;
	events: readonly NewEvent[];
}

export interface UnlinkIdentity {
	userId: string;
	issuer: string;
	subject: string;
	usableProviders: readonly string[];
	/** The session that asked for it: it goes on, wherever it began. */
	keepSessionId: string;
	events: readonly NewEvent[];
}

export type UnlinkedIdentity = number | "last" | "gone" | "not_live";

export interface KeepProviderTokens {
	userId: string;
	issuer: string;
	subject: string;
	provider: string;
	label: string | null;
	/** `null` keeps none. */
	sealed: string | null;
	/** Until the access token expires; `null` when nobody said. */
	expiresInMs: number | null;
}

export interface ReplaceProviderTokens {
	issuer: string;
	subject: string;
	version: number;
	sealed: string | null;
	expiresInMs: number | null;
}

export interface ProviderTokenRecord {
	issuer: string;
	subject: string;
	/** `null`: the provider has taken the grant back. */
	sealed: string | null;
	/** Moves with every change. */
	version: number;
	expiresAt: number | null;
	/** Until when somebody is refreshing them. */
	refreshingUntil: number;
	/** The database's clock at the read. */
	now: number;
}

export interface ProviderSession {
	issuer: string;
	subject: string;
	/** The provider's own name for its session (`sid`). */
	providerSession: string | null;
}

/** What a provider says has ended: its session or, with that `null`, everything of this subject. */
export interface EndedThere {
	issuer: string;
	subject: string | null;
	providerSession: string | null;
}

export interface EndSessionsOfProvider {
	ended: EndedThere;
	/** By what the word is known again, and for how long. */
	once: { key: string; lifetimeMs: number };
	/** Those that are known to be meant. */
	sessionIds: readonly string[];
	/** One for each of them, which it names. */
	events: readonly NewEvent[];
}

export interface ProviderSessionRecord extends ProviderSession {
	provider: string | null;
	/** The tokens of the identity. */
	sealed: string | null;
}
