import type { Configuration, TokenEndpointResponse } from "openid-client";
import { AuthError } from "../errors.ts";
import type { FetchInit, GuardedFetch } from "../http/guarded-fetch.ts";
import { isOpenId, type OfferedProvider } from "./offered-provider.ts";
import { members, type OAuthServer, type Profile, type ProviderAnswer } from "./provider.ts";
import { providerFailure } from "./provider-failure.ts";
import { type NewTransaction, stateOf } from "./transaction.ts";

/** What a provider sends the browser back with. */
export type CallbackParameters = Readonly<Record<string, string>>;

/** Somebody whom a provider has proven, and what it gave along. */
export interface ProvenAtProvider {
	readonly issuer: string;
	readonly profile: Profile;
	readonly tokens: ProviderTokens;
	/** The provider's name for its own session (`sid`). */
	readonly providerSession: string | null;
	/** When the person last proved themselves there, in seconds, if the provider says so. */
	readonly authTime: number | null;
}

/** The tokens of one person at one provider, as they are sealed. */
export interface ProviderTokens {
	readonly accessToken: string;
	readonly refreshToken: string | null;
	readonly idToken: string | null;
	readonly scope: string | null;
	/** When they came of a refresh, on the store's clock; `null` when the person brought them. */
	readonly refreshedAt: number | null;
}

/**
 * Redeems an authorization code and asks who it is. Everything that the provider says is checked against the transaction
 * and the provider's own metadata (OpenID Connect Core, section 3.1.3.7; RFC 9207).
 * @throws {AuthError} `sign_in_cancelled`, `provider_unavailable`, `provider_error`
 */
export async function exchangeCode(
	provider: OfferedProvider,
	begun: NewTransaction,
	parameters: CallbackParameters,
): Promise<ProvenAtProvider & { readonly expiresInMs: number | null }> {
	try {
		const { config, tokens } = await redeem(provider, begun, parameters);
		const claims = members(tokens.claims());
		const { userInfo, answer } = await askWho(provider, config, tokens, parameters);
		const profile = await provider.definition.readProfile({ ...answer, claims, userInfo });
		if (isOpenId(provider.server) && profile.subject !== claims.sub) throw new TypeError("another subject");
		return {
			issuer: isOpenId(provider.server) ? String(claims.iss) : provider.server.issuer,
			profile,
			tokens: tokensOf(tokens),
			providerSession: typeof claims.sid === "string" ? claims.sid : null,
			authTime: typeof claims.auth_time === "number" ? claims.auth_time : null,
			expiresInMs: expiryOf(tokens),
		};
	} catch (error) {
		throw providerFailure(error);
	}
}

export function tokensOf(
	answer: TokenEndpointResponse,
	before?: ProviderTokens,
	refreshedAt: number | null = null,
): ProviderTokens {
	return {
		accessToken: answer.access_token,
		// A provider that does not rotate sends a refresh token once.
		refreshToken: answer.refresh_token ?? before?.refreshToken ?? null,
		idToken: answer.id_token ?? before?.idToken ?? null,
		scope: answer.scope ?? before?.scope ?? null,
		refreshedAt,
	};
}

export function expiryOf({ expires_in: seconds }: TokenEndpointResponse): number | null {
	return seconds === undefined || !Number.isFinite(seconds) || seconds < 0 ? null : Math.floor(seconds * 1000);
}

async function redeem(provider: OfferedProvider, begun: NewTransaction, parameters: CallbackParameters) {
	const openid = await import("openid-client");
	const { codeVerifier, nonce } = begun.transaction;
	const url = new URL(provider.callbackUrl);
	for (const name of ["code", "state", "iss", "error", "error_description"]) {
		if (parameters[name] !== undefined) url.searchParams.set(name, parameters[name]);
	}
	const { pkce, codeParameters = [] } = provider.definition;
	const checks = {
		...(pkce !== false && { pkceCodeVerifier: codeVerifier }),
		expectedState: stateOf(begun),
		...(provider.isOpenId && { idTokenExpected: true }),
		...(provider.usesNonce && { expectedNonce: nonce }),
	};
	const again = codeParameters.map((name) => [name, parameters[name] ?? ""]);
	const grant = (config: Configuration) =>
		openid.authorizationCodeGrant(config, url, checks, Object.fromEntries(again) as Record<string, string>);
	const { issuer, fetch } = await issuerOfAnswer(provider, grant);
	const config = await provider.configuration({ ...(issuer && { issuer }), fetch });
	return { config, tokens: await grant(config) };
}

/**
 * For a provider whose issuer is another for each tenant: redeems the code, looks which tenant the answer names and
 * whether it may, and lets the same answer be checked against that one issuer. For every other: nothing.
 */
async function issuerOfAnswer(
	provider: OfferedProvider,
	redeemBy: (config: Awaited<ReturnType<OfferedProvider["configuration"]>>) => Promise<unknown>,
): Promise<{ issuer?: string; fetch: GuardedFetch }> {
	const { server } = provider;
	if (!isOpenId(server) || server.acceptsIssuer === undefined) return { fetch: provider.fetch };
	const { token_endpoint: tokenEndpoint } = await provider.metadata();
	let answered: { body: string; status: number } | undefined;
	const peek: GuardedFetch = async (url, init) => {
		const response = await provider.fetch(url, init);
		if (url === tokenEndpoint) answered = { body: await response.text(), status: response.status };
		throw new Peeked();
	};
	await redeemBy(await provider.configuration({ fetch: peek })).catch((error: unknown) => {
		if (answered === undefined) throw error;
	});
	const { body, status } = answered!;
	const issuer = status === 200 ? server.acceptsIssuer(unverifiedClaims(body)) : undefined;
	if (issuer === null)
		throw new AuthError("provider_error", { detail: `${provider.id}: a tenant that is not accepted` });
	const replay: GuardedFetch = async (url, init?: FetchInit) =>
		url === tokenEndpoint
			? new Response(body, { status, headers: { "content-type": "application/json" } })
			: provider.fetch(url, init);
	return { ...(issuer && { issuer }), fetch: replay };
}

class Peeked extends Error {}

/** Only to know against which issuer to check them. */
function unverifiedClaims(body: string): Readonly<Record<string, unknown>> {
	const { id_token: token } = members(JSON.parse(body));
	const payload = typeof token === "string" ? token.split(".")[1] : undefined;
	return payload === undefined ? {} : members(JSON.parse(Buffer.from(payload, "base64url").toString("utf8")));
}

async function askWho(
	provider: OfferedProvider,
	config: Awaited<ReturnType<OfferedProvider["configuration"]>>,
	tokens: TokenEndpointResponse & { claims(): { sub: string; email?: unknown } | undefined },
	parameters: CallbackParameters,
) {
	const ask = (url: string) => askJson(provider, url, tokens.access_token);
	const answer: Pick<ProviderAnswer, "ask" | "tokenExtras" | "extras"> = {
		ask,
		tokenExtras: members(tokens),
		extras: parameters,
	};
	const { server } = provider;
	if (!isOpenId(server)) {
		const { userInfoEndpoint: url, userInfoBy: by } = server;
		return {
			answer,
			userInfo: url === undefined ? {} : members(await askJson(provider, url, tokens.access_token, by)),
		};
	}
	const claims = tokens.claims();
	const isNeeded = server.userInfo === "always" || (server.userInfo !== "never" && claims?.email === undefined);
	if (!isNeeded || claims === undefined || config.serverMetadata().userinfo_endpoint === undefined) {
		return { answer, userInfo: {} };
	}
	const openid = await import("openid-client");
	// Compared with the subject of the ID token (OpenID Connect Core, section 5.3.2).
	const userInfo = members(await openid.fetchUserInfo(config, tokens.access_token, claims.sub));
	return { answer, userInfo };
}

async function askJson(
	{ fetch, definition, client }: OfferedProvider,
	url: string,
	accessToken: string,
	by: OAuthServer["userInfoBy"] = "get",
): Promise<unknown> {
	const { tokenScheme = "Bearer" } = definition;
	const headers = { accept: "application/json", ...definition.headers };
	const withToken = { ...headers, authorization: `${tokenScheme} ${accessToken}` };
	const form = {
		method: "POST",
		headers: { ...headers, "content-type": "application/x-www-form-urlencoded" },
		body: new URLSearchParams({ client_id: client.clientId, access_token: accessToken }),
	};
	const response = await fetch(
		url,
		by === "form" ? form : { method: by === "post" ? "POST" : "GET", headers: withToken },
	);
	return response.ok ? ((await response.json()) as unknown) : null;
}
