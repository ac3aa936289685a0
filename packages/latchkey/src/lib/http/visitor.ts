import { type RequestKind, readArrival } from "./arrival.ts";
import { clientAddress } from "./client-address.ts";

/** Whoever sent a request: anything with headers, such as a `Request`, or `{ headers: await headers() }`. */
export interface HasHeaders {
	readonly headers: Headers;
}

/** Where a request came from, as far as it can be believed. */
export interface Visitor {
	readonly headers: Headers;
	/** `null` when unknown: limits by address are off then, instead of one limit for everybody. */
	readonly address: string | null;
	readonly userAgent: string | null;
	/** How long ago the request's headers arrived. */
	readonly arrivedAgoMs: number;
	readonly kind: RequestKind;
	/** Path and query as they were asked for; `null` when unknown. Not to be redirected to without `safeRedirect`. */
	readonly url: string | null;
}

const maxUserAgentLength = 256;

export function readVisitor({ headers }: HasHeaders, trustedProxies: number): Visitor {
	const arrival = readArrival(headers);
	return {
		headers,
		// Worked out when asked for: a session check, which is what most requests are, never asks.
		get address() {
			return clientAddress({ peer: arrival.peer, forwardedFor: headers.get("x-forwarded-for"), trustedProxies });
		},
		get userAgent() {
			return headers.get("user-agent")?.slice(0, maxUserAgentLength) ?? null;
		},
		arrivedAgoMs: arrival.agoMs,
		kind: arrival.kind,
		url: arrival.url,
	};
}
