import { misconfigured } from "../errors.ts";

/** An API that the browser may call through this site. */
export interface Upstream {
	/**
	 * Where it is; what the browser asks for is appended below it. https, but for loopback. A path alone, such as
	 * `/api/v4`, is below the issuer of the provider whose token goes along.
	 */
	url: string;
	/**
	 * Whose token goes along: the user's own at a provider, or a short one of ours for that audience. Default: none.
	 */
	token?: { readonly provider: string } | { readonly audience: string };
	/** Of `GET`, `HEAD`, `POST`, `PUT`, `PATCH` and `DELETE`. Default: all of them. */
	methods?: readonly string[];
	/**
	 * Whether `%2F` in a path goes on as it is, for an API that names things by paths (`/projects/group%2Fproject`). To one
	 * that reads it as a slash it leads nowhere that the path could not name plainly. Default false: 404.
	 */
	encodedSlashes?: boolean;
	/** Headers of the browser that go along besides the usual ones, in lower case. Never cookies. */
	headers?: readonly string[];
	/** Bytes of a request at most. Default 10 MB. */
	maxRequestBytes?: number;
	/** Milliseconds until its answer must begin. Default 30,000. */
	timeoutMs?: number;
}

export interface BffOptions {
	/** By the name that comes first in the path: `/api/bff/<name>/…`. Nothing else can be called. */
	upstreams: Readonly<Record<string, Upstream>>;
	/** Where the handlers are mounted. Default `/api/bff`. */
	path?: string;
}

export interface ResolvedUpstream extends Required<Pick<Upstream, "maxRequestBytes" | "timeoutMs" | "encodedSlashes">> {
	readonly name: string;
	/** Without a slash at its end. A path where the provider's issuer comes before it. */
	readonly base: string;
	readonly token: Upstream["token"] | undefined;
	readonly methods: ReadonlySet<string>;
	readonly headers: ReadonlySet<string>;
}

const allMethods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/** What an API may need to know of a request; neither who sends it nor from where. */
const forwardedHeaders = [
	...[
		"accept",
		"accept-language",
		"accept-encoding",
		"content-type",
		"content-encoding",
		"if-match",
		"if-none-match",
		"if-modified-since",
	],
	...["if-unmodified-since", "range", "idempotency-key", "traceparent", "tracestate"],
];

const neverForwarded = [
	...["cookie", "authorization", "proxy-authorization", "host", "forwarded"],
	// Of one connection, or of how long a body is (RFC 9110, section 7.6.1): they are ours to say.
	...["connection", "proxy-connection", "keep-alive", "te", "trailer", "upgrade", "expect"],
	...["transfer-encoding", "content-length"],
];

/** @throws {AuthError} `misconfigured`, with the cure */
export function resolveUpstreams({ upstreams }: BffOptions): ReadonlyMap<string, ResolvedUpstream> {
	return new Map(Object.entries(upstreams).map(([name, upstream]) => [name, resolveUpstream(name, upstream)]));
}

function resolveUpstream(name: string, upstream: Upstream): ResolvedUpstream {
	if (!/^[a-z][a-z0-9-]{0,31}$/.test(name)) {
		throw misconfigured(`bff: an upstream is named like "notes", not ${JSON.stringify(name)}`);
	}
	const { headers = [], methods = allMethods } = upstream;
	const unknown = methods.find((method) => !allMethods.includes(method));
	if (unknown !== undefined) throw misconfigured(`bff: ${name} cannot be called with the method ${unknown}`);
	const forbidden = headers.find((header) => neverForwarded.includes(header.toLowerCase()));
	if (forbidden !== undefined) throw misconfigured(`bff: ${name} must not be sent the header ${forbidden}`);
	return {
		name,
		base: upstream.url.startsWith("/") ? pathBelowIssuer(name, upstream) : addressOf(name, upstream.url),
		token: upstream.token,
		methods: new Set(methods),
		headers: new Set([...forwardedHeaders, ...headers.map((header) => header.toLowerCase())]),
		encodedSlashes: upstream.encodedSlashes ?? false,
		maxRequestBytes: upstream.maxRequestBytes ?? 10 * 1024 * 1024,
		timeoutMs: upstream.timeoutMs ?? 30_000,
	};
}

/** Checked, and without a slash at its end. @throws {AuthError} `misconfigured`, with the cure */
export function addressOf(name: string, url: string): string {
	const base = URL.parse(url);
	const isHere = base !== null && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(base.hostname);
	const isAllowed = base !== null && (base.protocol === "https:" || (base.protocol === "http:" && isHere));
	if (!isAllowed || base.search !== "" || base.hash !== "" || base.username + base.password !== "") {
		throw misconfigured(`bff: the url of ${name} must be an https address without query, not ${url}`);
	}
	return base.href.replace(/\/$/, "");
}

function pathBelowIssuer(name: string, { url, token }: Upstream): string {
	if (token === undefined || !("provider" in token) || !/^(\/(?!\.{1,2}(\/|$))[\w.~-]+)+\/?$/.test(url)) {
		throw misconfigured(
			`bff: the url of ${name} is a path, so it needs the token of a provider to be below, not ${url}`,
		);
	}
	return url.replace(/\/$/, "");
}

/**
 * The address that a path below the upstream's name means, `""` or with a slash first; `null` for one that leads anywhere
 * else, or that two servers could read differently.
 */
export function targetOf(
	base: string,
	below: string,
	search: string,
	{ encodedSlashes }: Pick<ResolvedUpstream, "encodedSlashes">,
): URL | null {
	// Judged as whoever decodes them would read it; what holds for that holds for who does not.
	const read = encodedSlashes ? below.replace(/%2f/gi, "/") : below;
	if (!isPlain(read)) return null;
	const target = URL.parse(`${base}${below}${search}`);
	const { origin, pathname } = new URL(base);
	const root = pathname.replace(/\/$/, "");
	const isBelow = target?.origin === origin && (target.pathname === root || target.pathname.startsWith(`${root}/`));
	return isBelow ? target : null;
}

/** Whether every server reads the path alike, and none of them as one that leads up. */
function isPlain(path: string): boolean {
	// An encoded slash, backslash, dot, percent or control character is a path of its own to one server and not to the next.
	if (/%(2f|5c|2e|25|[01][0-9a-f]|7f)/i.test(path) || path.includes("\\") || path.includes("//")) return false;
	// And to some `..;a` is a dot segment with a parameter.
	if (/\/\.{1,2}((;|%3b)[^/]*)?(\/|$)/i.test(path)) return false;
	// What is no UTF-8 is read otherwise by some: they see a dot or a slash in it.
	return isDecodable(path);
}

function isDecodable(path: string): boolean {
	try {
		decodeURIComponent(path);
		return true;
	} catch {
		return false;
	}
}
