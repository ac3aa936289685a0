import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";

/** What Node knew of a request when its headers had arrived, before any framework saw it. */
export interface Arrival {
	/** The peer's address, or `null` when nobody told. */
	peer: string | null;
	/** Milliseconds since the headers arrived, on the monotonic clock. */
	agoMs: number;
	/** Whether the router asked ahead of a click: nobody is using the session. */
	prefetch: boolean;
}

const stampHeader = "x-latchkey-arrival";
const installed = Symbol.for("latchkey.arrival-stamp");
const shared = globalThis as { [installed]?: true };

/**
 * Stamps every request of this process with its peer's true address and time of arrival, by overwriting a header of our
 * own before Next.js sees the request. Next leaves a client's `X-Forwarded-For` as it came, so without this nothing
 * downstream can tell who is connected. Once installed no client can bring the header; until then it is not believed.
 */
export function installArrivalStamp(): void {
	if (shared[installed]) return;
	shared[installed] = true;
	subscribe("http.server.request.start", (message) => {
		const { request } = message as { request: IncomingMessage };
		const prefetch = request.headers["next-router-prefetch"] !== undefined ? "1" : "0";
		request.headers[stampHeader] = `${prefetch};${performance.now()};${request.socket.remoteAddress ?? ""}`;
	});
}

/** Reads the stamp. Without one the request arrived just now, from nobody knows where. */
export function readArrival(headers: Headers): Arrival {
	const stamp = shared[installed] ? headers.get(stampHeader) : null;
	const [prefetch, arrivedAt, peer] = stamp?.split(";") ?? [];
	if (arrivedAt === undefined) return { peer: null, agoMs: 0, prefetch: false };
	return { peer: peer || null, agoMs: Math.max(0, performance.now() - Number(arrivedAt)), prefetch: prefetch === "1" };
}
