import type { Engine } from "../engine.ts";
import { AuthError } from "../errors.ts";
import { errorResponse, requireSameOrigin } from "../http/handle-request.ts";
import { errorAnswer, setCookieHeader, toResponse } from "../http/responses.ts";
import { readVisitor } from "../http/visitor.ts";
import { requireProvider } from "../oauth/providers.ts";
import { providerToken } from "../oauth/token-vault.ts";
import { renewIfDue } from "../sessions/renew-session.ts";
import { type ResolvedSession, resolveSession } from "../sessions/resolve-session.ts";
import { mintServiceToken } from "../tokens/service-token.ts";
import { callUpstream } from "./call-upstream.ts";
import { readBody } from "./request-body.ts";
import { type SessionWatch, watchSession } from "./session-watch.ts";
import { toBrowser } from "./to-browser.ts";
import { addressOf, type BffOptions, type ResolvedUpstream, resolveUpstreams, targetOf } from "./upstream.ts";

export type BffHandler = (request: Request) => Promise<Response>;

/**
 * The backend for the frontend: calls other APIs for the browser, which holds a cookie of this site and never a token.
 * Only for a page of this site, only for who is signed in, and only to the upstreams that are listed (OAuth 2.0 for
 * Browser-Based Applications, section 6.1).
 * @throws {AuthError} `misconfigured`, with the cure
 */
export function bffHandler(opening: () => Promise<Engine>, options: BffOptions): BffHandler {
	const upstreams = resolveUpstreams(options);
	const mount = options.path ?? "/api/bff";
	return async (request) => {
		const engine = await opening();
		try {
			// Reads too: what an API tells this user is not for another site's page, nor for a window of its own.
			requireSameOrigin(engine, request);
			const current = await resolveSession(engine, readVisitor(request, engine.settings));
			if (current === null) throw new AuthError("not_authenticated");
			const response = await forward(engine, current, upstreams, mount, request);
			return await renewed(engine, current, response);
		} catch (error) {
			return errorResponse(engine.log, error);
		}
	};
}

async function forward(
	engine: Engine,
	current: ResolvedSession,
	upstreams: ReadonlyMap<string, ResolvedUpstream>,
	mount: string,
	request: Request,
): Promise<Response> {
	const { pathname, search } = new URL(request.url);
	const [, name = "", below = ""] = pathname.startsWith(`${mount}/`)
		? (/^([^/]*)(.*)$/.exec(pathname.slice(mount.length + 1)) ?? [])
		: [];
	const upstream = upstreams.get(name);
	const target = upstream === undefined ? null : targetOf(baseOf(engine, upstream), below, search, upstream);
	if (upstream === undefined || target === null || !isForData(request)) throw new AuthError("not_found");
	if (!upstream.methods.has(request.method)) {
		return toResponse(errorAnswer(new AuthError("method_not_allowed"), { allow: [...upstream.methods].join(", ") }));
	}
	const watch = watchSession(engine, current);
	try {
		return await ask(engine, current, upstream, { request, target, watch });
	} catch (error) {
		watch.stop();
		throw error;
	}
}

interface Asked {
	readonly request: Request;
	readonly target: URL;
	readonly watch: SessionWatch;
}

async function ask(
	engine: Engine,
	current: ResolvedSession,
	upstream: ResolvedUpstream,
	{ request, target, watch }: Asked,
): Promise<Response> {
	const body = await readBody(request, upstream.maxRequestBytes);
	const token = await bearerOf(engine, current, upstream, null);
	const signal = AbortSignal.any([request.signal, watch.signal]);
	const first = await callUpstream(upstream, { request, target, token, body, signal });
	if (first.statusCode !== 401 || token === null) return toBrowser(first, request.method, watch);
	first.destroy();
	// The token may have been taken back before its time: once more with a new one, if the request can be said again.
	if (upstream.token !== undefined && "provider" in upstream.token && body.repeatable) {
		const fresh = await bearerOf(engine, current, upstream, token);
		const second = await callUpstream(upstream, { request, target, token: fresh, body, signal });
		if (second.statusCode !== 401) return toBrowser(second, request.method, watch);
		second.destroy();
	}
	// Not 401: the person is signed in here, and it is not that which is missing. Nor can they mend what is between two services.
	if (upstream.token !== undefined && "audience" in upstream.token) {
		throw new AuthError("upstream_refused", { detail: `${upstream.name} answered this site's own token with 401` });
	}
	throw new AuthError("reconnect_required");
}

/** Where an upstream is. @throws {AuthError} `not_found` when it is at a provider that is not offered here */
function baseOf(engine: Engine, { name, base, token }: ResolvedUpstream): string {
	if (!base.startsWith("/")) return base;
	if (token === undefined || !("provider" in token)) throw new AuthError("not_found");
	const { issuer } = requireProvider(engine, token.provider).server;
	return addressOf(name, `${issuer.replace(/\/$/, "")}${base}`);
}

/** What the browser would run, or apply to a page, as this site's own. */
const runs = ["script", "style", "worker", "sharedworker", "serviceworker", "audioworklet", "paintworklet", "xslt"];

/**
 * An API may hold what strangers have put there, so nothing of it is a script of this site. Nor is a WebSocket passed on:
 * it outlives the session that began it.
 */
function isForData({ headers }: Request): boolean {
	const isWebSocket = headers.get("upgrade")?.toLowerCase().includes("websocket") === true;
	return !isWebSocket && !runs.includes(headers.get("sec-fetch-dest") ?? "");
}

async function bearerOf(
	engine: Engine,
	{ user }: ResolvedSession,
	{ token }: ResolvedUpstream,
	refuse: string | null,
): Promise<string | null> {
	if (token === undefined) return null;
	if ("audience" in token) return mintServiceToken(engine, user.id, token.audience);
	const found = await providerToken(engine, requireProvider(engine, token.provider), user.id, { refuse });
	if (!found.ok) throw new AuthError(found.code);
	return found.accessToken;
}

async function renewed(engine: Engine, current: ResolvedSession, response: Response): Promise<Response> {
	const granted = await renewIfDue(engine, current);
	if (granted !== null) response.headers.append("set-cookie", setCookieHeader(granted.cookie));
	return response;
}
