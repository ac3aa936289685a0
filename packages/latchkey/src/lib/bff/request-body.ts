import { AuthError } from "../errors.ts";

type BodyReader = ReadableStreamDefaultReader<Uint8Array>;

/** A request's body: kept where it is small enough to be sent again, streamed where it is not. */
export type UpstreamBody =
	| { readonly repeatable: true; readonly bytes: Uint8Array | null }
	| {
			readonly repeatable: false;
			readonly reader: BodyReader;
			readonly maxBytes: number;
			/** As the browser said; `null` when it did not. */
			readonly declaredBytes: number | null;
	  };

const repeatableBytes = 64 * 1024;

/** How long an answer may be on its way before the connection is given up on which an upload still comes. */
const lingerMs = 1000;

/** @throws {AuthError} `body_too_large`, `invalid_json` for a length that is none or is not kept */
export async function readBody({ method, headers, body, signal }: Request, maxBytes: number): Promise<UpstreamBody> {
	if (body === null || method === "GET" || method === "HEAD") return { repeatable: true, bytes: null };
	const reader = body.getReader();
	const length = headers.get("content-length");
	const declaredBytes = length === null ? null : Number(length);
	try {
		if (length !== null && !/^\d{1,15}$/.test(length)) throw new AuthError("invalid_json");
		if (declaredBytes !== null && declaredBytes > maxBytes) throw new AuthError("body_too_large");
		if (declaredBytes === null || declaredBytes > repeatableBytes) {
			return { repeatable: false, reader, maxBytes, declaredBytes };
		}
		return { repeatable: true, bytes: await readAll(reader, declaredBytes) };
	} catch (error) {
		giveUp(reader, signal);
		throw error instanceof AuthError ? error : new AuthError("invalid_json", { cause: error });
	}
}

/**
 * Reads no further. Not at once where the browser still listens: to give a request's body up is to hang up in Node.js,
 * and the answer is to arrive first.
 */
export function giveUp(reader: BodyReader, signal: AbortSignal): void {
	const cancel = () => void reader.cancel().catch(() => {});
	if (signal.aborted) cancel();
	else setTimeout(cancel, lingerMs).unref();
}

async function readAll(reader: BodyReader, declaredBytes: number): Promise<Uint8Array> {
	const all = new Uint8Array(declaredBytes);
	let bytes = 0;
	for (;;) {
		const { done, value } = await reader.read();
		if (done) break;
		if (bytes + value.byteLength > declaredBytes) throw new AuthError("invalid_json");
		all.set(value, bytes);
		bytes += value.byteLength;
	}
	if (bytes !== declaredBytes) throw new AuthError("invalid_json");
	return all;
}
