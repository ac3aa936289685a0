import { isoTime } from "../clock.ts";
import type { Engine } from "../engine.ts";
import type { AssuranceLevel, LiveSession, SessionRecord, UserRecord } from "../storage/storage.ts";
import { readFields } from "../users/own-fields.ts";

/** A person with an account, as the application and its pages see them. Times are ISO 8601 in UTC. */
export interface User {
	readonly id: string;
	readonly name: string | null;
	readonly email: string | null;
	readonly emailVerified: boolean;
	readonly username: string | null;
	readonly createdAt: string;
}

/** What is known of a sign-in. Nothing in it is a secret. */
export interface SessionInfo {
	/** Public id: names the session in the list of devices. */
	readonly id: string;
	readonly createdAt: string;
	/** When the session ends however much it is used. */
	readonly expiresAt: string;
	/** When it ends if it is not used. */
	readonly idleExpiresAt: string;
	/** When the person last proved who they are. */
	readonly authenticatedAt: string;
	/** How, by RFC 8176's names, such as `["pwd"]`. */
	readonly amr: readonly string[];
	readonly level: AssuranceLevel;
}

/** Somebody who is signed in. `Own`: the fields that the options add to users. */
export interface Session<Own = unknown> extends SessionInfo {
	readonly user: User & Own;
}

type HasOptions = Pick<Engine, "options">;

export function toSession(engine: HasOptions, { session, user }: Pick<LiveSession, "session" | "user">): Session {
	return { ...toSessionInfo(session), user: toUser(engine, user) };
}

export function toSessionInfo(session: SessionRecord): SessionInfo {
	return {
		id: session.id,
		createdAt: isoTime(session.createdAt),
		expiresAt: isoTime(session.expiresAt),
		idleExpiresAt: isoTime(session.idleExpiresAt),
		authenticatedAt: isoTime(session.authTime),
		amr: session.amr,
		level: session.level,
	};
}

export function toUser({ options }: HasOptions, user: UserRecord): User {
	return {
		id: user.id,
		name: user.name,
		email: user.email,
		emailVerified: user.emailVerifiedAt !== null,
		username: user.username,
		createdAt: isoTime(user.createdAt),
		...readFields(options.userFields, user.fields),
	};
}
