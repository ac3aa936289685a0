import { createHash } from "node:crypto";
import type { Engine } from "../engine.ts";
import { AuthError, type Refusal } from "../errors.ts";
import { safeRedirect } from "../http/redirect.ts";
import { addressSubject, tooManyAttempts } from "../http/throttle.ts";
import type { Visitor } from "../http/visitor.ts";
import type { CookieToSet } from "../sessions/session-cookie.ts";
import type { OfferedProvider } from "./offered-provider.ts";
import { providerFailure } from "./provider-failure.ts";
import { keepTransaction, type NewTransaction, newTransaction, type Purpose, stateOf } from "./transaction.ts";

/** A way to a provider that has begun: where it goes on, and the cookies that it needs on the way back. */
export interface StartedOAuth {
	readonly ok: true;
	/** At the provider. */
	readonly authorizationUrl: string;
	/** On this site: sends on to the provider, for an answer to a form. */
	readonly leavePath: string;
	readonly cookies: readonly CookieToSet[];
}

interface Wish {
	/** Where to go afterwards; whatever is not on this site goes to `fallback`. */
	readonly next: unknown;
	readonly fallback: string;
	readonly purpose: Purpose;
}

/**
 * Begins the way to a provider: code flow with PKCE, and with state and nonce that belong to this browser and this one
 * transaction (RFC 9700, section 2.1).
 */
export async function startOAuth(
	engine: Engine,
	visitor: Visitor,
	provider: OfferedProvider,
	{ next, fallback, purpose }: Wish,
): Promise<StartedOAuth | Refusal> {
	const admission = await engine.throttle.admit([
		{ rule: "oauthStartAddress", subject: addressSubject(engine, visitor) },
	]);
	if (!admission.ok) return tooManyAttempts(admission);
	const { origin } = engine.settings;
	const begun = newTransaction(provider, safeRedirect(next, { origin, fallback }), purpose);
	const pushed = await pushRequest(provider, begun);
	const authorizationUrl = await authorizationUrlOf(provider, pushed);
	return {
		ok: true,
		authorizationUrl,
		leavePath: `${engine.options.basePath}/oauth/${provider.id}/transactions/${begun.id}`,
		cookies: await keepTransaction(engine, visitor, pushed),
	};
}

/** Where the provider takes over. The same for the same transaction, however often it is asked. */
export async function authorizationUrlOf(provider: OfferedProvider, begun: NewTransaction): Promise<string> {
	const { requestUri } = begun.transaction;
	const { authorization_endpoint: endpoint } = await provider.metadata();
	if (endpoint === undefined) throw new AuthError("provider_error", { detail: "no authorization endpoint" });
	const { clientId } = provider.client;
	const parameters =
		requestUri === undefined ? parametersOf(provider, begun) : { client_id: clientId, request_uri: requestUri };
	const url = new URL(endpoint);
	for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
	return url.href;
}

function parametersOf(provider: OfferedProvider, begun: NewTransaction): Record<string, string> {
	const { definition, client, callbackUrl, isOpenId, usesNonce } = provider;
	const { nonce, codeVerifier, purpose } = begun.transaction;
	return {
		...definition.parameters,
		// Who proves again who they are does so at the provider, and not by the session that they have there.
		...(purpose.kind === "reauthenticate" && isOpenId && { prompt: "login" }),
		[definition.clientIdParameter ?? "client_id"]: client.clientId,
		response_type: "code",
		redirect_uri: callbackUrl,
		...(definition.scopes.length > 0 && { scope: definition.scopes.join(definition.scopeSeparator ?? " ") }),
		state: stateOf(begun),
		...(usesNonce && { nonce }),
		...(definition.responseMode === "form_post" && { response_mode: "form_post" }),
		...(definition.pkce !== false && {
			code_challenge: createHash("sha256").update(codeVerifier).digest("base64url"),
			code_challenge_method: "S256",
		}),
	};
}

/** Hands the request over from server to server where the provider offers it (RFC 9126). */
async function pushRequest(provider: OfferedProvider, begun: NewTransaction): Promise<NewTransaction> {
	try {
		const config = await provider.configuration();
		if (config.serverMetadata().pushed_authorization_request_endpoint === undefined) return begun;
		const openid = await import("openid-client");
		const url = await openid.buildAuthorizationUrlWithPAR(config, parametersOf(provider, begun));
		const requestUri = url.searchParams.get("request_uri");
		if (requestUri === null || requestUri.length > 500) throw new TypeError("no usable request_uri");
		return { ...begun, transaction: { ...begun.transaction, requestUri } };
	} catch (error) {
		throw providerFailure(error);
	}
}
