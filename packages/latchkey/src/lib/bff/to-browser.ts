import type { IncomingMessage } from "node:http";
import type { SessionWatch } from "./session-watch.ts";

/** What the browser may know of an answer. Not: cookies of another site, where it redirects to, what its server is. */
const returnedHeaders = [
	...["content-type", "content-encoding", "content-length", "content-disposition", "content-language"],
	...[
		"content-range",
		"accept-ranges",
		"etag",
		"last-modified",
		"retry-after",
		"link",
		"x-request-id",
		"x-total-count",
	],
];

const opaque = "application/octet-stream";

const withoutBody = new Set([204, 205, 304]);

/**
 * The answer as the browser gets it: its body streams through byte by byte, as fast as the browser takes it, and is broken
 * off when the session ends.
 */
export function toBrowser(message: IncomingMessage, method: string, watch: SessionWatch): Response {
	message.once("close", () => watch.stop());
	watch.signal.addEventListener("abort", () => message.destroy(), { once: true });
	const { statusCode: status = 502 } = message;
	const headers = new Headers({
		"cache-control": "private, no-store",
		"x-content-type-options": "nosniff",
		// An answer that is opened as a page shows and runs nothing on this site.
		"content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
		"cross-origin-resource-policy": "same-origin",
	});
	for (const name of returnedHeaders) {
		const value = message.headers[name];
		if (typeof value === "string") headers.set(name, value);
	}
	// The router of Next.js draws this as a page of this site, wherever it has fetched it from.
	if (/^\s*text\/x-component/i.test(headers.get("content-type") ?? "")) headers.set("content-type", opaque);
	const isEmpty = withoutBody.has(status);
	if (isEmpty) headers.delete("content-length");
	if (isEmpty || method === "HEAD") {
		message.resume();
		return new Response(null, { status, headers });
	}
	return new Response(bodyOf(message), { status, headers });
}

/** Reads on when the reader of the stream asks for it, and fails where the upstream or the session ends it early. */
function bodyOf(message: IncomingMessage): ReadableStream<Uint8Array> {
	let isOver = false;
	return new ReadableStream<Uint8Array>({
		start(controller) {
			const fail = () => {
				if (!isOver) controller.error(new Error("the answer was broken off"));
				isOver = true;
			};
			message.on("data", (chunk: Uint8Array) => {
				controller.enqueue(chunk);
				if ((controller.desiredSize ?? 0) <= 0) message.pause();
			});
			message.pause();
			message.once("end", () => {
				if (!isOver) controller.close();
				isOver = true;
			});
			message.once("error", fail);
			message.once("close", fail);
		},
		pull: () => void message.resume(),
		cancel() {
			isOver = true;
			message.destroy();
		},
	});
}
