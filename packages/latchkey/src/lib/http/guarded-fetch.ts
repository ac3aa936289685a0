import { type LookupAddress, type LookupAllOptions, lookup } from "node:dns";
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { isLoopbackHost } from "../settings.ts";
import { isLoopbackAddress, isPublicAddress } from "./public-address.ts";

/** Where {@link guardedFetch} may go, besides https on the public internet. */
export interface FetchLimits {
	/** Plain http and https on this very machine, by a name that says so. For development only. */
	loopback: boolean;
	/** Private networks, where the owner said that a server of theirs is. https all the same. */
	privateNetwork: boolean;
	/** Bytes of an answer that are read at most. Default 1 MB. */
	maxBytes?: number;
	/** Milliseconds until the answer must be there. Default 10,000. */
	timeoutMs?: number;
	/** Looks names up. Default: as this machine does. */
	resolve?: Resolve;
}

type Resolve = (
	hostname: string,
	options: LookupAllOptions,
	callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export interface FetchInit {
	method?: string;
	headers?: Record<string, string>;
	body?: unknown;
	signal?: AbortSignal;
}

export type GuardedFetch = (url: string, init?: FetchInit) => Promise<Response>;

/** Why a request was not made, or its answer not read. */
export class FetchRefused extends Error {
	override readonly name = "FetchRefused";
}

/**
 * Makes a `fetch` for addresses that are not the owner's own words, such as those in a provider's metadata. It speaks to
 * https on the public internet, follows no redirect, and reads no more than its limits. The address is judged as the
 * socket connects to it, so that a name which resolves differently a moment later gains nothing (CWE-918).
 */
export function guardedFetch(limits: FetchLimits): GuardedFetch {
	const { maxBytes = 1024 * 1024, timeoutMs = 10_000 } = limits;
	const judge = guardedLookup(limits);
	// Agents of its own: a connection that somebody else opened was not judged.
	const agents = {
		"http:": new HttpAgent({ lookup: judge }),
		"https:": new HttpsAgent({ lookup: judge, keepAlive: true }),
	};
	return async (target, { method = "GET", headers = {}, body, signal } = {}) => {
		const url = requireAllowed(target, limits);
		const timeout = AbortSignal.timeout(timeoutMs);
		const options = {
			method,
			headers: { "accept-encoding": "identity", ...headers },
			agent: agents[url.protocol as "http:" | "https:"],
			lookup: judge,
			signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
		};
		const response = await send(url, options, bodyText(body));
		return toResponse(response, await readBody(response, maxBytes));
	};
}

/** @throws {FetchRefused} */
function requireAllowed(target: string, { loopback, privateNetwork }: FetchLimits): URL {
	const url = URL.parse(target);
	if (url === null || url.username !== "" || url.password !== "") throw new FetchRefused("not an address to fetch");
	const host = url.hostname.replace(/^\[|\]$/g, "");
	const isHere = loopback && isLoopbackHost(host);
	if (url.protocol !== "https:" && !(url.protocol === "http:" && isHere))
		throw new FetchRefused("only https is fetched");
	if (isLoopbackHost(host) && !isHere) throw new FetchRefused("not a public address");
	// A literal address is not looked up, so it is judged here.
	if (isIP(host) !== 0 && !isHere && !isAllowed(host, privateNetwork)) throw new FetchRefused("not a public address");
	return url;
}

function isAllowed(address: string, privateNetwork: boolean): boolean {
	return isPublicAddress(address) || (privateNetwork && isPrivateAddress(address));
}

/** Where organisations number their own machines (RFC 1918, RFC 4193); never loopback or link-local. */
function isPrivateAddress(address: string): boolean {
	return isIP(address) === 6 ? /^f[cd]/i.test(address) : /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(address);
}

/** Looked up once, and the socket connects to what was judged here. */
function guardedLookup({ loopback, privateNetwork, resolve = lookup }: FetchLimits): LookupFunction {
	return (hostname, options, callback) => {
		resolve(hostname, { ...options, all: true }, (error, addresses) => {
			if (error !== null) return callback(error, []);
			const isHere = loopback && isLoopbackHost(hostname);
			const allowed = addresses.filter(({ address }) =>
				isHere ? isLoopbackAddress(address) : isAllowed(address, privateNetwork),
			);
			// One private address among public ones is how rebinding begins: all of them, or none.
			if (allowed.length === 0 || allowed.length !== addresses.length) {
				return callback(new FetchRefused(`${hostname} is not at a public address`), []);
			}
			if (options.all) return callback(null, allowed);
			const [{ address, family }] = allowed as [{ address: string; family: number }];
			callback(null, address, family);
		});
	};
}

type SendOptions = Parameters<typeof requestHttps>[1];

function send(url: URL, options: SendOptions, body: string | null): Promise<IncomingMessage> {
	const request = url.protocol === "https:" ? requestHttps : requestHttp;
	return new Promise((respond, reject) => {
		const sent = request(url, options, respond);
		sent.on("error", reject);
		sent.end(body ?? undefined);
	});
}

function bodyText(body: unknown): string | null {
	if (body === undefined || body === null) return null;
	if (typeof body === "string" || body instanceof URLSearchParams) return String(body);
	throw new TypeError("guardedFetch sends text only");
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<Buffer<ArrayBuffer>> {
	const chunks: Buffer[] = [];
	let bytes = 0;
	for await (const chunk of response as AsyncIterable<Buffer>) {
		bytes += chunk.byteLength;
		if (bytes > maxBytes) {
			response.destroy();
			throw new FetchRefused(`the answer is over ${maxBytes} bytes`);
		}
		chunks.push(chunk);
	}
	return Buffer.concat(chunks);
}

function toResponse({ statusCode = 502, headersDistinct }: IncomingMessage, body: Buffer<ArrayBuffer>): Response {
	const headers = new Headers();
	for (const [name, values = []] of Object.entries(headersDistinct)) {
		for (const value of values) headers.append(name, value);
	}
	const hasBody = statusCode !== 204 && statusCode !== 205 && statusCode !== 304;
	return new Response(hasBody ? body : null, { status: statusCode, headers });
}
