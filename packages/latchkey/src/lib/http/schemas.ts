import * as z from "zod/mini";
import { type ErrorCode, errorCodes } from "../errors.ts";
import type { GrantedSession } from "../sessions/open-session.ts";
import type { Session, SessionInfo, User } from "../sessions/session.ts";
import { deviceCookies } from "../sessions/session-cookie.ts";
import type { Answer } from "./route.ts";

const time = z.iso.datetime();

export const userSchema = z.object({
	id: z.string(),
	name: z.nullable(z.string()),
	email: z.nullable(z.string()),
	emailVerified: z.boolean(),
	username: z.nullable(z.string()),
	createdAt: time,
}) satisfies z.ZodMiniType<User>;

export const sessionSchema = z.object({
	id: z.string(),
	createdAt: time,
	expiresAt: time,
	idleExpiresAt: time,
	authenticatedAt: time,
	amr: z.readonly(z.array(z.string())),
	level: z.enum(["aal1", "aal2", "aal3"]),
}) satisfies z.ZodMiniType<SessionInfo>;

/** A page, not JSON. */
export const pageSchema = z.string();

export const messageSchema = z.object({ message: z.string() });

/** The answer to everything that begins or renews a session. */
export const grantedSchema = z.object({
	message: z.string(),
	user: userSchema,
	session: sessionSchema,
	/** Where setting up a second factor has made some: shown this once. */
	recoveryCodes: z.optional(z.readonly(z.array(z.string()))),
});

export const errorSchema = z.object({
	error: z.string(),
	code: z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]),
	fields: z.optional(z.record(z.string(), z.string())),
	retryAfter: z.optional(z.int().check(z.positive())),
});

/** The two halves of a session as HTTP shows them. */
export function splitSession({ user, ...session }: Session): { user: User; session: SessionInfo } {
	return { user, session };
}

/** Answers with a session that has begun or been renewed, and sets its cookie. */
export function grantedAnswer(status: number, message: string, granted: GrantedSession): Answer {
	const { session, cookie, otherCookies = [], recoveryCodes } = granted;
	const body = { message, ...splitSession(session), ...(recoveryCodes !== undefined && { recoveryCodes }) };
	return { status, body, cookie, cookies: [...deviceCookies(granted), ...otherCookies] };
}
