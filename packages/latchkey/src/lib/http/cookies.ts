/** The lifetime that browsers cap every cookie at (RFC 6265bis, section 5.5), in seconds. */
const maxCookieAgeSeconds = 400 * 24 * 60 * 60;

/** Octets of name and value together; a browser drops a cookie beyond it (RFC 6265bis, section 5.7). */
const maxCookieOctets = 4096;

/** `cookie-octet` and `token` of RFC 6265bis, section 4.1.1. */
const cookieOctets = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+$/;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

const space = 0x20;
const equalsSign = 0x3d;

/**
 * Reads one cookie from a raw `Cookie` header. This is the only parser of that header in the library: two parsers that
 * disagree about duplicates let a planted cookie be one person to the guard and another to the page.
 *
 * `null` means absent, and that is also what an empty or quoted value, a value outside the cookie-octets, a name
 * without `=` and a name that occurs twice are. Names are compared case-sensitively, values are not decoded.
 * RFC 6265bis, sections 4.1.1 and 4.1.3.
 */
export function readCookie(header: string | null, name: string): string | null {
	if (header === null) return null;
	let value: string | null = null;
	let start = 0;
	while (start < header.length) {
		// Only SP may follow the semicolon. A tab stays part of the name, which then is not ours.
		while (header.charCodeAt(start) === space) start++;
		const end = endOfPair(header, start);
		if (header.startsWith(name, start) && header.charCodeAt(start + name.length) === equalsSign) {
			// A sibling domain can add a cookie of the same name but cannot remove ours: which of two is genuine is unknown.
			if (value !== null) return null;
			value = header.slice(start + name.length + 1, end);
		}
		start = end + 1;
	}
	return value !== null && cookieOctets.test(value) ? value : null;
}

/**
 * Whether a raw `Cookie` header holds any cookie whose name begins with one of `prefixes`, however malformed or often
 * repeated. Wider than {@link readCookie} on purpose: it decides whether a request could be acting for somebody, so
 * a doubtful cookie counts.
 */
export function carriesCookie(header: string | null, prefixes: readonly string[]): boolean {
	if (header === null) return false;
	return header.split(";").some((pair) => prefixes.some((prefix) => pair.trimStart().startsWith(prefix)));
}

/** The names of the cookies in a raw `Cookie` header that begin with `prefix`, each once. Says nothing of their values. */
export function cookieNames(header: string | null, prefix: string): string[] {
	const names = (header ?? "").split(";").map((pair) => pair.trimStart().split("=", 1)[0] ?? "");
	return [...new Set(names.filter((name) => name.startsWith(prefix) && token.test(name)))];
}

/**
 * The name under which a cookie goes over the wire. Over https the `__Host-` prefix makes the browser refuse one that
 * another host, a parent domain or plain http tries to plant (RFC 6265bis, section 4.1.3.2); plain http, which is
 * accepted on loopback only, cannot have it.
 */
export function cookieName(base: string, secure: boolean): string {
	return secure ? `__Host-${base}` : base;
}

/** How long a cookie lives and whether the site is served over https. */
export interface CookieLifetime {
	/** Seconds. 0 deletes the cookie; more than 400 days is cut to 400 days, as browsers do. */
	maxAgeSeconds: number;
	/** `false` on loopback http only. */
	secure: boolean;
}

/** The attributes of every cookie of ours, in the shape that `cookies().set(name, value, attributes)` of Next takes. */
export interface CookieAttributes {
	httpOnly: true;
	sameSite: "lax";
	path: "/";
	secure: boolean;
	/** Seconds. */
	maxAge: number;
}

/**
 * The one source of cookie attributes, for Next's `cookies().set` and for {@link serializeCookie} alike. There is no
 * `Domain`, so the cookie belongs to this host alone. Next percent-encodes what it sets: give it base64url values only.
 *
 * @throws RangeError when the age is not a whole number of seconds, 0 or more.
 */
export function cookieAttributes({ maxAgeSeconds, secure }: CookieLifetime): CookieAttributes {
	if (!Number.isInteger(maxAgeSeconds) || maxAgeSeconds < 0) {
		throw new RangeError("The age of a cookie is a whole number of seconds, 0 or more");
	}
	return { httpOnly: true, sameSite: "lax", path: "/", secure, maxAge: Math.min(maxAgeSeconds, maxCookieAgeSeconds) };
}

/**
 * One `Set-Cookie` header value.
 *
 * @throws TypeError when a browser, or {@link readCookie}, would not keep the cookie: the name is not a token, the value
 * is empty or has other characters than cookie-octets, `__Host-` comes without `secure`.
 * @throws RangeError when name and value are longer than 4096 octets together, or the age is not valid.
 */
export function serializeCookie(cookie: CookieLifetime & { name: string; value: string }): string {
	const { name, value } = cookie;
	if (!cookieOctets.test(value)) throw new TypeError(`The value of cookie ${name} does not consist of cookie-octets`);
	if (name.length + value.length > maxCookieOctets) throw new RangeError(`Cookie ${name} is over 4096 octets`);
	return formatCookie(name, value, cookie);
}

/** The `Set-Cookie` header value that deletes a cookie that {@link serializeCookie} made. */
export function clearCookie({ name, secure }: { name: string; secure: boolean }): string {
	return formatCookie(name, "", { maxAgeSeconds: 0, secure });
}

function formatCookie(name: string, value: string, lifetime: CookieLifetime): string {
	if (!token.test(name)) throw new TypeError("The name of a cookie is a token");
	if (name.startsWith("__Host-") && !lifetime.secure) throw new TypeError(`Browsers refuse ${name} without Secure`);
	const { maxAge, path, secure } = cookieAttributes(lifetime);
	return `${name}=${value}; Max-Age=${maxAge}; Path=${path}; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;
}

function endOfPair(header: string, start: number): number {
	const semicolon = header.indexOf(";", start);
	return semicolon === -1 ? header.length : semicolon;
}
