import type * as z from "zod/mini";
import type { Engine } from "./engine.ts";
import { errorResponse, handleRequest } from "./http/handle-request.ts";
import { LazyRouter } from "./http/lazy-router.ts";
import type { Route } from "./http/route.ts";
import type { Logger } from "./log.ts";
import { closeEngine, openEngine } from "./open-engine.ts";
import { type AuthOptions, resolveOptions } from "./options.ts";
import { routeTable } from "./route-table.ts";
import { type TrustedCalls, trustedCalls } from "./trusted-calls.ts";
import { type CheckedDefaults, type OwnFields, type UserFields, withEditableFields } from "./users/own-fields.ts";

/** The engine: it answers requests and serves trusted code, and knows neither Next.js nor React. */
export interface Auth<Own = unknown> extends TrustedCalls<Own> {
	/** Answers any request below the base path. Never rejects. */
	handle(request: Request): Promise<Response>;
	/**
	 * Answers below `/.well-known`: `change-password`, `passkey-endpoints` and `webauthn`, by which password managers and
	 * browsers find the pages for passwords and passkeys, and the origins that share passkeys. 404 for anything else. Never
	 * rejects.
	 */
	wellKnown(request: Request): Promise<Response>;
	/**
	 * Opens everything now, so that what is missing is known at start.
	 * @throws {AuthError} `misconfigured`, with the cure, or `store_unavailable`
	 */
	open(): Promise<void>;
	/** Writes what is pending and closes the store. */
	close(): Promise<void>;
}

/** The engine with its parts in reach, for the edges. */
export interface AuthWithEngine extends Auth {
	/** Opened at the first call. */
	engine(): Promise<Engine>;
	readonly logger: Logger;
}

/**
 * Makes the engine. Inert: nothing but the shape of the options is checked until the first request, or {@link Auth.open}.
 * @throws {AuthError} `misconfigured`, with the cure
 */
export function createEngine(authOptions: AuthOptions): AuthWithEngine {
	const options = resolveOptions(authOptions);
	const { methods } = authOptions;
	const router = new LazyRouter(
		routeTable(methods, () => document()),
		(route) => withOwnFields(route, options.userFields),
	);
	const document: () => Promise<object> = once(async () => {
		const { openApiDocument } = await import("./http/openapi.ts");
		return openApiDocument(await router.routes(), options.basePath, options.userFields);
	});
	let opening: Promise<Engine> | null = null;

	function engine(): Promise<Engine> {
		opening ??= openEngine(options, methods).catch((error: unknown) => {
			opening = null;
			throw error;
		});
		return opening;
	}

	return {
		engine,
		logger: options.logger,
		async handle(request) {
			try {
				return await handleRequest(await engine(), router, request);
			} catch (error) {
				return errorResponse(options.logger, error);
			}
		},
		async wellKnown(request) {
			try {
				const { answerWellKnown } = await import("./http/well-known.ts");
				return answerWellKnown(await engine(), request);
			} catch (error) {
				return errorResponse(options.logger, error);
			}
		},
		...trustedCalls(engine, options.userFields),
		async open() {
			await engine();
		},
		async close() {
			if (opening === null) return;
			const opened = await opening;
			opening = null;
			await closeEngine(opened);
		},
	};
}

/** {@link createEngine}, as an application without Next.js uses it. */
export function createAuth<const Fields extends UserFields = Record<never, never>>(
	options: AuthOptions<Fields> & { userFields?: CheckedDefaults<NoInfer<Fields>> },
): Auth<OwnFields<Fields>> {
	// The boundary: inside, nobody knows the types of the application's own fields.
	return createEngine(options as AuthOptions) as Auth<OwnFields<Fields>>;
}

/** A route whose body holds fields of the application's own, with those. */
function withOwnFields(route: Route, userFields: UserFields): Route {
	if (route.ownFields !== true) return route;
	return { ...route, body: withEditableFields(route.body as z.ZodMiniObject, userFields) };
}

function once<Value>(make: () => Value): () => Value {
	let made: { value: Value } | null = null;
	return () => {
		made ??= { value: make() };
		return made.value;
	};
}
