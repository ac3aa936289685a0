import type { Engine } from "./engine.ts";
import { type Refusal, toRefusal } from "./errors.ts";
import { parseInput } from "./http/field-errors.ts";
import { requireSameOrigin } from "./http/handle-request.ts";
import { setCookieHeader } from "./http/responses.ts";
import { type HasHeaders, readVisitor, type Visitor } from "./http/visitor.ts";
import type { ProviderTokenResult } from "./oauth/token-vault.ts";
import type { SecondFactorRequired } from "./second-step/pending-attempt.ts";
import type { Authentication, GrantedSession } from "./sessions/open-session.ts";
import { resolveSession } from "./sessions/resolve-session.ts";
import { type Session, toSession, type User } from "./sessions/session.ts";
import type { CookieToSet } from "./sessions/session-cookie.ts";
import type { SignInResult } from "./sign-in/sign-in.ts";
import { type FieldChanges, type UserFields, withEditableFields } from "./users/own-fields.ts";

/** A session that has begun. Its holder gets it by the cookie, so set it: as a header, or by its parts. */
export interface Granted<Own = unknown> {
	readonly ok: true;
	readonly session: Session<Own>;
	readonly cookie: CookieToSet;
	/** The cookie as a `Set-Cookie` header. */
	readonly setCookie: string;
	/** New recovery codes, where setting up a second factor on the way in has made some: to be shown this once. */
	readonly recoveryCodes?: readonly string[];
	/** A second cookie, which makes the browser a known device: attempts from there are limited apart from strangers'. */
	readonly device?: CookieToSet;
	/** A third one, where the person's device stands in for the second step. Hand it on as well, or it is asked for again. */
	readonly trustedDevice?: CookieToSet;
}

/** A sign-in that waits for its second step. Its holder gets it by the cookie, which opens nothing by itself. */
export interface Pending extends SecondFactorRequired {
	/** The cookie as a `Set-Cookie` header. */
	readonly setCookie: string;
}

/** Switch on `ok`, then on `code`: `second_factor_required` is no refusal. */
export type GrantResult<Own = unknown> = Granted<Own> | Pending | Refusal;

export type UpdateResult<Own = unknown> = { readonly ok: true; readonly user: User & Own } | Refusal;

/**
 * What trusted code calls for a visitor. The functions that take a visitor's request hold it to the same rules as the
 * HTTP endpoints do: where it may come from, throttling, audit.
 */
export interface TrustedCalls<Own = unknown> {
	/** Who sent the request, or `null`. @throws {AuthError} `store_unavailable`, `misconfigured` */
	readSession(request: HasHeaders): Promise<Session<Own> | null>;
	/** Signs in with whatever of the methods understands the input. A refusal is a value with a code. */
	signIn(request: HasHeaders, input: unknown): Promise<GrantResult<Own>>;
	/**
	 * Finishes a sign-in that waits for its second step, such as with `{ factor: "totp", code }`. A refusal is a value with
	 * a code.
	 */
	finishSignIn(request: HasHeaders, input: unknown): Promise<GrantResult<Own>>;
	/** Registers somebody by `{ email?, username?, password, name? }` and signs them in. A refusal is a value with a code. */
	signUp(request: HasHeaders, input: unknown): Promise<GrantResult<Own>>;
	/**
	 * Opens a session for a user whom the caller has proven by its own means, in the place of the visitor's present one.
	 * `null` when there is no such user, or when all of their sessions were ended meanwhile.
	 * @throws {AuthError} `cross_origin`, `store_unavailable`
	 */
	createSession(request: HasHeaders, user: { userId: string } & Partial<Authentication>): Promise<Granted<Own> | null>;
	/**
	 * Sets fields of your own (`userFields`), for trusted code: also those that people may not set themselves. What is absent
	 * stays, `null` empties one. Refusals are values: `not_found` when there is no such user, `invalid_input`.
	 * @throws {AuthError} `store_unavailable`
	 */
	updateUser(userId: string, changes: { fields: FieldChanges<Own> }): Promise<UpdateResult<Own>>;
	/**
	 * An access token of the signed-in visitor at a provider, refreshed if need be, for calling its API from the server.
	 * `reconnect_required` when the person must go there again.
	 * @throws {AuthError} `not_found`, `provider_unavailable`, `provider_error`, `store_unavailable`
	 */
	readProviderToken(request: HasHeaders, provider: string): Promise<ProviderTokenResult>;
	/**
	 * Ends the visitor's session, if there is one. The answer must carry the cookie, which clears theirs.
	 * @throws {AuthError} `cross_origin`, `store_unavailable`
	 */
	endSession(request: HasHeaders): Promise<{ readonly cookie: CookieToSet; readonly setCookie: string }>;
}

/** The calls, on an engine that is opened by the first of them. */
export function trustedCalls(open: () => Promise<Engine>, userFields: UserFields): TrustedCalls {
	return {
		async readSession(request) {
			const { opened, visitor } = await visit(open(), request);
			const current = await resolveSession(opened, visitor);
			return current === null ? null : toSession(opened, current);
		},
		signIn: (request, input) =>
			asResult(async () => {
				const { opened, visitor } = await visitToAct(open(), request);
				const { signIn } = await import("./sign-in/sign-in.ts");
				return signIn(opened, visitor, input);
			}),
		finishSignIn: (request, input) =>
			asResult(async () => {
				const { opened, visitor } = await visitToAct(open(), request);
				const { finishAttempt, secondStepInput } = await import("./second-step/finish-attempt.ts");
				const parsed = parseInput(secondStepInput, input);
				if (!parsed.ok) return parsed;
				return finishAttempt(opened, visitor, parsed.data);
			}),
		signUp: (request, input) =>
			asResult(async () => {
				const { opened, visitor } = await visitToAct(open(), request);
				const { signUp, signUpInput } = await import("./users/sign-up.ts");
				const parsed = parseInput(withEditableFields(signUpInput, userFields), input);
				if (!parsed.ok) return parsed;
				return signUp(opened, visitor, parsed.data);
			}),
		async createSession(request, { userId, ...authentication }) {
			const { opened, visitor } = await visitToAct(open(), request);
			const { openSessionFor } = await import("./sessions/open-session.ts");
			const opening = await openSessionFor(opened, visitor, userId, authentication);
			return opening === null ? null : granted(opening);
		},
		async updateUser(userId, { fields }) {
			const { setFields } = await import("./users/update-user.ts");
			return setFields(await open(), userId, fields);
		},
		async readProviderToken(request, provider) {
			const { opened, visitor } = await visit(open(), request);
			const { tokenOfSession } = await import("./oauth/token-vault.ts");
			return tokenOfSession(opened, await resolveSession(opened, visitor), provider);
		},
		async endSession(request) {
			const { opened, visitor } = await visitToAct(open(), request);
			const { endCurrentSession } = await import("./sessions/end-session.ts");
			const cookie = await endCurrentSession(opened, visitor);
			return { cookie, setCookie: setCookieHeader(cookie) };
		},
	};
}

async function visit(opening: Promise<Engine>, request: HasHeaders): Promise<{ opened: Engine; visitor: Visitor }> {
	const opened = await opening;
	return { opened, visitor: readVisitor(request, opened.settings) };
}

/** The same for what changes something: the request must come from this site. @throws {AuthError} `cross_origin` */
async function visitToAct(opening: Promise<Engine>, request: HasHeaders): ReturnType<typeof visit> {
	const visited = await visit(opening, request);
	requireSameOrigin(visited.opened, request);
	return visited;
}

/** What a visitor can bring about (a busy moment, a foreign page) is a value; what only the owner can is thrown. */
async function asResult(work: () => Promise<SignInResult>): Promise<GrantResult> {
	try {
		const result = await work();
		if (result.ok) return granted(result);
		return "cookie" in result ? { ...result, setCookie: setCookieHeader(result.cookie) } : result;
	} catch (error) {
		return toRefusal(error);
	}
}

function granted({ session, cookie, device, trustedDevice, recoveryCodes }: GrantedSession): Granted {
	const devices = { ...(device && { device }), ...(trustedDevice && { trustedDevice }) };
	const more = { ...devices, ...(recoveryCodes && { recoveryCodes }) };
	return { ok: true, session, cookie, setCookie: setCookieHeader(cookie), ...more };
}
