import { AuthError } from "../errors.ts";
import type { ResolvedUpstream } from "./upstream.ts";

/** A request's body: kept where it is small enough to be sent again, streamed where it is not. */
export type UpstreamBody =
	| { readonly repeatable: true; readonly bytes: Uint8Array<ArrayBuffer> | null }
	| { readonly repeatable: false; readonly stream: ReadableStream<Uint8Array> };

interface Call {
	request: Request;
	target: URL;
	token: string | null;
	body: UpstreamBody;
}

const repeatableBytes = 64 * 1024;

/** What the browser may know of an answer. Not: cookies of another site, where it redirects to, what its server is. */
const returnedHeaders = [
	...["content-type", "content-disposition", "content-language", "content-range", "accept-ranges", "etag"],
	...["last-modified", "retry-after", "link", "x-request-id", "x-total-count"],
];

/** @throws {AuthError} `body_too_large` */
export async function readBody(request: Request, maxBytes: number): Promise<UpstreamBody> {
	const { body } = request;
	if (body === null || request.method === "GET" || request.method === "HEAD") return { repeatable: true, bytes: null };
	const length = Number(request.headers.get("content-length") ?? Number.NaN);
	if (length > maxBytes) throw new AuthError("body_too_large");
	if (!(length <= repeatableBytes)) return { repeatable: false, stream: body.pipeThrough(limitTo(maxBytes)) };
	const bytes = new Uint8Array(await new Response(body.pipeThrough(limitTo(maxBytes))).arrayBuffer());
	return { repeatable: true, bytes };
}

/**
 * Sends the request on. Follows no redirect, waits for the answer to begin no longer than the upstream may take, and
 * stops when the browser has gone.
 * @throws {AuthError} `upstream_unavailable`, `upstream_timeout`, `body_too_large`
 */
export async function callUpstream(
	upstream: ResolvedUpstream,
	{ request, target, token, body }: Call,
): Promise<Response> {
	const timeout = new AbortController();
	const timer = setTimeout(() => timeout.abort(), upstream.timeoutMs);
	try {
		const response = await fetch(target, {
			method: request.method,
			headers: headersFor(upstream, request, token),
			body: body.repeatable ? body.bytes : body.stream,
			...(!body.repeatable && { duplex: "half" }),
			redirect: "manual",
			signal: AbortSignal.any([request.signal, timeout.signal]),
		} as RequestInit);
		if (response.status >= 300 && response.status < 400 && response.status !== 304) {
			await response.body?.cancel();
			throw new AuthError("upstream_unavailable", { detail: `${upstream.name} answered with a redirect` });
		}
		return response;
	} catch (error) {
		throw failureOf(error, upstream, timeout.signal.aborted);
	} finally {
		clearTimeout(timer);
	}
}

/** The answer as the browser gets it: its body streams through, as fast as the browser takes it. */
export function toBrowser(response: Response): Response {
	const headers = new Headers({
		"cache-control": "private, no-store",
		"x-content-type-options": "nosniff",
		// An answer that is opened as a page shows and runs nothing on this site.
		"content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
		"cross-origin-resource-policy": "same-origin",
	});
	for (const name of returnedHeaders) {
		const value = response.headers.get(name);
		if (value !== null) headers.set(name, value);
	}
	const hasBody = response.status !== 204 && response.status !== 205 && response.status !== 304;
	// Locked at once: a body that nobody reads yet is given up by Node when the answer that it came with is collected.
	const body = hasBody && response.body !== null ? response.body.pipeThrough(new TransformStream()) : null;
	return new Response(body, { status: response.status, headers });
}

function headersFor({ headers: allowed }: ResolvedUpstream, request: Request, token: string | null): Headers {
	const headers = new Headers();
	for (const [name, value] of request.headers) if (allowed.has(name)) headers.set(name, value);
	if (token !== null) headers.set("authorization", `Bearer ${token}`);
	return headers;
}

function failureOf(error: unknown, { name }: ResolvedUpstream, timedOut: boolean): AuthError {
	for (let cause = error; cause instanceof Error; cause = cause.cause) if (cause instanceof AuthError) return cause;
	// Neither address nor message: they may hold what was asked for.
	if (timedOut) return new AuthError("upstream_timeout", { detail: `${name} did not answer in time` });
	return new AuthError("upstream_unavailable", { detail: `${name} cannot be reached` });
}

/** Counts what passes, and breaks off beyond the limit. */
function limitTo(maxBytes: number): TransformStream<Uint8Array, Uint8Array> {
	let bytes = 0;
	return new TransformStream({
		transform(chunk, controller) {
			bytes += chunk.byteLength;
			if (bytes > maxBytes) controller.error(new AuthError("body_too_large"));
			else controller.enqueue(chunk);
		},
	});
}
