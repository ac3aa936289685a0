import { carriesCookie } from "./cookies.ts";

/** What {@link isSameOrigin} needs to know of this site. */
export interface OwnSite {
	/** As `URL.origin` spells it, such as `https://example.com`. */
	origin: string;
	/** Names of our cookies as they go over the wire. Each stands for every name that begins with it. */
	cookieNames: readonly string[];
}

/**
 * Whether a request that changes something may be believed to come from a page of this site, or from a client that
 * holds none of a visitor's cookies and so cannot act for anybody. Needs no token in the page.
 *
 * The first of these that the request has decides: `Sec-Fetch-Site` must be `same-origin`; `Origin` must equal ours
 * exactly; else there must be no cookie of ours. A page cannot forge or remove the two headers (Fetch Metadata Request
 * Headers; Fetch Standard, section 3.2). `same-site` is refused because a sibling subdomain is another party, `none`
 * because an address bar does not post.
 */
export function isSameOrigin(headers: Headers, site: OwnSite): boolean {
	const fetchSite = headers.get("sec-fetch-site");
	if (fetchSite !== null) return fetchSite === "same-origin";
	const origin = headers.get("origin");
	if (origin !== null) return origin === site.origin;
	return !carriesCookie(headers.get("cookie"), site.cookieNames);
}
