import { randomUUID } from "node:crypto";
import * as z from "zod/mini";
import type { Engine } from "../engine.ts";
import { AuthError } from "../errors.ts";
import { describeError, type Logger } from "../log.ts";
import { attemptCookieName } from "../second-step/pending-attempt.ts";
import { isRecent } from "../sessions/recent-proof.ts";
import { type ResolvedSession, resolveSession } from "../sessions/resolve-session.ts";
import { sessionCookieName } from "../sessions/session-cookie.ts";
import { isSameOrigin } from "./cross-origin.ts";
import { fieldErrors } from "./field-errors.ts";
import { readFormBody, readJsonBody } from "./read-body.ts";
import { errorAnswer, toResponse } from "./responses.ts";
import type { Answer, HttpMethod, Route } from "./route.ts";
import type { Match } from "./router.ts";
import { readVisitor, type Visitor } from "./visitor.ts";

/** What finds routes by path, loaded or yet to be. */
interface Paths {
	match(path: string): Match | null | Promise<Match | null>;
}

/** Answers one HTTP request. Never rejects: whatever goes wrong becomes an answer, and denies. */
export async function handleRequest(engine: Engine, router: Paths, request: Request): Promise<Response> {
	if (request.method !== "HEAD") return answer(engine, router, request, request.method);
	const response = await answer(engine, router, request, "GET");
	return new Response(null, response);
}

/** `method` is the one whose route answers: GET for a HEAD. */
async function answer(engine: Engine, router: Paths, request: Request, method: string): Promise<Response> {
	try {
		return toResponse(await dispatch(engine, router, request, method));
	} catch (error) {
		return errorResponse(engine.log, error);
	}
}

async function dispatch(engine: Engine, router: Paths, request: Request, method: string): Promise<Answer> {
	const match = await matchPath(engine, router, request);
	if (method === "OPTIONS") return { status: 204, body: undefined, headers: { allow: match.allow } };
	const route = match.routes.get(method as HttpMethod);
	if (route === undefined) return errorAnswer(new AuthError("method_not_allowed"), { allow: match.allow });
	const visitor = readVisitor(request, engine.settings);
	// Nobody is there to get the answer: a link previewer, or a browser that looks ahead.
	const isAhead = request.method === "HEAD" || visitor.kind === "prefetch";
	if (route.consumes === true && isAhead) return { status: 204, body: undefined };
	if (route.method !== "GET" && route.fromAnywhere !== true) requireSameOrigin(engine, request);
	const current = await requireAccess(engine, visitor, route);
	const query = parse(route.query, Object.fromEntries(new URL(request.url).searchParams));
	const body = route.body === undefined ? undefined : parse(route.body, await readBody(request, route));
	return route.run({ engine, visitor, current, query, body, params: match.params });
}

async function matchPath(engine: Engine, router: Paths, request: Request): Promise<Match> {
	const { pathname } = new URL(request.url);
	const { basePath } = engine.options;
	const below = pathname === basePath || pathname.startsWith(`${basePath}/`);
	const match = below ? await router.match(pathname.slice(basePath.length)) : null;
	if (match === null) throw new AuthError("not_found");
	return match;
}

/** Refuses a mutating request that another site, or nobody knows who, made the browser send. */
export function requireSameOrigin(engine: Engine, { headers }: { headers: Headers }): void {
	const { origin } = engine.settings;
	const cookieNames = [sessionCookieName(engine.settings), attemptCookieName(engine.settings)];
	if (!isSameOrigin(headers, { origin, cookieNames })) {
		const given = headers.get("sec-fetch-site") === null ? "Origin" : "Sec-Fetch-Site";
		throw new AuthError("cross_origin", {
			detail: `${given} does not say that the request came from ${origin} (AUTH_URL)`,
		});
	}
}

async function requireAccess(engine: Engine, visitor: Visitor, route: Route): Promise<ResolvedSession | null> {
	if (route.access === "public") return null;
	const current = await resolveSession(engine, visitor, { activity: route.activity !== false });
	if (current === null) throw new AuthError("not_authenticated");
	if (route.access === "recent" && !isRecent(current)) throw new AuthError("reauthentication_required");
	return current;
}

async function readBody(request: Request, route: Route): Promise<unknown> {
	const isForm = route.media === "form" || (route.media === "either" && carriesForm(request));
	return isForm ? Object.fromEntries(await readFormBody(request)) : readJsonBody(request);
}

/** Whether a request brings what a plain HTML form sends. */
export function carriesForm({ headers }: { headers: Headers }): boolean {
	return headers.get("content-type")?.toLowerCase().startsWith("application/x-www-form-urlencoded") === true;
}

function parse(schema: z.core.$ZodType | undefined, value: unknown): unknown {
	if (schema === undefined) return undefined;
	const parsed = z.safeParse(schema, value);
	if (parsed.success) return parsed.data;
	throw new AuthError("invalid_input", { fields: fieldErrors(parsed.error, value) });
}

/** The answer to an error, logged with an id that the visitor can quote if it is ours to mend. */
export function errorResponse(log: Logger, error: unknown): Response {
	const known = error instanceof AuthError ? error : new AuthError("server_error", { cause: error });
	if (known.status < 500 && known.code !== "cross_origin") return toResponse(errorAnswer(known));
	const requestId = randomUUID();
	const level = known.status < 500 ? "warn" : "error";
	log({ level, event: known.code, requestId, ...describeError(error) });
	return toResponse(errorAnswer(known, { "x-request-id": requestId }));
}
