import { once } from "node:events";
import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { AuthError } from "../errors.ts";
import { giveUp, type UpstreamBody } from "./request-body.ts";
import type { ResolvedUpstream } from "./upstream.ts";

interface Call {
	request: Request;
	target: URL;
	token: string | null;
	body: UpstreamBody;
	/** Aborts when nobody is to get the answer any more. */
	signal: AbortSignal;
}

/**
 * Not `fetch`: that reads an upload on and on after the call has failed, decodes what was meant for the browser, and in
 * Next.js is another function with a cache before it. Connections hold nothing of one user for the next.
 */
const agents = { "http:": new HttpAgent({ keepAlive: true }), "https:": new HttpsAgent({ keepAlive: true }) };

/** May be sent once more when nobody knows whether they arrived (RFC 9110, section 9.2.2). */
const idempotent = new Set(["GET", "HEAD", "PUT", "DELETE"]);

/**
 * Sends the request on. Follows no redirect, waits for the answer no longer than the upstream may take, and stops when the
 * signal aborts.
 * @throws {AuthError} `upstream_unavailable`, `upstream_timeout`, `body_too_large`, or what the signal aborted with
 */
export async function callUpstream(upstream: ResolvedUpstream, call: Call): Promise<IncomingMessage> {
	try {
		return await send(upstream, call);
	} catch (error) {
		if (!(error instanceof StaleConnection)) throw error;
		const mayRepeat = call.body.repeatable && idempotent.has(call.request.method);
		if (!mayRepeat) throw unavailable(upstream, "closed the connection");
		return await send(upstream, call, { fresh: true });
	}
}

/** One that was kept, and closed over there just as it was used again. */
class StaleConnection extends Error {}

function send(
	upstream: ResolvedUpstream,
	{ request, target, token, body, signal }: Call,
	{ fresh = false }: { fresh?: boolean } = {},
): Promise<IncomingMessage> {
	const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
	const isHttps = target.protocol === "https:";
	const outgoing = (isHttps ? requestHttps : requestHttp)(target, {
		method: request.method,
		headers: headersFor(upstream, request, token, body),
		agent: fresh ? false : agents[isHttps ? "https:" : "http:"],
	});
	const timer = setTimeout(() => outgoing.destroy(tooLate(upstream)), upstream.timeoutMs);
	const gone = () => outgoing.destroy(signal.reason instanceof AuthError ? signal.reason : new Error("nobody waits"));
	if (signal.aborted) gone();
	signal.addEventListener("abort", gone, { once: true });
	let isAnswered = false;
	outgoing.once("response", (response) => {
		isAnswered = true;
		clearTimeout(timer);
		const refused = refusedAnswer(upstream, response);
		if (refused === null) return resolve(response);
		response.destroy();
		reject(refused);
	});
	// An upgrade that nobody asked for.
	outgoing.once("upgrade", (_, socket) => socket.destroy());
	outgoing.on("error", (error) => reject(failureOf(error, upstream, outgoing)));
	outgoing.once("close", () => {
		clearTimeout(timer);
		signal.removeEventListener("abort", gone);
		// Comes after an error too, which then was the reason.
		if (!isAnswered) reject(unavailable(upstream, "hung up"));
	});
	if (body.repeatable) outgoing.end(body.bytes ?? undefined);
	else {
		sendStream(outgoing, body, signal, () => timer.refresh()).catch((error: Error) => outgoing.destroy(error));
	}
	return promise;
}

/** No faster than the upstream takes it, and no further than its connection lives. */
async function sendStream(
	outgoing: ClientRequest,
	{ reader, maxBytes, declaredBytes }: UpstreamBody & { repeatable: false },
	signal: AbortSignal,
	progress: () => void,
): Promise<void> {
	const closed = new AbortController();
	outgoing.once("close", () => closed.abort());
	let bytes = 0;
	try {
		while (!outgoing.destroyed) {
			const { done, value } = await reader.read();
			if (done) {
				// An upstream that is told a length believes it: the rest would be a request of its own.
				if (declaredBytes !== null && bytes !== declaredBytes) throw new Error("shorter than it said");
				return void outgoing.end();
			}
			bytes += value.byteLength;
			if (bytes > (declaredBytes ?? maxBytes)) throw new AuthError("body_too_large");
			progress();
			if (!outgoing.destroyed && !outgoing.write(value)) await once(outgoing, "drain", { signal: closed.signal });
		}
	} finally {
		giveUp(reader, signal);
	}
}

/** `null` for an answer that can be passed on. */
function refusedAnswer(upstream: ResolvedUpstream, { statusCode = 0 }: IncomingMessage): AuthError | null {
	if (statusCode >= 300 && statusCode < 400 && statusCode !== 304) {
		return unavailable(upstream, "answered with a redirect");
	}
	return statusCode >= 200 && statusCode < 600 ? null : unavailable(upstream, "answered with a status that is none");
}

function headersFor(
	{ headers: allowed }: ResolvedUpstream,
	request: Request,
	token: string | null,
	body: UpstreamBody,
): Record<string, string> {
	// Named, because Node.js would ask for no encoding and a server then may choose one.
	const headers: Record<string, string> = { "accept-encoding": "identity" };
	for (const [name, value] of request.headers) if (allowed.has(name)) headers[name] = value;
	const length = body.repeatable ? body.bytes?.byteLength : body.declaredBytes;
	if (length !== undefined && length !== null) headers["content-length"] = String(length);
	// Said, because Node.js frames no body of a DELETE by itself: its bytes would be the next request of the connection.
	else if (!body.repeatable) headers["transfer-encoding"] = "chunked";
	if (token !== null) headers.authorization = `Bearer ${token}`;
	return headers;
}

function failureOf(error: Error, upstream: ResolvedUpstream, { reusedSocket }: ClientRequest): Error {
	if (error instanceof AuthError) return error;
	// Neither address nor message: they may hold what was asked for.
	const isStale = reusedSocket && "code" in error && error.code === "ECONNRESET";
	return isStale ? new StaleConnection() : unavailable(upstream, "cannot be reached");
}

function tooLate({ name }: ResolvedUpstream): AuthError {
	return new AuthError("upstream_timeout", { detail: `${name} did not answer in time` });
}

function unavailable({ name }: ResolvedUpstream, why: string): AuthError {
	return new AuthError("upstream_unavailable", { detail: `${name} ${why}` });
}
