/** For answers that were made for one person and that nothing may keep. */
export const noStore = "private, no-store";

/**
 * Keeps an answer that was made for one person out of every cache that several share. Without `private` or `no-store`,
 * even a bare `max-age` lets them store it: a cookie in the request does not stop them, as `Authorization` would
 * (RFC 9111, section 3). `private="name"` speaks of one header only (section 5.2.2.7).
 */
export function keepFromSharedCaches(headers: Headers): void {
	const wished = (headers.get("cache-control") ?? "").toLowerCase().split(",");
	const directives = wished.map((directive) => directive.trim());
	const isKept = directives.includes("private") || directives.includes("no-store");
	const isShared = directives.some((directive) => directive === "public" || directive.startsWith("s-maxage"));
	if (!isKept || isShared) headers.set("cache-control", noStore);
	// What is said to such caches alone goes before Cache-Control (RFC 9213, section 2.2).
	for (const name of [...headers.keys()]) {
		if (name.endsWith("cdn-cache-control") || name === "surrogate-control") headers.delete(name);
	}
}
