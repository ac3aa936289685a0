const maxLength = 2048;

// A browser reads "\" as "/" and strips tabs and line breaks before it parses, so "/\evil" and "/<TAB>/evil" leave the site.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for.
const trickCharacters = /[\\\u0000-\u001f\u007f-\u009f]/;

/**
 * The only judge of a redirect target that came from outside. Returns it as a path of this site
 * (`/path?query#hash`, percent-encoded, never an absolute URL) or else `fallback`, which is the caller's own and
 * not judged.
 *
 * Accepted are a string that begins with exactly one `/`, and an absolute URL of exactly `origin`, of at most 2048
 * characters, whose path after the URL Standard's own normalisation is neither a network path (`//host`) nor an API
 * route. RFC 9700, section 4.11; OWASP ASVS 5.0, 3.7.2.
 *
 * @param options.origin The site's origin as `URL.origin` spells it, such as `https://example.com`.
 */
export function safeRedirect(target: unknown, options: { origin: string; fallback: string }): string {
	return pathOnThisSite(target, options.origin) ?? options.fallback;
}

function pathOnThisSite(target: unknown, origin: string): string | null {
	if (typeof target !== "string" || target.length > maxLength || trickCharacters.test(target)) return null;
	const relative = withoutOrigin(target, origin);
	if (!relative.startsWith("/") || relative.startsWith("//")) return null;
	const url = URL.parse(relative, origin);
	if (url === null || url.origin !== origin) return null;
	// Dot segments are gone only now: "/.//evil.com" has become "//evil.com".
	if (url.pathname.startsWith("//") || isApiRoute(url.pathname)) return null;
	const path = url.pathname + url.search + url.hash;
	return path.length > maxLength ? null : path;
}

function withoutOrigin(target: string, origin: string): string {
	if (target === origin) return "/";
	// What follows must begin a path: "https://example.com.evil.io" and "https://example.com@evil.io" begin with the origin too.
	return target.startsWith(`${origin}/`) ? target.slice(origin.length) : target;
}

/** An API route answers a person with JSON at best, and at worst acts on the GET. */
function isApiRoute(pathname: string): boolean {
	try {
		return /^\/api(?:\/|$)/i.test(decodeURIComponent(pathname));
	} catch {
		// Malformed percent-encoding: servers disagree about what it names, so it is treated as the worst it could be.
		return true;
	}
}
