import { AuthError, type ErrorCode, errorCodes } from "../errors.ts";
import type { CookieToSet } from "../sessions/session-cookie.ts";
import { clearCookie, serializeCookie } from "./cookies.ts";
import type { Answer } from "./route.ts";

const headersOfAll = {
	"cache-control": "no-store",
	"x-content-type-options": "nosniff",
	// An answer opened as a page shows and runs nothing.
	"content-security-policy": "default-src 'none'; frame-ancestors 'none'",
} as const;

/** JSON that no cache keeps. */
export function toResponse({ status, body, cookie, cookies = [], html, headers }: Answer): Response {
	const response = new Response(html ?? (body === undefined ? null : JSON.stringify(body)), {
		status,
		headers: {
			...headersOfAll,
			...(body !== undefined && { "content-type": "application/json; charset=utf-8" }),
			...(html !== undefined && { "content-type": "text/html; charset=utf-8" }),
			...headers,
		},
	});
	for (const one of cookie === undefined ? cookies : [cookie, ...cookies]) {
		response.headers.append("set-cookie", setCookieHeader(one));
	}
	return response;
}

/** A `Set-Cookie` value; an empty one clears the cookie. */
export function setCookieHeader(cookie: CookieToSet): string {
	return cookie.value === "" ? clearCookie(cookie) : serializeCookie(cookie);
}

/** The answer to an error: words fit for strangers and a stable code, never what is behind it. */
export function errorAnswer(error: AuthError, headers: Readonly<Record<string, string>> = {}): Answer {
	const { code, status, fields, retryAfterSeconds } = error;
	return {
		status,
		body: {
			error: errorCodes[code].message,
			code,
			...(fields !== undefined && { fields }),
			...(retryAfterSeconds !== undefined && { retryAfter: retryAfterSeconds }),
		},
		headers: { ...headers, ...(retryAfterSeconds !== undefined && { "retry-after": String(retryAfterSeconds) }) },
	};
}

/** Turns a refused result into the error that the router answers with. */
export function refusal(result: {
	code: ErrorCode;
	fields?: Readonly<Record<string, string>>;
	retryAfterSeconds?: number;
}): AuthError {
	const { code, fields, retryAfterSeconds } = result;
	return new AuthError(code, {
		...(fields !== undefined && { fields }),
		...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
	});
}
