import { connection } from "next/server.js";
import type * as z from "zod";
import type { AuthWithEngine } from "../auth.ts";
import type { Engine } from "../engine.ts";
import { AuthError } from "../errors.ts";
import { fieldErrors } from "../http/field-errors.ts";
import { errorResponse, requireSameOrigin } from "../http/handle-request.ts";
import { readJsonBody } from "../http/read-body.ts";
import { setCookieHeader } from "../http/responses.ts";
import { readVisitor } from "../http/visitor.ts";
import { renewIfDue } from "../sessions/renew-session.ts";
import { resolveSession } from "../sessions/resolve-session.ts";
import { type Session, toSession } from "../sessions/session.ts";
import type { CurrentRequest } from "./current-session.ts";
import { type Demands, judge, pageThatHelps, type Verdict } from "./guard.ts";
import { keepFromSharedCaches, noStore } from "./shared-caches.ts";

export interface GuardedRouteOptions<Input extends z.ZodType, Params extends z.ZodType> extends Demands {
	/** The values of the path's `[names]`; what does not fit is answered 404. Default: they are not read. */
	params?: Params;
	/** What the route takes: the JSON body, or with GET the query. Default: nothing is read. */
	input?: Input;
}

/** What the body of a route gets. */
export interface RouteHandlerContext<Input, Params, Own = unknown> extends Session<Own> {
	readonly session: Session<Own>;
	readonly request: Request;
	readonly params: Params;
	readonly input: Input;
}

/** A route handler as Next.js wants it. */
export type GuardedRouteHandler = (request: Request, context: { params: Promise<unknown> }) => Promise<Response>;

/**
 * Wraps a route handler so that it runs for nobody but a signed-in visitor, and changes nothing for another site. Who is
 * not signed in gets 401 as JSON, or the sign-in page when a browser opens the route as a document.
 */
export function guardRoute<Input extends z.ZodType, Params extends z.ZodType>(
	{ engine, logger }: Pick<AuthWithEngine, "engine" | "logger">,
	{ input: inputSchema, params: paramsSchema, ...demands }: GuardedRouteOptions<Input, Params>,
	handler: (context: RouteHandlerContext<z.output<Input>, z.output<Params>>) => Promise<Response> | Response,
): GuardedRouteHandler {
	return async (request, context) => {
		// A build tries every GET handler, without secret or database; from here on there is a request.
		await connection();
		try {
			const asked = await readRequest(await engine(), request);
			// A link to a route is fetched ahead of any click: nobody has asked for it yet.
			if (asked.visitor.kind === "prefetch" && isRead(request)) return nothingYet();
			const verdict = judge(asked, demands);
			if (!verdict.ok) return turnAway(asked, verdict.code);
			const params = paramsSchema === undefined ? undefined : await readParams(paramsSchema, context.params);
			const input = inputSchema === undefined ? undefined : await readInput(inputSchema, request);
			const session = toSession(asked.engine, verdict.current);
			// Each has passed its schema, or is `undefined` where the type says so.
			const read = { params: params as z.output<Params>, input: input as z.output<Input> };
			return await renewed(asked, await handler({ ...session, session, request, ...read }));
		} catch (error) {
			// What Next.js throws to redirect, and what the handler throws by mistake, goes on.
			if (error instanceof AuthError) return errorResponse(logger, error);
			throw error;
		}
	};
}

async function readRequest(engine: Engine, request: Request): Promise<CurrentRequest> {
	if (!isRead(request)) requireSameOrigin(engine, request);
	const visitor = readVisitor(request, engine.settings);
	return { engine, visitor, current: await resolveSession(engine, visitor) };
}

function turnAway(asked: CurrentRequest, code: Extract<Verdict, { ok: false }>["code"]): Response {
	if (asked.visitor.kind !== "document") return errorResponse(asked.engine.log, new AuthError(code));
	const headers = { location: pageThatHelps(asked, code), "cache-control": "no-store" };
	return new Response(null, { status: 303, headers });
}

async function readParams(schema: z.ZodType, params: Promise<unknown>): Promise<unknown> {
	const parsed = schema.safeParse(await params);
	if (!parsed.success) throw new AuthError("not_found");
	return parsed.data;
}

async function readInput(schema: z.ZodType, request: Request): Promise<unknown> {
	const raw = isRead(request) ? Object.fromEntries(new URL(request.url).searchParams) : await readJsonBody(request);
	const parsed = schema.safeParse(raw);
	if (!parsed.success) throw new AuthError("invalid_input", { fields: fieldErrors(parsed.error, raw) });
	return parsed.data;
}

/**
 * No shared cache keeps what was answered to one person, whatever the handler says, and none at all keeps a cookie. A
 * token that asks to be renewed is, unless the handler set another.
 */
async function renewed({ engine, current }: CurrentRequest, response: Response): Promise<Response> {
	const headers = new Headers(response.headers);
	keepFromSharedCaches(headers);
	const granted = current === null ? null : await renewIfDue(engine, current);
	if (granted !== null && !headers.getSetCookie().some((cookie) => cookie.startsWith(`${granted.cookie.name}=`))) {
		headers.append("set-cookie", setCookieHeader(granted.cookie));
		headers.set("cache-control", noStore);
	}
	return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

function isRead({ method }: Request): boolean {
	return method === "GET" || method === "HEAD";
}

function nothingYet(): Response {
	return new Response(null, { status: 204, headers: { "cache-control": noStore } });
}
