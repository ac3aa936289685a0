import type { Configuration, ServerMetadata } from "openid-client";
import { AuthError } from "../errors.ts";
import { type GuardedFetch, guardedFetch } from "../http/guarded-fetch.ts";
import type { Settings } from "../settings.ts";
import type { Client, OAuthServer, OpenIdServer, ProviderContext, ProviderDefinition } from "./provider.ts";
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
		const config = new openid.Configuration(server, clientId, {}, await this.#clientAuth(openid));
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

	async #clientAuth(openid: typeof import("openid-client")) {
		const { proof } = this.client;
		if (proof === null) return openid.None();
		if (proof.kind === "client_secret_basic") return openid.ClientSecretBasic(proof.secret());
		if (proof.kind === "client_secret_post") return openid.ClientSecretPost(proof.secret());
		const { signingKey } = await import("./signing-key.ts");
		return openid.PrivateKeyJwt({ key: signingKey(proof.privateKey), ...(proof.keyId && { kid: proof.keyId }) });
	}

	/** The token endpoint of a provider that speaks a dialect is heard in the standard's words. */
	async #fetchTokens(
		fetch: GuardedFetch,
		{ token_endpoint: tokenEndpoint }: ServerMetadata,
		url: string,
		{
			method,
			headers,
			body,
			signal,
		}: { method: string; headers: Record<string, string>; body: unknown; signal?: AbortSignal },
	): Promise<Response> {
		const { readTokenAnswer, clientIdParameter } = this.definition;
		const isToken = url === tokenEndpoint;
		if (isToken && clientIdParameter !== undefined && body instanceof URLSearchParams) {
			body.set(clientIdParameter, this.client.clientId);
		}
		const response = await fetch(url, { method, headers, body, ...(signal && { signal }) });
		if (!isToken || readTokenAnswer === undefined) return response;
		const answer = readTokenAnswer((await response.json()) as Record<string, unknown>);
		return Response.json(answer, { status: "error" in answer ? 400 : response.status });
	}
}

export function isOpenId(server: OpenIdServer | OAuthServer): server is OpenIdServer {
	return !("tokenEndpoint" in server);
}
