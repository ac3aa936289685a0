import { randomUUID } from "node:crypto";
import * as z from "zod";
import { seal, unseal } from "../crypto/sealing.ts";
import type { Engine } from "../engine.ts";
import { AuthError, type ErrorCode } from "../errors.ts";
import { carriesForm } from "../http/handle-request.ts";
import { refusal } from "../http/responses.ts";
import { type Answer, type Route, route } from "../http/route.ts";
import { pageSchema } from "../http/schemas.ts";
import type { Visitor } from "../http/visitor.ts";
import { describeError } from "../log.ts";
import type { SecondFactorRequired } from "../second-step/pending-attempt.ts";
import { type CookieToSet, deviceCookies } from "../sessions/session-cookie.ts";
import type { SignInResult } from "../sign-in/sign-in.ts";
import type { CallbackParameters } from "./exchange-code.ts";
import { finishOAuth, isLinked } from "./finish-oauth.ts";
import { leavingPage } from "./leaving-page.ts";
import type { OfferedProvider } from "./offered-provider.ts";
import { requireProvider } from "./providers.ts";
import { authorizationUrlOf, type StartedOAuth, startOAuth } from "./start-oauth.ts";
import { clearedTransaction, type Purpose, readTransaction } from "./transaction.ts";

const providers = route({
	method: "GET",
	path: "/providers",
	summary: "The outside providers that one can sign in with.",
	access: "public",
	responses: { 200: z.object({ providers: z.array(z.object({ id: z.string(), name: z.string() })) }) },
	async handle({ engine }) {
		const offered = engine.providers.offered.map(({ definition: { id, name } }) => ({ id, name }));
		return { status: 200, body: { providers: offered } };
	},
});

export const startedSchema = z.object({ message: z.string(), authorizationUrl: z.string() });

/** Which codes a start can be answered with, besides those of its route. */
export const startErrors = ["not_found", "too_many_attempts", "provider_unavailable", "provider_error"] as const;

const start = route({
	method: "POST",
	path: "/oauth/{provider}",
	summary: "Begin to sign in at a provider. A plain form is sent on to it (303); JSON is answered with where to go.",
	access: "public",
	media: "either",
	body: z.object({ next: z.string().max(4096).optional() }),
	responses: { 200: startedSchema, 303: z.undefined() },
	errors: startErrors,
	async handle({ engine, visitor, body, params }) {
		const { next } = body;
		return answerStart(engine, visitor, { provider: params.provider!, next }, () => {
			const provider = requireProvider(engine, params.provider!);
			const fallback = engine.options.pages.afterSignIn;
			return startOAuth(engine, visitor, provider, { next, fallback, purpose: { kind: "sign-in" } });
		});
	},
});

/**
 * Where a form's answer leads. A redirect to another site in the answer to a form is one that a page's own
 * `form-action 'self'` forbids, so the way leads over a page of ours that goes on by itself.
 */
const leave = route({
	method: "GET",
	path: "/oauth/{provider}/transactions/{id}",
	summary: "A page that sends the browser on to the provider. Changes nothing.",
	access: "public",
	responses: { 200: pageSchema, 303: z.undefined() },
	async handle({ engine, visitor, params }) {
		const provider = engine.providers.find(params.provider!);
		const begun = readTransaction(engine, visitor, params.id!);
		if (provider === null || begun === null || begun.transaction.provider !== provider.id) {
			return problem(engine, "sign_in_expired", { provider: params.provider! });
		}
		try {
			const page = leavingPage(await authorizationUrlOf(provider, begun), provider.definition.name);
			return { status: 200, body: undefined, ...page };
		} catch (error) {
			if (!(error instanceof AuthError)) throw error;
			const { next, purpose } = begun.transaction;
			return problem(engine, error.code, { provider: provider.id, next, error, kind: purpose.kind });
		}
	},
});

const parameter = z.string().max(8192).optional();
const callbackQuery = z.object({
	code: parameter,
	state: parameter,
	iss: parameter,
	error: parameter,
	error_description: parameter,
	/** Of VK, which wants it back at its token endpoint. */
	device_id: parameter,
	/** What came by `form_post`, sealed on its way through the browser. */
	answer: z.string().max(16_384).optional(),
});

const callback = route({
	method: "GET",
	path: "/oauth/{provider}/callback",
	summary: "Where a provider sends the browser back to. Answers with a redirect to where the person was.",
	access: "public",
	consumes: true,
	query: callbackQuery,
	responses: { 204: z.undefined(), 303: z.undefined() },
	async handle({ engine, visitor, query, params }) {
		const provider = engine.providers.find(params.provider!);
		if (provider === null) return problem(engine, "not_found", { provider: params.provider! });
		return answerCallback(engine, visitor, provider, parametersOf(engine, provider, query));
	},
});

const formBody = z.record(z.string().max(100), z.string().max(8192));

/** A cross-site POST brings no Lax cookie along, so what it says is sealed and carried to where the cookies are. */
const postedCallback = route({
	method: "POST",
	path: "/oauth/{provider}/callback",
	summary: "The same for providers that answer by form_post: sent on to the GET.",
	access: "public",
	media: "form",
	fromAnywhere: true,
	body: formBody,
	responses: { 303: z.undefined() },
	async handle({ engine, body, params }) {
		const provider = engine.providers.find(params.provider!);
		if (provider === null || provider.definition.responseMode !== "form_post") {
			return problem(engine, "not_found", { provider: params.provider! });
		}
		const answer = seal(engine.transactionKeys, answerContext(provider), JSON.stringify(body));
		const url = new URL(provider.callbackUrl);
		url.searchParams.set("answer", answer);
		return { status: 303, body: undefined, headers: { location: `${url.pathname}${url.search}` } };
	},
});

export const oauthRoutes: readonly Route[] = [providers, start, leave, callback, postedCallback];

/** The answer to what begins a way to a provider: to a form a redirect, also where it did not work. */
export async function answerStart(
	engine: Engine,
	visitor: Visitor,
	about: Omit<About, "error">,
	begin: () => Promise<StartedOAuth | { ok: false; code: ErrorCode; retryAfterSeconds?: number }>,
): Promise<Answer> {
	const isForm = carriesForm(visitor);
	try {
		const started = await begin();
		if (!started.ok) throw refusal(started);
		const { cookies, leavePath, authorizationUrl } = started;
		return isForm
			? { status: 303, body: undefined, headers: { location: leavePath }, cookies }
			: { status: 200, body: { message: "Go on at the provider", authorizationUrl }, cookies };
	} catch (error) {
		if (!isForm || !(error instanceof AuthError)) throw error;
		return problem(engine, error.code, { ...about, error });
	}
}

function parametersOf(
	engine: Engine,
	provider: OfferedProvider,
	{ answer, ...query }: z.output<typeof callbackQuery>,
): CallbackParameters {
	const isPosted = provider.definition.responseMode === "form_post";
	const opened = isPosted && answer ? unseal(engine.transactionKeys, answerContext(provider), answer) : null;
	const posted = opened === null ? {} : formBody.parse(JSON.parse(opened));
	const asked = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
	return opened === null ? Object.fromEntries(asked) : posted;
}

function answerContext(provider: OfferedProvider): string {
	return `oauth-answer/${provider.id}`;
}

async function answerCallback(
	engine: Engine,
	visitor: Visitor,
	provider: OfferedProvider,
	parameters: CallbackParameters,
): Promise<Answer> {
	const { result, transactionId, next, purpose, error } = await finishOAuth(engine, visitor, provider, parameters);
	const cookies = transactionId === null ? [] : [clearedTransaction(engine, transactionId)];
	if (isLinked(result)) return { ...goTo(withDone(next ?? engine.options.pages.connections)), cookies };
	if (result.ok === false && result.code === "sign_up_incomplete") {
		const { completeSignUp: page } = engine.options.pages;
		const location = next === null ? page : `${page}?next=${encodeURIComponent(next)}`;
		return { ...goTo(location), cookie: result.cookie, cookies };
	}
	if (result.ok || result.code === "second_factor_required") return answerSignIn(engine, result, next, cookies);
	const about = { provider: provider.id, next: next ?? undefined, kind: purpose?.kind };
	return { ...problem(engine, result.code, { ...about, ...(error && { error }) }), cookies };
}

/** The one place where a person who was proven at a provider gets an answer: in, or on to the second step. */
function answerSignIn(
	{ options }: Engine,
	result: Extract<SignInResult, { ok: true }> | SecondFactorRequired,
	next: string | null,
	cleared: readonly CookieToSet[],
): Answer {
	const { afterSignIn, secondStep } = options.pages;
	if (result.ok) {
		return { ...goTo(next ?? afterSignIn), cookie: result.cookie, cookies: [...deviceCookies(result), ...cleared] };
	}
	const page = next === null ? secondStep : `${secondStep}?next=${encodeURIComponent(next)}`;
	return { ...goTo(page), cookie: result.cookie, cookies: cleared };
}

function withDone(path: string): string {
	return `${path}${path.includes("?") ? "&" : "?"}done=connected`;
}

function goTo(location: string): Answer {
	// Address and code of the callback are nobody's business on the page that comes next.
	return { status: 303, body: undefined, headers: { location, "referrer-policy": "no-referrer" } };
}

interface About {
	provider: string;
	next?: string | undefined;
	error?: AuthError;
	/** What the way was for: each has its page. */
	kind?: Purpose["kind"] | undefined;
}

/** Sends somebody to the page that says what went wrong, with a reference that finds it in the log. */
function problem(engine: Engine, code: ErrorCode, { provider, next, error, kind = "sign-in" }: About): Answer {
	const reference = randomUUID().slice(0, 8);
	const { signInProblem, connections, reauthenticate } = engine.options.pages;
	const pages = { "sign-in": signInProblem, link: connections, reauthenticate };
	engine.log({
		level: code === "provider_error" || code === "provider_unavailable" ? "warn" : "info",
		event: "provider_sign_in_failed",
		code,
		provider,
		reference,
		...(error && describeError(error)),
	});
	const query = new URLSearchParams({ problem: code, provider, reference, ...(next && { next }) });
	return goTo(`${pages[kind]}?${query}`);
}
