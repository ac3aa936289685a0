import { subscribe } from "node:diagnostics_channel";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { randomSecret } from "../crypto/random.ts";

/**
 * What sort of request it is, as its headers tell before Next.js hides them:
 * - `document`: a browser shows the answer as a page.
 * - `navigation`: the router fetches a page that a person goes to.
 * - `prefetch`: router or browser ask ahead of a click; nobody is there.
 * - `action`: a server action, called by script.
 * - `fetch`: everything else.
 */
export type RequestKind = "document" | "navigation" | "prefetch" | "action" | "fetch";

/** What Node knew of a request when its headers had arrived, before any framework saw it. */
export interface Arrival {
	readonly kind: RequestKind;
	/** The peer's address, or `null` when nobody told. */
	readonly peer: string | null;
	/** Milliseconds since the headers arrived, on the monotonic clock. */
	readonly agoMs: number;
	/** Path and query as they were asked for, or `null` when nobody told. */
	readonly url: string | null;
}

const stampHeader = "x-latchkey-arrival";
const stampFormat = /^(document|navigation|prefetch|action|fetch);([\d.]+);([^;]*);(.*)$/;
const markKey = Symbol.for("latchkey.arrival-mark");
// Begins every stamp of this process. A server that the stamp does not reach, such as one for HTTP/2, passes a client's
// header on as it came; without the mark it is not believed.
const shared = globalThis as { [markKey]?: string };
const unknown: Arrival = { kind: "fetch", peer: null, agoMs: 0, url: null };

/**
 * Stamps every request of this process with its peer's true address and time of arrival, by overwriting a header of our
 * own before Next.js sees the request. Next leaves a client's `X-Forwarded-For` as it came, so without this nothing
 * downstream can tell who is connected.
 */
export function installArrivalStamp(): void {
	if (shared[markKey] !== undefined) return;
	shared[markKey] = randomSecret();
	subscribe("http.server.request.start", (message) => {
		const { request } = message as { request: IncomingMessage };
		const { headers, socket, url } = request;
		const arrival = { kind: kindOf(headers), peer: socket.remoteAddress ?? null, agoMs: 0, url: url ?? null };
		Object.assign(headers, stampOf(arrival));
	});
}

/** The header that stamps a request with an arrival. Needs {@link installArrivalStamp}. */
export function stampOf({ kind, peer, agoMs, url }: Arrival): Record<string, string> {
	return { [stampHeader]: `${shared[markKey]};${kind};${performance.now() - agoMs};${peer ?? ""};${url ?? ""}` };
}

/** Reads the stamp. Without one the request arrived just now, from nobody knows where. */
export function readArrival(headers: Headers): Arrival {
	const stamp = headers.get(stampHeader);
	const mark = shared[markKey];
	if (stamp === null || mark === undefined || !stamp.startsWith(`${mark};`)) return unknown;
	const [, kind, arrivedAt, peer, url] = stampFormat.exec(stamp.slice(mark.length + 1)) ?? [];
	if (arrivedAt === undefined) return unknown;
	const agoMs = Math.max(0, performance.now() - Number(arrivedAt));
	return { kind: kind as RequestKind, peer: peer || null, agoMs, url: url || null };
}

function kindOf(headers: IncomingHttpHeaders): RequestKind {
	if (headers["next-router-prefetch"] !== undefined || isBrowserPrefetch(headers)) return "prefetch";
	if (headers["next-action"] !== undefined) return "action";
	if (headers.rsc !== undefined) return "navigation";
	const destination = headers["sec-fetch-dest"];
	// Without Fetch Metadata: what asks for HTML wants to show it.
	const document = destination === undefined ? headers.accept?.includes("text/html") : destination === "document";
	return document ? "document" : "fetch";
}

function isBrowserPrefetch(headers: IncomingHttpHeaders): boolean {
	return [headers["sec-purpose"], headers.purpose].some((purpose) => purpose?.includes("prefetch"));
}
