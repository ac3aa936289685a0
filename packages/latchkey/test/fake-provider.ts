import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { afterEach } from "vitest";
import { outsideProvider, type ProviderMethod } from "../src/lib/oauth/provider.ts";

type Json = Record<string, unknown>;

/** Somebody who has an account at a fake provider. */
export interface FakePerson {
	sub: string;
	[claim: string]: unknown;
}

export const adaThere: FakePerson = {
	sub: "ada-1",
	name: "Ada Lovelace",
	email: "ada@example.com",
	email_verified: true,
};

/** What a test makes the provider do wrong. Each gets what would have been right, and answers what is sent. */
export interface Mischief {
	metadata?: (metadata: Json) => Json;
	idToken?: (token: { header: Json; claims: Json }) => { header: Json; claims: Json } | string;
	jwks?: (keys: JWK[]) => JWK[];
	userInfo?: (claims: Json) => Json;
	callback?: (parameters: Record<string, string>) => Record<string, string>;
	token?: (answer: Json) => Json | { status: number; body: Json };
	/** Runs before the token endpoint answers. */
	beforeToken?: () => Promise<void>;
}

/** What came to an address of a fake provider. */
export interface FakeRequest {
	method: string;
	authorization: string;
	userAgent: string;
	body: URLSearchParams;
	/** The body as it was sent. */
	text: string;
}

interface Grant {
	person: FakePerson;
	nonce: string | null;
	challenge: string | null;
	redirectUri: string;
	sid: string;
}

const started: FakeProvider[] = [];

afterEach(async () => {
	for (const provider of started.splice(0)) await provider.stop();
});

/** A real OpenID provider of a few lines, on loopback, that does what a test tells it. Gone after the test. */
export async function startFakeProvider(): Promise<FakeProvider> {
	const provider = new FakeProvider();
	await provider.start();
	started.push(provider);
	return provider;
}

export class FakeProvider {
	issuer = "";
	mischief: Mischief = {};
	/** Seconds that access tokens live. */
	expiresIn = 3600;
	/** Whether each refresh takes the refresh token away and gives another; a used one then ends the grant. */
	rotates = true;
	/** Whether a code may be redeemed that came without PKCE. */
	challengeIsOptional = false;
	/** What came to it, as `POST /token`. */
	readonly requests: string[] = [];
	/** Answers beside the protocol's own, by path. */
	readonly paths = new Map<string, (request: FakeRequest) => unknown>();
	/** Paths that are answered with a redirect. */
	readonly redirects = new Map<string, string>();
	/** What the last token request carried. */
	lastToken = { authorization: "", body: new URLSearchParams() };
	readonly #server: Server;
	readonly #codes = new Map<string, Grant>();
	readonly #refreshTokens = new Map<string, Grant & { used: boolean; family: string }>();
	readonly #accessTokens = new Map<string, Grant>();
	readonly #revoked = new Set<string>();
	#key!: { privateKey: CryptoKey; jwk: JWK };
	#keys = 0;

	constructor() {
		this.#server = createServer((request, response) => {
			this.#answer(request, response).catch((error: unknown) => {
				response.writeHead(500).end(String(error));
			});
		});
	}

	async start(): Promise<void> {
		await this.rotateKeys();
		this.#server.listen(0, "127.0.0.1");
		await once(this.#server, "listening");
		const address = this.#server.address();
		if (address === null || typeof address === "string") throw new Error("no port");
		this.issuer = `http://127.0.0.1:${address.port}`;
	}

	async stop(): Promise<void> {
		this.#server.closeAllConnections();
		await new Promise((resolve) => this.#server.close(resolve));
	}

	async rotateKeys(): Promise<void> {
		const { privateKey, publicKey } = await generateKeyPair("RS256");
		this.#keys += 1;
		const jwk = { ...(await exportJWK(publicKey)), kid: `key-${this.#keys}`, alg: "RS256", use: "sig" };
		this.#key = { privateKey, jwk };
	}

	get publicKeys(): readonly JWK[] {
		return [this.#key.jwk];
	}

	/** Signs as the provider does, such as a logout token. */
	async sign(claims: Json, header: Json = {}): Promise<string> {
		const protectedHeader = { alg: "RS256", kid: this.#key.jwk.kid!, ...header } as { alg: string };
		return new SignJWT(claims).setProtectedHeader(protectedHeader).sign(this.#key.privateKey);
	}

	/** What happens at the authorization endpoint when this person says yes: the address that their browser is sent to. */
	authorize(authorizationUrl: string, person: FakePerson = adaThere, sid = "sid-1"): string {
		const asked = new URL(authorizationUrl).searchParams;
		const code = randomBytes(16).toString("hex");
		this.#codes.set(code, {
			person,
			sid,
			nonce: asked.get("nonce"),
			challenge: asked.get("code_challenge"),
			redirectUri: asked.get("redirect_uri")!,
		});
		return this.#callback(asked, { code });
	}

	/** The same when they say no, or something goes wrong there. */
	refuse(authorizationUrl: string, error = "access_denied"): string {
		return this.#callback(new URL(authorizationUrl).searchParams, { error });
	}

	/** Takes every grant back, as a person does in their account there. */
	revokeAll(): void {
		for (const grant of this.#refreshTokens.values()) this.#revoked.add(grant.family);
	}

	/** Whose access token this is; `null` for one that was never given out. */
	holderOf(authorization: string | undefined): FakePerson | null {
		return this.#accessTokens.get(authorization?.replace("Bearer ", "") ?? "")?.person ?? null;
	}

	#callback(asked: URLSearchParams, answer: Record<string, string>): string {
		const right = { ...answer, state: asked.get("state")!, iss: this.issuer };
		const url = new URL(asked.get("redirect_uri")!);
		url.search = new URLSearchParams(this.mischief.callback?.(right) ?? right).toString();
		return url.href;
	}

	async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const { pathname } = new URL(request.url ?? "/", this.issuer);
		this.requests.push(`${request.method} ${pathname}`);
		const location = this.redirects.get(pathname);
		if (location !== undefined) return void response.writeHead(302, { location }).end();
		const chunks: Buffer[] = [];
		for await (const chunk of request) chunks.push(chunk as Buffer);
		const text = Buffer.concat(chunks).toString();
		const body = new URLSearchParams(text);
		const { authorization = "", "user-agent": userAgent = "" } = request.headers;
		const own = this.paths.get(pathname);
		const result =
			own === undefined
				? await this.#standard(pathname, authorization, body)
				: own({ method: request.method ?? "", authorization, userAgent, body, text });
		const { status, body: json } =
			typeof result === "object" && result !== null && "status" in result && "body" in result
				? (result as { status: number; body: unknown })
				: { status: result === undefined ? 404 : 200, body: result ?? {} };
		response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
	}

	#standard(pathname: string, authorization: string, body: URLSearchParams): unknown {
		switch (pathname) {
			case "/.well-known/openid-configuration":
				return this.#metadata();
			case "/jwks":
				return { keys: this.mischief.jwks?.([this.#key.jwk]) ?? [this.#key.jwk] };
			case "/token":
				this.lastToken = { authorization, body };
				return this.#token(body);
			case "/userinfo":
				return this.#userInfo(authorization);
			case "/par":
				return {
					status: 201,
					body: { request_uri: `urn:ietf:params:oauth:request_uri:${body.get("state")}`, expires_in: 60 },
				};
			default:
				return undefined;
		}
	}

	#metadata(): Json {
		const right = {
			issuer: this.issuer,
			authorization_endpoint: `${this.issuer}/authorize`,
			token_endpoint: `${this.issuer}/token`,
			userinfo_endpoint: `${this.issuer}/userinfo`,
			jwks_uri: `${this.issuer}/jwks`,
			end_session_endpoint: `${this.issuer}/end`,
			response_types_supported: ["code"],
			id_token_signing_alg_values_supported: ["RS256"],
			authorization_response_iss_parameter_supported: true,
		};
		return this.mischief.metadata?.(right) ?? right;
	}

	async #token(body: URLSearchParams): Promise<unknown> {
		await this.mischief.beforeToken?.();
		const grant =
			body.get("grant_type") === "refresh_token"
				? this.#redeemRefreshToken(body.get("refresh_token") ?? "")
				: this.#redeemCode(body);
		if (grant === null) return { status: 400, body: { error: "invalid_grant" } };
		const accessToken = `at-${randomBytes(16).toString("hex")}`;
		const refreshToken = `rt-${randomBytes(16).toString("hex")}`;
		this.#accessTokens.set(accessToken, grant);
		const isNew = body.get("grant_type") !== "refresh_token" || this.rotates;
		const family = "family" in grant ? String(grant.family) : refreshToken;
		if (isNew) this.#refreshTokens.set(refreshToken, { ...grant, used: false, family });
		const answer = {
			access_token: accessToken,
			token_type: "Bearer",
			expires_in: this.expiresIn,
			scope: "openid email profile",
			...(isNew && { refresh_token: refreshToken }),
			id_token: await this.#idToken(grant, body.get("client_id") ?? clientOfBasic(this.lastToken.authorization)),
		};
		return this.mischief.token?.(answer) ?? answer;
	}

	#redeemCode(body: URLSearchParams): Grant | null {
		const code = body.get("code") ?? "";
		const grant = this.#codes.get(code);
		this.#codes.delete(code);
		if (grant === undefined || grant.redirectUri !== body.get("redirect_uri")) return null;
		const challenge = createHash("sha256")
			.update(body.get("code_verifier") ?? "")
			.digest("base64url");
		const isOptional = this.challengeIsOptional && grant.challenge === null;
		return isOptional || grant.challenge === challenge ? grant : null;
	}

	#redeemRefreshToken(token: string): (Grant & { family: string }) | null {
		const found = this.#refreshTokens.get(token);
		if (found === undefined || this.#revoked.has(found.family)) return null;
		// Used twice: a copy is about, so nobody keeps the grant.
		if (this.rotates && found.used) this.#revoked.add(found.family);
		if (this.#revoked.has(found.family)) return null;
		found.used = true;
		return found;
	}

	async #idToken(grant: Grant, audience: string): Promise<string> {
		const now = Math.floor(Date.now() / 1000);
		const { person, nonce, sid } = grant;
		const right = {
			header: { alg: "RS256", kid: this.#key.jwk.kid },
			claims: {
				...person,
				iss: this.issuer,
				aud: audience,
				iat: now,
				exp: now + 300,
				auth_time: now,
				sid,
				...(nonce !== null && { nonce }),
			} as Json,
		};
		const meant = this.mischief.idToken?.(right) ?? right;
		if (typeof meant === "string") return meant;
		const header = meant.header as { alg: string };
		if (header.alg === "none") return unsigned(meant.claims);
		return new SignJWT(meant.claims).setProtectedHeader(header).sign(this.#key.privateKey);
	}

	#userInfo(authorization: string): unknown {
		const person = this.holderOf(authorization);
		if (person === null) return { status: 401, body: { error: "invalid_token" } };
		return this.mischief.userInfo?.(person) ?? person;
	}
}

export function unsigned(claims: Json): string {
	const parts = [{ alg: "none" }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
	return `${parts.join(".")}.`;
}

/** A provider as the library has it, with every address of its servers at the fake's: `https://x.test/y` is `/x.test/y`. */
export function standIn(fake: FakeProvider, method: ProviderMethod): ProviderMethod {
	const { provider } = method;
	const here = (url: string) => `${fake.issuer}/${url.replace("https://", "").replace(/\?.*/, "")}`;
	return outsideProvider({
		...provider,
		client(context) {
			const read = (name: string) => (name.endsWith("CLIENT_ID") ? "client-1" : "secret-1");
			const found = provider.client({ ...context, read });
			if (!found.ok) return found;
			const { proof, clientId } = found.client;
			const isSecret = proof !== null && proof.kind !== "private_key_jwt";
			const secret = () => "secret-1";
			return { ok: true, client: { clientId, proof: isSecret ? { kind: proof.kind, secret } : proof } };
		},
		server(context) {
			const server = provider.server(context);
			if (!("tokenEndpoint" in server)) return { ...server, issuer: fake.issuer };
			const { authorizationEndpoint, tokenEndpoint, userInfoEndpoint } = server;
			return {
				...server,
				authorizationEndpoint: here(authorizationEndpoint),
				tokenEndpoint: here(tokenEndpoint),
				...(userInfoEndpoint && { userInfoEndpoint: here(userInfoEndpoint) }),
			};
		},
		readProfile: (answer) => provider.readProfile({ ...answer, ask: (url) => answer.ask(here(url)) }),
	});
}

function clientOfBasic(authorization: string): string {
	return decodeURIComponent(atob(authorization.replace("Basic ", "")).split(":")[0] ?? "");
}
