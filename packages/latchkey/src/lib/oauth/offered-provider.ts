import type { ClientAuth, Configuration, ServerMetadata } from "openid-client";
import { AuthError } from "../errors.ts";
import { type GuardedFetch, guardedFetch } from "../http/guarded-fetch.ts";
import type { Settings } from "../settings.ts";
import {
	type Client,
	members,
	type OAuthServer,
	type OpenIdServer,
	type ProviderContext,
	type ProviderDefinition,
} from "./provider.ts";
import { providerFailure } from "./provider-failure.ts";

/** How long a provider's metadata is believed. Its keys are read at every sign-in, so that rotating them is seen at once. */
const metadataMs = 60 * 60 * 1000;

/** A provider that has all that it needs, ready to be spoken to. */
export class OfferedProvider {
	readonly definition: ProviderDefinition;
	readonly server: OpenIdServer | OAuthServer;
	readonly client: Client;
	readonly callbackUrl: string;
	readonly fetch: GuardedFetch;
	readonly #context: ProviderContext;
	readonly #loopback: boolean;
	#metadata: { readonly promise: Promise<ServerMetadata>; readonly until: number } | null = null;

	constructor(definition: ProviderDefinition, client: Client, context: ProviderContext, settings: Settings) {
		this.definition = definition;
		this.client = client;
		this.server = definition.server(context);
		this.callbackUrl = context.callbackUrl;
		this.#context = context;
		this.#loopback = settings.loopback;
		this.fetch = guardedFetch({ loopback: settings.loopback, privateNetwork: definition.privateNetwork === true });
	}

	get id(): string {
		return this.definition.id;
	}

	/** Whether ID tokens are to be expected. */
	get isOpenId(): boolean {
		return isOpenId(this.server);
	}

	/** Whether its ID tokens say for which transaction they are. */
	get usesNonce(): boolean {
		return isOpenId(this.server) && this.server.nonce !== false;
	}

	/** A provider that this process runs itself is there once this is done. */
	async start(): Promise<void> {
		await this.definition.start?.(this.#context);
	}

	/** What openid-client works with, made anew for one sign-in: it holds no keys yet. `issuer` where that depends. */
	async configuration({
		issuer,
		fetch = this.fetch,
	}: {
		issuer?: string;
		fetch?: GuardedFetch;
	} = {}): Promise<Configuration> {
		const openid = await import("openid-client");
		await this.start();
		const metadata = await this.metadata();
		const server = issuer === undefined ? metadata : { ...metadata, issuer };
		const { clientId } = this.client;
		const config = new openid.Configuration(server, clientId, {}, await this.#clientAuth(openid, metadata));
		config[openid.customFetch] = (url, options) => this.#fetchTokens(fetch, metadata, url, options);
		config.timeout = 10;
		// Signatures are checked although the token came over TLS: a proxy in between is nobody's issuer.
		if (this.isOpenId) openid.enableNonRepudiationChecks(config);
		if (this.#loopback) openid.allowInsecureRequests(config);
		return config;
	}

	/** What the provider says of itself. @throws {AuthError} `provider_unavailable`, `provider_error` */
	metadata(): Promise<ServerMetadata> {
		if (this.#metadata !== null && performance.now() < this.#metadata.until) return this.#metadata.promise;
		const promise = this.#readMetadata();
		const reading = { promise, until: performance.now() + metadataMs };
		this.#metadata = reading;
		// What failed is asked for again at the next sign-in.
		promise.catch(() => {
			if (this.#metadata === reading) this.#metadata = null;
		});
		return promise;
	}

	async #readMetadata(): Promise<ServerMetadata> {
		const { server } = this;
		if (!isOpenId(server)) {
			const { issuer, authorizationEndpoint, tokenEndpoint } = server;
			return { issuer, authorization_endpoint: authorizationEndpoint, token_endpoint: tokenEndpoint };
		}
		const openid = await import("openid-client");
		const base = (server.discoverAt ?? server.issuer).replace(/\/$/, "");
		try {
			const found = await openid.discovery(
				new URL(`${base}/.well-known/openid-configuration`),
				this.client.clientId,
				{},
				openid.None(),
				{
					[openid.customFetch]: (url, { method, headers, signal }) =>
						this.fetch(url, { method, headers, ...(signal && { signal }) }),
					timeout: 10,
					...(this.#loopback && { execute: [openid.allowInsecureRequests] }),
				},
			);
			return this.#requireOwn(found.serverMetadata());
		} catch (error) {
			throw providerFailure(error);
		}
	}

	/** Letter by letter (OpenID Connect Discovery, section 4.3): an issuer with a slash more is another one. */
	#requireOwn(metadata: ServerMetadata): ServerMetadata {
		const { issuer, authorization_endpoint: authorization, token_endpoint: token } = metadata;
		if (issuer !== this.server.issuer) {
			throw new AuthError("provider_error", { detail: `${this.id}: the metadata is another issuer's` });
		}
		for (const endpoint of [authorization, token]) {
			const protocol = endpoint === undefined ? undefined : URL.parse(endpoint)?.protocol;
			if (protocol === "https:" || (protocol === "http:" && this.#loopback)) continue;
			throw new AuthError("provider_error", { detail: `${this.id}: the metadata lacks an endpoint over https` });
		}
		return metadata;
	}

	async #clientAuth(openid: typeof import("openid-client"), metadata: ServerMetadata) {
		const { proof } = this.client;
		if (proof === null) return openid.None();
		if (proof.kind === "private_key_jwt") {
			const { signingKey } = await import("./signing-key.ts");
			return openid.PrivateKeyJwt({ key: signingKey(proof.privateKey), ...(proof.keyId && { kid: proof.keyId }) });
		}
		// The standard's default, unless the provider says that it knows the other alone.
		const supported = metadata.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
		const isOnlyPost = supported.includes("client_secret_post") && !supported.includes("client_secret_basic");
		return proof.kind === "client_secret_post" || isOnlyPost
			? openid.ClientSecretPost(proof.secret())
			: clientSecretBasic(proof.secret());
	}

	/** The token endpoint of a provider that speaks a dialect is heard in the standard's words, and spoken to in its own. */
	async #fetchTokens(
		fetch: GuardedFetch,
		{ token_endpoint: tokenEndpoint }: ServerMetadata,
		url: string,
		{ method, headers, body, signal }: TokenRequest,
	): Promise<Response> {
		if (url !== tokenEndpoint || !(body instanceof URLSearchParams)) {
			return fetch(url, { method, headers, body, ...(signal && { signal }) });
		}
		const { readTokenAnswer = (answer) => answer } = this.definition;
		const response = await fetch(url, { ...this.#inDialect(headers, body), method, ...(signal && { signal }) });
		const isPlain = this.isOpenId && this.definition.readTokenAnswer === undefined;
		// In trouble it may answer anything.
		if (isPlain || response.status >= 500) return response;
		const given = members(await response.json());
		const answer = readTokenAnswer(this.isOpenId ? given : withoutIdToken(given));
		return Response.json(answer, { status: "error" in answer ? 400 : response.status });
	}

	#inDialect(headers: Record<string, string>, body: URLSearchParams) {
		const { clientIdParameter, tokenRequest, headers: own = {} } = this.definition;
		if (clientIdParameter !== undefined) body.set(clientIdParameter, this.client.clientId);
		const agent = own["user-agent"];
		const all = { ...headers, ...(agent !== undefined && { "user-agent": agent }) };
		if (tokenRequest !== "json") return { headers: all, body };
		return {
			headers: { ...all, "content-type": "application/json" },
			body: JSON.stringify(Object.fromEntries(body)),
		};
	}
}

/**
 * HTTP Basic as RFC 6749, section 2.3.1, has it: form-encoded, which leaves letters, digits, dashes, dots and underscores
 * alone. openid-client encodes dashes and underscores too, and servers that decode nothing then know no such client.
 */
function clientSecretBasic(secret: string): ClientAuth {
	const encoded = (text: string) => new URLSearchParams([["", text]]).toString().slice(1);
	return (_server, { client_id: id }, _body, headers) => {
		const pair = Buffer.from(`${encoded(id)}:${encoded(secret)}`).toString("base64");
		headers.set("authorization", `Basic ${pair}`);
	};
}

interface TokenRequest {
	method: string;
	headers: Record<string, string>;
	body: unknown;
	signal?: AbortSignal;
}

/** No ID token of a server that is no OpenID provider is believed, so none is kept; and what is `null` was not given. */
function withoutIdToken({ id_token: _, ...answer }: Readonly<Record<string, unknown>>): Record<string, unknown> {
	return Object.fromEntries(Object.entries(answer).filter(([, value]) => value !== null));
}

export function isOpenId(server: OpenIdServer | OAuthServer): server is OpenIdServer {
	return !("tokenEndpoint" in server);
}
