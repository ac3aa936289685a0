/**
 * Every code that an answer, a typed result or an {@link AuthError} can carry, with its HTTP status and the words
 * that a stranger may read. Callers switch on the code, never on the words. Each code has a section in
 * `docs/error-codes.md`.
 */
export const errorCodes = {
	invalid_json: { status: 400, message: "The request body cannot be read" },
	not_authenticated: { status: 401, message: "Not signed in" },
	attempt_expired: { status: 401, message: "Begin to sign in again" },
	unknown_passkey: { status: 401, message: "Nobody here has this passkey" },
	invalid_credentials: { status: 401, message: "Invalid credentials" },
	invalid_code: { status: 401, message: "This code is wrong, was used or has expired" },
	cross_origin: { status: 403, message: "This request did not come from this site" },
	reauthentication_required: { status: 403, message: "Prove again that it is you" },
	insufficient_level: { status: 403, message: "This asks for a stronger proof of who you are" },
	sign_up_closed: { status: 403, message: "Sign-up is closed" },
	not_found: { status: 404, message: "Not found" },
	method_not_allowed: { status: 405, message: "Method not allowed" },
	identifier_taken: { status: 409, message: "Somebody has this address or user name already" },
	factor_exists: { status: 409, message: "There is one already" },
	factor_missing: { status: 409, message: "There is no second factor" },
	last_way_in: { status: 409, message: "This is the only way in" },
	too_many_passkeys: { status: 409, message: "There are as many passkeys as one account can have" },
	expired_link: { status: 410, message: "This link is incomplete, was used or has expired" },
	body_too_large: { status: 413, message: "The request body is too large" },
	unsupported_media_type: { status: 415, message: "This media type is not accepted here" },
	invalid_input: { status: 422, message: "Some fields need attention" },
	too_many_attempts: { status: 429, message: "Too many attempts, please wait" },
	invalid_logout_token: { status: 400, message: "This logout token is not valid" },
	sign_in_expired: { status: 400, message: "This way to sign in has expired or was used already" },
	sign_in_cancelled: { status: 403, message: "The sign-in was cancelled at the provider" },
	other_session: { status: 403, message: "Finish this where you began it" },
	reconnect_required: { status: 403, message: "The connection to the provider must be made anew" },
	account_exists: { status: 409, message: "There is an account with this address: sign in to it first" },
	identity_taken: { status: 409, message: "This is connected to another account" },
	provider_error: { status: 502, message: "The provider answered in a way that cannot be trusted" },
	provider_unavailable: { status: 503, message: "The provider cannot be reached right now" },
	upstream_unavailable: { status: 502, message: "The service behind this cannot be reached" },
	upstream_refused: { status: 502, message: "The service behind this does not accept what this site says of you" },
	upstream_timeout: { status: 504, message: "The service behind this took too long" },
	server_error: { status: 500, message: "Something went wrong" },
	busy: { status: 503, message: "Busy, please try again in a moment" },
	store_unavailable: { status: 503, message: "Not available right now, please try again in a moment" },
	misconfigured: { status: 500, message: "Something went wrong" },
} as const satisfies Record<string, { status: number; message: string }>;

/** A stable name for what went wrong. Part of the public contract: codes are added, never renamed. */
export type ErrorCode = keyof typeof errorCodes;

/** Why a field of the input was refused: `field` to a stable reason code. */
export type FieldErrors = Readonly<Record<string, string>>;

export interface AuthErrorOptions {
	/** For the operator's log. Never shown to a visitor. Must not hold a secret, a token or an address. */
	detail?: string;
	/** Refused fields, for `invalid_input` and `identifier_taken`. */
	fields?: FieldErrors;
	/** Seconds to wait, for `too_many_attempts`, `busy` and `store_unavailable`. */
	retryAfterSeconds?: number;
	cause?: unknown;
}

const mark = Symbol.for("latchkey.AuthError");

/**
 * What the library throws. `message` is fit for strangers; the detail for the operator is in `detail` and `cause`.
 * Expected outcomes (a wrong password, a taken name) are values instead, except where a function says otherwise.
 */
export class AuthError extends Error {
	/**
	 * Next.js loads this module once for the proxy, once for route handlers and once for pages, and they share one store:
	 * what it throws is known by this mark, because each of them has a class of its own.
	 */
	static override [Symbol.hasInstance](value: unknown): boolean {
		return typeof value === "object" && value !== null && mark in value;
	}

	readonly [mark] = true;
	override readonly name = "AuthError";
	readonly code: ErrorCode;
	readonly status: number;
	readonly detail: string | undefined;
	readonly fields: FieldErrors | undefined;
	readonly retryAfterSeconds: number | undefined;

	constructor(code: ErrorCode, options: AuthErrorOptions = {}) {
		const known = errorCodes[code];
		// What goes wrong at start is read by the operator, so there the detail is the message.
		super(code === "misconfigured" ? (options.detail ?? known.message) : known.message, { cause: options.cause });
		this.code = code;
		this.status = known.status;
		this.detail = options.detail;
		this.fields = options.fields;
		this.retryAfterSeconds = options.retryAfterSeconds;
	}
}

/** The set-up is wrong; `cure` says in one line what it is and what to do. */
export function misconfigured(cure: string, cause?: unknown): AuthError {
	return new AuthError("misconfigured", { detail: cure, cause });
}

/** What did not work, as a value: switch on the code. */
export interface Refusal {
	readonly ok: false;
	readonly code: ErrorCode;
	readonly fields?: FieldErrors;
	readonly retryAfterSeconds?: number;
}

/**
 * What a visitor can bring about (a busy moment, a foreign page), as a value.
 * @throws `error` itself when it is the owner's: a wrong set-up, or anything that is not an {@link AuthError}
 */
export function toRefusal(error: unknown): Refusal {
	if (!(error instanceof AuthError) || error.code === "misconfigured") throw error;
	const { code, fields, retryAfterSeconds } = error;
	return {
		ok: false,
		code,
		...(fields !== undefined && { fields }),
		...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
	};
}
