import { AuthError } from "../errors.ts";
import { isLoopbackHost, type Settings } from "../settings.ts";
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

type VisitorSettings = Pick<Settings, "trustedProxies" | "loopback" | "origin">;

const maxUserAgentLength = 256;

/**
 * Reads who sent a request. Everything that serves a visitor begins here.
 * @throws {AuthError} `misconfigured` when `AUTH_URL` is loopback and the request came for another host
 */
export function readVisitor({ headers }: HasHeaders, settings: VisitorSettings): Visitor {
	requireOwnHost(headers, settings);
	const { trustedProxies } = settings;
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

// With AUTH_URL on loopback, or not set, a request for another host means a deployment that forgot to set it, where
// cookies would go without Secure; or a page elsewhere that had its name resolve to this machine.
function requireOwnHost(headers: Headers, { loopback, origin }: VisitorSettings): void {
	if (!loopback) return;
	for (const name of ["host", "x-forwarded-host"]) {
		const host = headers.get(name);
		if (host === null || isLoopbackHost(host.replace(/:\d+$/, ""))) continue;
		throw new AuthError("misconfigured", { detail: `AUTH_URL is ${origin}, but a request came for another host` });
	}
}
