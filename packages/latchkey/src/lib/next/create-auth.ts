import { connection } from "next/server.js";
import { cache } from "react";
import type * as z from "zod";
import { type Auth, createEngine } from "../auth.ts";
import { lazyBffHandler } from "../bff/lazy-bff-handler.ts";
import type { BffOptions } from "../bff/upstream.ts";
import type { TrustedDevice } from "../devices/trusted-device.ts";
import type { AskedCode } from "../email-codes/code-cookie.ts";
import type { PendingEmail } from "../email-verification/change-email.ts";
import type { EventPage, EventQuery } from "../events/event-log.ts";
import type { Factors } from "../factors/manage-factors.ts";
import type { KeptMail } from "../mail/mailbox.ts";
import type { MailLink } from "../mail/open-mail-link.ts";
import type { Connections } from "../oauth/connections.ts";
import type { PendingSignUp } from "../oauth/held-sign-up.ts";
import type { ProviderTokenResult } from "../oauth/token-vault.ts";
import type { AuthOptions } from "../options.ts";
import type { PasskeyList } from "../passkeys/manage-passkeys.ts";
import type { PendingAttempt } from "../second-step/pending-attempt.ts";
import type { DevicePage } from "../sessions/devices.ts";
import { type Session, toSession } from "../sessions/session.ts";
import type { TotpEnrolment } from "../totp/totp.ts";
import type { CheckedDefaults, OwnFields, UserFields } from "../users/own-fields.ts";
import { accountPages } from "./account-pages.ts";
import { type ActionContext, type ActionOptions, type GuardedAction, guardAction } from "./action.ts";
import { type CurrentRequest, currentRequest } from "./current-session.ts";
import { type FormActions, formActions } from "./form-actions.ts";
import { type FormState, readFormState } from "./form-state.ts";
import type { Demands } from "./guard.ts";
import {
	type GuardedRouteHandler,
	type GuardedRouteOptions,
	guardRoute,
	type RouteHandlerContext,
} from "./guarded-route.ts";
import { mailPages } from "./mail-pages.ts";
import { protectRequest } from "./protect-request.ts";
import { type AuthProxy, guardProxy, type ProxyOptions } from "./proxy.ts";
import { type OfferedAtSignIn, signInPages } from "./sign-in-pages.ts";
import { startServer } from "./start-server.ts";

type RouteHandler = (request: Request) => Promise<Response>;

/** What a route file exports: every method, because Next.js answers the missing ones without saying what is allowed. */
export type RouteHandlers = Readonly<
	Record<"GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS", RouteHandler>
>;

export interface NextAuth<Own = unknown> extends Auth<Own> {
	/**
	 * Who is signed in, or `null`: in pages, layouts, server actions and route handlers. Never writes; asks the store
	 * once in a page however many components ask.
	 * @throws {AuthError} `store_unavailable`; never `null` for that
	 */
	(): Promise<Session<Own> | null>;
	/**
	 * Who is signed in, in a page or a server action; anybody else goes to the sign-in page and from there back. With
	 * `maxAgeSeconds` a proof that is older sends them to give a new one.
	 * @throws what Next.js redirects with: do not catch it
	 */
	protect(demands?: Demands): Promise<Session<Own>>;
	/** A server action that runs for nobody but a signed-in visitor, with input that has passed its schema. */
	action<Input extends z.ZodType, Data>(
		options: ActionOptions<Input>,
		body: (context: ActionContext<z.output<Input>, Own>) => Promise<Data>,
	): GuardedAction<z.input<Input>, Data>;
	/** A route handler that runs for nobody but a signed-in visitor: 401 and 403 as JSON. */
	route<Input extends z.ZodType = z.ZodUndefined, Params extends z.ZodType = z.ZodUndefined>(
		options: GuardedRouteOptions<Input, Params>,
		handler: (context: RouteHandlerContext<z.output<Input>, z.output<Params>, Own>) => Promise<Response> | Response,
	): GuardedRouteHandler;
	/** For `proxy.ts`: turns away early who would be turned away inside, and renews tokens on the way. */
	proxy(options: ProxyOptions): AuthProxy;
	/** For `app/api/auth/route.ts` and `app/api/auth/[...path]/route.ts`. */
	readonly handlers: RouteHandlers;
	/** For pages: the devices on which the signed-in user is signed in. Sends anybody else to sign in. */
	devices(page?: { before?: string }): Promise<DevicePage>;
	/** For pages: where the signed-in user is not asked for a second step. Sends anybody else to sign in. */
	trustedDevices(): Promise<readonly TrustedDevice[]>;
	/**
	 * For pages: the signed-in user's own security events, newest first, or those of some types. Sends anybody else to
	 * sign in.
	 */
	events(query?: EventQuery): Promise<EventPage>;
	/**
	 * For `app/api/bff/[...path]/route.ts`: calls the listed APIs for a page of this site, with the user's token at a
	 * provider or a short one of ours. The browser never holds either.
	 */
	bff(options: BffOptions): Omit<RouteHandlers, "OPTIONS">;
	/** For pages: the providers that one can sign in with, in the order of the configuration. */
	providers(): Promise<readonly OfferedAtSignIn[]>;
	/** For pages: what the signed-in user has connected, and could. Sends anybody else to sign in. */
	connections(): Promise<Connections>;
	/**
	 * An access token of the signed-in user at a provider, refreshed if need be, for calling its API from the server. Never
	 * hand it to the browser. `reconnect_required` when the person must go there again.
	 * @throws {AuthError} `provider_unavailable`, `provider_error`, `store_unavailable`
	 */
	providerToken(provider: string): Promise<ProviderTokenResult>;
	/** For `pages.completeSignUp`: who came from a provider in this browser and has no account yet, or `null`. */
	pendingSignUp(): Promise<PendingSignUp | null>;
	/** For the page of the second step: the sign-in that waits for it, or `null`. */
	pendingSignIn(): Promise<PendingAttempt | null>;
	/** For pages: what the signed-in user has to prove who they are, passkeys one by one. Sends anybody else to sign in. */
	factors(): Promise<Factors & PasskeyList>;
	/**
	 * For pages that set up an authenticator app: a secret for the signed-in user, or for whoever must set one up on the
	 * way in. After a wrong code, as `state` says, the same one again. `null` for anybody else.
	 */
	totpEnrolment(state: FormState): Promise<TotpEnrolment | null>;
	/** For pages: the link of a message that the browser came by, if it did. Using it is left to a form. */
	mailLink(): Promise<MailLink | null>;
	/** For pages: the mailed code that this browser waits for, if it asked for one. */
	askedCode(): Promise<Pick<AskedCode, "purpose" | "email"> | null>;
	/** For pages: the address that waits to be proven. Sends whoever is not signed in to sign in. */
	pendingEmail(): Promise<PendingEmail | null>;
	/** For pages: when the account will be deleted. Sends whoever is not signed in to sign in. */
	pendingDeletion(): Promise<string | null>;
	/** For the mailbox of local development: its messages, newest first. `null` anywhere else, and where mail is sent. */
	mailbox(): Promise<readonly KeptMail[] | null>;
	/** Whether there is such a mailbox, for `proxy.ts`: a page that has begun to be sent can say 404 no more. */
	hasMailbox(): Promise<boolean>;
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
export function createAuth<const Fields extends UserFields = Record<never, never>>(
	options: AuthOptions<Fields> & { userFields?: CheckedDefaults<NoInfer<Fields>> },
): NextAuth<OwnFields<Fields>> {
	// The boundary: inside, nobody knows the types of the application's own fields.
	return assemble(options as AuthOptions) as NextAuth<OwnFields<Fields>>;
}

function assemble(options: AuthOptions): NextAuth {
	const { engine, logger, ...auth } = createEngine(options);
	// Once for a page and everything in it; in an action and the page rendered after it, each asks for itself.
	const request = cache(() => currentRequest(engine));
	return Object.assign(() => session(request), auth, {
		protect: async (demands: Demands = {}) => {
			const { engine: opened, current } = await protectRequest(request, demands);
			return toSession(opened, current);
		},
		bff: (options: BffOptions) => {
			const { OPTIONS: _, ...handlers } = handlersOf(lazyBffHandler({ engine, logger }, options));
			return handlers;
		},
		providerToken: async (provider: string) => {
			const { engine: opened, current } = await request();
			const { tokenOfSession } = await import("../oauth/token-vault.ts");
			return tokenOfSession(opened, current, provider);
		},
		...signInPages(engine, request),
		...accountPages(request),
		...mailPages(engine, request),
		action: <Input extends z.ZodType, Data>(
			options: ActionOptions<Input>,
			body: (context: ActionContext<z.output<Input>>) => Promise<Data>,
		) => guardAction(request, options, body),
		route: <Input extends z.ZodType, Params extends z.ZodType>(
			options: GuardedRouteOptions<Input, Params>,
			handler: (context: RouteHandlerContext<z.output<Input>, z.output<Params>>) => Promise<Response> | Response,
		) => guardRoute({ engine, logger }, options, handler),
		proxy: (options: ProxyOptions) => guardProxy({ engine, logger }, options),
		handlers: handlersOf(auth.handle),
		wellKnown: handlersOf(auth.wellKnown).GET,
		actions: formActions(auth, engine, request),
		formState: async () => {
			await connection();
			return readFormState((await engine()).settings);
		},
		start: () => startServer(engine),
	});
}

async function session(request: () => Promise<CurrentRequest>): Promise<Session | null> {
	const { engine, current } = await request();
	return current === null ? null : toSession(engine, current);
}

function handlersOf(answer: RouteHandler): RouteHandlers {
	const handle: RouteHandler = async (request) => {
		// A build tries every GET handler, without secret or database; from here on there is a request.
		await connection();
		return answer(request);
	};
	return { GET: handle, HEAD: handle, POST: handle, PUT: handle, PATCH: handle, DELETE: handle, OPTIONS: handle };
}
