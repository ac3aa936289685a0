import { connection } from "next/server.js";
import { cache } from "react";
import { type Auth, createEngine } from "../auth.ts";
import type { AuthOptions } from "../options.ts";
import type { Session } from "../sessions/session.ts";
import { currentSession } from "./current-session.ts";
import { type FormActions, formActions } from "./form-actions.ts";
import { type FormState, readFormState } from "./form-state.ts";
import { startServer } from "./start-server.ts";

type RouteHandler = (request: Request) => Promise<Response>;

/** What a route file exports: every method, because Next.js answers the missing ones without saying what is allowed. */
export type RouteHandlers = Readonly<
	Record<"GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS", RouteHandler>
>;

export interface NextAuth extends Auth {
	/**
	 * Who is signed in, or `null`: in pages, layouts, server actions and route handlers. Never writes; asks the store
	 * once in a page however many components ask.
	 * @throws {AuthError} `store_unavailable`; never `null` for that
	 */
	(): Promise<Session | null>;
	/** For `app/api/auth/route.ts` and `app/api/auth/[...path]/route.ts`. */
	readonly handlers: RouteHandlers;
	/** Form actions, to be exported by name from a file of yours that says `"use server"`. */
	readonly actions: FormActions;
	/**
	 * In a page: what the form that it shows was answered with, so that it says so without JavaScript too. Give it to
	 * `useActionState` as the initial state.
	 */
	formState(): Promise<FormState>;
	/** For `instrumentation.ts`. Ends the process with one clear line if it cannot serve. */
	start(): Promise<void>;
}

/**
 * The whole of authentication in a Next.js application, from one configuration. Inert until the first request.
 * @throws {AuthError} `misconfigured`, with the cure
 */
export function createAuth(options: AuthOptions): NextAuth {
	const { engine, ...auth } = createEngine(options);
	const session = cache(() => currentSession(engine));
	return Object.assign(() => session(), auth, {
		handlers: handlersOf(auth.handle),
		actions: formActions(auth, engine),
		formState: async () => {
			await connection();
			return readFormState((await engine()).settings);
		},
		start: () => startServer(engine),
	});
}

function handlersOf(handle: RouteHandler): RouteHandlers {
	return { GET: handle, HEAD: handle, POST: handle, PUT: handle, PATCH: handle, DELETE: handle, OPTIONS: handle };
}
