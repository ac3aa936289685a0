import { type NextRequest, NextResponse } from "next/server.js";
import type { AuthWithEngine } from "../auth.ts";
import type { Engine } from "../engine.ts";
import { AuthError } from "../errors.ts";
import { errorResponse } from "../http/handle-request.ts";
import { setCookieHeader } from "../http/responses.ts";
import { readVisitor, type Visitor } from "../http/visitor.ts";
import { needsRenewal, renewSession } from "../sessions/renew-session.ts";
import { type ResolvedSession, resolveSession } from "../sessions/resolve-session.ts";
import { withNonce } from "./content-security-policy.ts";
import { pageThatHelps } from "./guard.ts";

export interface ProxyOptions {
	/** Paths that anybody may see: exact, or with everything below by a final `/*`. Every other path asks for a session. */
	public: readonly string[];
	/**
	 * Paths whose pages get a Content-Security-Policy with a nonce, in the same form. Such a page must be rendered per
	 * request (`export const instant = false`): a prerendered shell cannot know a nonce.
	 */
	nonce?: readonly string[];
}

export type AuthProxy = (request: NextRequest) => Promise<Response>;

/**
 * The optimistic guard for `proxy.ts`. It asks the same resolver as the guards inside and only ever turns away; whatever
 * it lets through is judged again there, so everything is as safe without it. It gives a visitor without JavaScript a
 * real redirect, and renews tokens on the way.
 */
export function guardProxy(
	{ engine: opening, logger }: Pick<AuthWithEngine, "engine" | "logger">,
	options: ProxyOptions,
): AuthProxy {
	const isPublic = pathMatcher(options.public);
	const wantsNonce = pathMatcher(options.nonce ?? []);
	return async (request) => {
		const { pathname } = request.nextUrl;
		const pass = () => (wantsNonce(pathname) ? withNonce(request) : NextResponse.next());
		try {
			const engine = await opening();
			if (passes(engine, pathname, request)) return NextResponse.next();
			const visitor = readVisitor(request, engine.settings);
			const current = await resolveSession(engine, visitor);
			const stranger = current === null && !isPublic(pathname) && visitor.kind !== "prefetch";
			return stranger ? turnAway(engine, visitor, request) : await renewed(engine, visitor, current, pass());
		} catch (error) {
			const refused = errorResponse(logger, error);
			// A page that anybody may see says by itself that the store is away.
			return isPublic(pathname) && isStoreAway(error) ? pass() : refused;
		}
	};
}

/** Endpoints that answer for themselves, and server actions, whose callers cannot follow a redirect. */
function passes({ options }: Engine, pathname: string, request: NextRequest): boolean {
	const below = (path: string) => pathname === path || pathname.startsWith(`${path}/`);
	return below(options.basePath) || below("/.well-known") || request.headers.has("next-action");
}

function turnAway(engine: Engine, visitor: Visitor, { method, nextUrl }: NextRequest): Response {
	if (wantsJson(visitor, nextUrl.pathname)) return errorResponse(engine.log, new AuthError("not_authenticated"));
	const location = new URL(pageThatHelps({ engine, visitor }, "not_authenticated"), engine.settings.origin);
	// A form that was sent too late is not sent on: what was typed for one page is not for the next.
	const status = method === "GET" || method === "HEAD" ? 307 : 303;
	return NextResponse.redirect(location, { status, headers: { "cache-control": "private, no-store" } });
}

// A page that something asks for without saying what it is (curl, a link checker) is still a page.
function wantsJson({ kind, headers }: Visitor, pathname: string): boolean {
	if (kind !== "fetch") return false;
	const scripted = headers.has("sec-fetch-dest") || (headers.get("accept") ?? "").includes("application/json");
	return scripted || pathname.startsWith("/api/");
}

// Appended to the answer only: what stands behind sees the token that came, which its grace keeps good.
async function renewed(
	engine: Engine,
	visitor: Visitor,
	current: ResolvedSession | null,
	response: NextResponse,
): Promise<NextResponse> {
	if (current === null || visitor.kind === "prefetch" || !needsRenewal(current)) return response;
	const granted = await renewSession(engine, current);
	if (granted === null) return response;
	response.headers.append("set-cookie", setCookieHeader(granted.cookie));
	// A static page would otherwise tell caches to keep the answer, with somebody's cookie in it.
	response.headers.set("cache-control", "private, no-store");
	return response;
}

function isStoreAway(error: unknown): boolean {
	return error instanceof AuthError && error.code === "store_unavailable";
}

function pathMatcher(patterns: readonly string[]): (pathname: string) => boolean {
	const exact = new Set(patterns.filter((pattern) => !pattern.endsWith("/*")));
	const below = patterns.filter((pattern) => pattern.endsWith("/*")).map((pattern) => pattern.slice(0, -1));
	return (pathname) => exact.has(pathname) || below.some((prefix) => `${pathname}/`.startsWith(prefix));
}
