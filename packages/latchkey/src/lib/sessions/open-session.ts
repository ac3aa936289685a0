import { randomSecret, uuidv7 } from "../crypto/random.ts";
import type { Engine } from "../engine.ts";
import { auditEvent } from "../events/events.ts";
import { nothingToSettle } from "../http/throttle.ts";
import type { Visitor } from "../http/visitor.ts";
import type { AssuranceLevel, NewSession, SessionRecord, UserRecord } from "../storage/storage.ts";
import { replace } from "./replaced-session.ts";
import { resolveSession } from "./resolve-session.ts";
import { type Session, toSession } from "./session.ts";
import { type CookieToSet, sessionCookie } from "./session-cookie.ts";
import { hashSessionSecret } from "./session-token.ts";

/** How a person proved who they are. */
export interface Authentication {
	/** RFC 8176's names, such as `["pwd"]`. */
	amr: readonly string[];
	level: AssuranceLevel;
}

/** A session that has just begun or been renewed, with the cookie that its holder must get. */
export interface GrantedSession {
	readonly session: Session;
	readonly cookie: CookieToSet;
	/** What else the answer must set or clear. */
	readonly otherCookies?: readonly CookieToSet[];
	/** New recovery codes, to be shown this once. */
	readonly recoveryCodes?: readonly string[];
	/** Makes the browser a known device of the person. */
	readonly device?: CookieToSet;
	/** The next token of a device that stands in for a second step, or its first. */
	readonly trustedDevice?: CookieToSet;
}

/** A session about to be opened. The secret goes into the token and nowhere else. */
export interface DraftSession {
	readonly secret: string;
	readonly draft: Omit<NewSession, "userId" | "epoch">;
}

/** Prepares a session; it begins when a store operation has opened it. `began` says at which provider, if at one. */
export function draftSession(
	engine: Engine,
	visitor: Visitor,
	{ amr, level }: Authentication,
	began: NewSession["began"] = null,
): DraftSession {
	const secret = randomSecret(128);
	return {
		secret,
		draft: {
			id: uuidv7(),
			secretHash: hashSessionSecret(secret),
			lifetimeMs: engine.options.sessionLifetimeMs,
			idleMs: engine.options.sessionIdleMs,
			amr,
			level,
			address: visitor.address,
			userAgent: visitor.userAgent,
			began,
		},
	};
}

/** The token and cookie for a session that the store has opened. */
export function grantSession(engine: Engine, secret: string, session: SessionRecord, user: UserRecord): GrantedSession {
	return grantToken(engine, secret, session, user, session.createdAt);
}

/** The same at a later time, for a session that goes on. */
export function grantToken(
	engine: Engine,
	secret: string,
	session: SessionRecord,
	user: UserRecord,
	now: number,
): GrantedSession {
	const token = engine.tokens.mint(session, secret, now);
	return {
		session: toSession(engine, { session, user }),
		cookie: sessionCookie(engine.settings, token, session.expiresAt - now),
	};
}

/**
 * Opens a session for a user whom trusted code has proven. `null` when there is no such user, or when all of their
 * sessions were ended meanwhile: only the caller knows whether the proof outlives that.
 */
export async function openSessionFor(
	engine: Engine,
	visitor: Visitor,
	userId: string,
	{ amr = [], level = "aal1" }: Partial<Authentication>,
): Promise<GrantedSession | null> {
	const previous = await resolveSession(engine, visitor, { activity: false });
	const credentials = await engine.storage.findCredentialsOfUser(userId);
	if (credentials === null) return null;
	const { user } = credentials;
	const { secret, draft } = draftSession(engine, visitor, { amr, level });
	const event = auditEvent("sign_in.succeeded", visitor, {
		userId,
		sessionId: draft.id,
		detail: { method: "trusted" },
	});
	const { replaces, events } = replace(previous, userId, visitor);
	const session = await engine.storage.createSession({
		session: { ...draft, userId, epoch: user.epoch },
		replaces,
		settle: nothingToSettle,
		events: [event, ...events],
	});
	return session === null ? null : grantSession(engine, secret, session, user);
}
