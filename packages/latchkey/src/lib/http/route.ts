import type * as z from "zod/mini";
import type { Engine } from "../engine.ts";
import type { ErrorCode } from "../errors.ts";
import type { ResolvedSession } from "../sessions/resolve-session.ts";
import type { CookieToSet } from "../sessions/session-cookie.ts";
import type { Visitor } from "./visitor.ts";

export type HttpMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/**
 * Who may call an endpoint. Private unless it says that it is public:
 * - `signed-in`: a live session.
 * - `recent`: a live session whose person proved themselves within the last ten minutes.
 * - `public`: everybody.
 */
export type Access = "public" | "signed-in" | "recent";

/** What the handler of a route gets. `body` and `query` have passed the route's schemas. */
export interface RouteContext<Body, Query, A extends Access> {
	readonly engine: Engine;
	readonly visitor: Visitor;
	readonly body: Body;
	readonly query: Query;
	/** The values of the path's `{names}`. */
	readonly params: Readonly<Record<string, string>>;
	readonly current: A extends "public" ? null : ResolvedSession;
}

export interface Answer {
	readonly status: number;
	readonly body: unknown;
	readonly cookie?: CookieToSet;
	/** More cookies, besides `cookie`. */
	readonly cookies?: readonly CookieToSet[];
	/** A page, in the place of `body`. */
	readonly html?: string;
	readonly headers?: Readonly<Record<string, string>>;
}

export interface RouteDefinition<Body extends z.core.$ZodType, Query extends z.core.$ZodType, A extends Access> {
	method: HttpMethod;
	/** Below the base path, such as `/sessions/{id}`; `""` is the session resource itself. */
	path: string;
	summary: string;
	access: A;
	/** `"form"` for the few that a plain HTML form posts to, `"either"` for those that take JSON too. Default `"json"`. */
	media?: "json" | "form" | "either";
	/** For the few that another site's page or server sends to, which prove themselves in some other way. */
	fromAnywhere?: boolean;
	body?: Body;
	/** Whether the body also holds the fields of the application's own that people set themselves. */
	ownFields?: boolean;
	/** What the documentation says of the body where the handler's own reading is narrower than `body`. */
	documentedBody?: z.core.$ZodType;
	query?: Query;
	/** The schemas of the successful answers, by status. */
	responses: Readonly<Record<number, z.core.$ZodType>>;
	/** The codes that it can answer with, besides those that every endpoint can. */
	errors?: readonly ErrorCode[];
	/** A GET that uses something up. Whoever asks ahead, or by HEAD only, is answered 204 and uses nothing. */
	consumes?: true;
	/** False where asking is not using, so that it keeps no session alive. Default true. */
	activity?: boolean;
	handle(context: RouteContext<z.output<Body>, z.output<Query>, A>): Promise<Answer>;
}

/** A route of the table from which both the router and the OpenAPI document are made. */
export interface Route extends Omit<RouteDefinition<z.core.$ZodType, z.core.$ZodType, Access>, "handle"> {
	run(context: RouteContext<unknown, unknown, Access>): Promise<Answer>;
}

/** The endpoints of one feature, whose code is loaded when the first request for one of them comes. */
export interface RouteGroup {
	/** The first segments of their paths, such as `sessions` for `/sessions/{id}`; groups may share one. */
	readonly under: readonly string[];
	load(): Promise<readonly Route[]>;
}

/** Declares an endpoint. Its schemas are what it parses with and what the documentation says. */
export function route<
	A extends Access,
	Body extends z.core.$ZodType = z.core.$ZodUndefined,
	Query extends z.core.$ZodType = z.core.$ZodUndefined,
>(definition: RouteDefinition<Body, Query, A>): Route {
	const { handle, ...rest } = definition;
	return Object.freeze({
		...rest,
		// The one place where the types of a route are forgotten: the router parses with these very schemas before it runs.
		run: (context: RouteContext<unknown, unknown, Access>) =>
			handle(context as RouteContext<z.output<Body>, z.output<Query>, A>),
	});
}
