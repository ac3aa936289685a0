import { createHmac, type KeyObject, timingSafeEqual } from "node:crypto";

export interface JwsHeader {
	alg: string;
	typ?: string;
	kid?: string;
}

export interface JwsExpectation {
	/** Only HS256 is implemented; a list, so that the caller names what it accepts (RFC 8725, section 3.1). */
	algorithms: readonly "HS256"[];
	/** The explicit type that this kind of token carries (RFC 8725, section 3.11); `undefined` for none. */
	typ: string | undefined;
	/** The key that a header names, or nothing: an unknown `kid` is not a reason to try others. */
	key: (kid: string | undefined) => KeyObject | undefined;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Signs a payload as a compact JWS (RFC 7515, section 3.1) with HMAC-SHA-256. */
export function signJws(header: JwsHeader & { alg: "HS256" }, payload: object, key: KeyObject): string {
	const signingInput = `${encode(header)}.${encode(payload)}`;
	return `${signingInput}.${hmac(signingInput, key)}`;
}

/**
 * The payload's text if the token is a well-formed compact JWS of the expected kind with a good signature, else `null`.
 * Synchronous on purpose: WebCrypto shares its threads with password hashing, and every session check would queue
 * behind every sign-in.
 */
export function verifyJws(token: string, expected: JwsExpectation): string | null {
	const parts = token.split(".", 4);
	if (parts.length !== 3) return null;
	const [encodedHeader, encodedPayload, signature] = parts as [string, string, string];
	const header = readHeader(encodedHeader);
	if (header === null || header.typ !== expected.typ) return null;
	if (!(expected.algorithms as readonly string[]).includes(header.alg)) return null;
	const key = expected.key(header.kid);
	if (key === undefined) return null;
	if (!sameText(signature, hmac(`${encodedHeader}.${encodedPayload}`, key))) return null;
	return decode(encodedPayload);
}

/** Strict: these three members, all strings. Whatever else a header says (`jwk`, `jku`, `crit`, `zip` …), we never wrote it. */
function readHeader(encoded: string): JwsHeader | null {
	const text = decode(encoded);
	if (text === null) return null;
	const header = parseObject(text);
	if (header === null) return null;
	const { alg, typ, kid, ...others } = header;
	if (typeof alg !== "string" || Object.keys(others).length > 0) return null;
	if (!isOptionalString(typ) || !isOptionalString(kid)) return null;
	return { alg, ...(typ !== undefined && { typ }), ...(kid !== undefined && { kid }) };
}

// The 43 characters are compared, not the bytes behind them: four spellings of the last character decode alike.
function sameText(given: string, wanted: string): boolean {
	const a = Buffer.from(given, "latin1");
	const b = Buffer.from(wanted, "latin1");
	return a.length === b.length && timingSafeEqual(a, b);
}

function hmac(text: string, key: KeyObject): string {
	return createHmac("sha256", key).update(text).digest("base64url");
}

function encode(value: object): string {
	return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function decode(encoded: string): string | null {
	const bytes = Buffer.from(encoded, "base64url");
	// One spelling only: Node skips what is not base64url and ignores unused bits.
	if (bytes.length === 0 || bytes.toString("base64url") !== encoded) return null;
	try {
		return utf8.decode(bytes);
	} catch {
		return null;
	}
}

function parseObject(text: string): Record<string, unknown> | null {
	try {
		const value: unknown = JSON.parse(text);
		return typeof value === "object" && value !== null && !Array.isArray(value)
			? (value as Record<string, unknown>)
			: null;
	} catch {
		return null;
	}
}

function isOptionalString(value: unknown): value is string | undefined {
	return value === undefined || typeof value === "string";
}
