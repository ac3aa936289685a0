import { AuthError } from "../errors.ts";

/** What a request body may cost before anything has looked into it. */
export interface BodyLimits {
	/** Bytes that are read at most. Default 64 KB (65,536). */
	maxBytes?: number;
	/** How deep objects and arrays of JSON may nest, the outermost counted. Default 16. */
	maxDepth?: number;
}

const defaultMaxBytes = 64 * 1024;
const defaultMaxDepth = 16;

const jsonMediaType = /^application\/json[ \t]*(?:;[ \t]*charset=(?:utf-8|"utf-8")[ \t]*)?$/i;
const formMediaType = /^application\/x-www-form-urlencoded[ \t]*(?:;[ \t]*charset=(?:utf-8|"utf-8")[ \t]*)?$/i;

/**
 * The object that a request's JSON body holds. A member called `__proto__` is an ordinary one; a schema decides what
 * else may be in there. Consumes the body, and never holds more than `maxBytes` of it.
 *
 * The media type must be `application/json`: a page of another site can send a form or plain text without the
 * browser asking first, but not this (Fetch Standard, section 2.2.2).
 *
 * @throws AuthError `unsupported_media_type`, `body_too_large`, or `invalid_json` when the body is empty, broken off, not
 * UTF-8 (RFC 8259, section 8.1; a byte order mark is ignored), not JSON, nested too deep, or not an object.
 */
export async function readJsonBody(request: Request, limits: BodyLimits = {}): Promise<unknown> {
	requireMediaType(request, jsonMediaType);
	const text = await readText(request, limits.maxBytes ?? defaultMaxBytes);
	// Before the parser runs, which recurses, and before a schema does.
	if (isDeeperThan(text, limits.maxDepth ?? defaultMaxDepth)) throw invalidBody("JSON is nested too deep");
	const value = parseJson(text);
	if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalidBody("JSON is not an object");
	return value;
}

/**
 * The fields of a request's `application/x-www-form-urlencoded` body, for the few routes that a plain form may post to.
 * Consumes the body, and never holds more than 64 KB of it.
 *
 * @throws AuthError `unsupported_media_type`, `body_too_large`, or `invalid_json` when the body is broken off or not UTF-8.
 */
export async function readFormBody(request: Request): Promise<URLSearchParams> {
	requireMediaType(request, formMediaType);
	return new URLSearchParams(await readText(request, defaultMaxBytes));
}

function requireMediaType(request: Request, pattern: RegExp): void {
	if (!pattern.test(request.headers.get("content-type") ?? "")) throw new AuthError("unsupported_media_type");
}

async function readText(request: Request, maxBytes: number): Promise<string> {
	if (request.body === null) return "";
	const reader = request.body.getReader();
	try {
		// Only a hint that saves reading: what arrives is counted all the same.
		if (Number(request.headers.get("content-length")) > maxBytes) throw new AuthError("body_too_large");
		return await decodeUtf8(reader, maxBytes);
	} catch (error) {
		// Not awaited: a sender that never lets go must not hold up the answer.
		reader.cancel().catch(() => {});
		throw error instanceof AuthError ? error : invalidBody("body is broken off or not UTF-8", error);
	}
}

async function decodeUtf8(reader: ReadableStreamDefaultReader<Uint8Array>, maxBytes: number): Promise<string> {
	const decoder = new TextDecoder("utf-8", { fatal: true });
	let text = "";
	let bytes = 0;
	for (;;) {
		const { done, value } = await reader.read();
		if (done) return text + decoder.decode();
		bytes += value.byteLength;
		if (bytes > maxBytes) throw new AuthError("body_too_large");
		text += decoder.decode(value, { stream: true });
	}
}

/** Counts brackets outside strings. Of text that is not JSON the answer means nothing; the parser refuses it anyway. */
function isDeeperThan(text: string, maxDepth: number): boolean {
	let depth = 0;
	let inString = false;
	for (let index = 0; index < text.length; index++) {
		const character = text[index];
		if (inString) {
			if (character === "\\") index++;
			else if (character === '"') inString = false;
		} else if (character === '"') inString = true;
		else if (character === "{" || character === "[") depth++;
		else if (character === "}" || character === "]") depth--;
		if (depth > maxDepth) return true;
	}
	return false;
}

function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		// The parser's message quotes the body, which may hold a password: it must not become a cause.
		throw invalidBody("body is not JSON");
	}
}

function invalidBody(detail: string, cause?: unknown): AuthError {
	return new AuthError("invalid_json", { detail, cause });
}
