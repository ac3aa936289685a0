import * as z from "zod/mini";
import { misconfigured } from "../errors.ts";
import type { Method } from "../methods/method.ts";

/** Reads a setting: an environment variable, or the file that `NAME_FILE` names. */
export type ReadSetting = (name: string) => string | undefined;

/** Where this site is, and its settings. */
export interface ProviderContext {
	/** The site's origin. */
	readonly origin: string;
	/** Where the provider sends people back to. */
	readonly callbackUrl: string;
	readonly read: ReadSetting;
}

/** How a client with a secret proves itself at the token endpoint. */
export type SecretKind = "client_secret_basic" | "client_secret_post";

/** As whom this site speaks to a provider. */
export interface Client {
	readonly clientId: string;
	/** How it proves that at the token endpoint. `null` for a public client, which has PKCE alone. */
	readonly proof:
		| { readonly kind: SecretKind; readonly secret: () => string }
		| { readonly kind: "private_key_jwt"; readonly privateKey: string; readonly keyId: string | undefined }
		| null;
}

export type ClientResult =
	| { readonly ok: true; readonly client: Client }
	/** What must be set for the provider to be offered. */
	| { readonly ok: false; readonly missing: readonly string[] };

/**
 * What a provider's word about an address is worth:
 * - `unproven`: nothing. The address is shown as a label and is no identifier.
 * - `proven`: the provider had it proven. A new account gets it as proven.
 * - `authoritative`: the provider runs the mailbox, or its domain's owner does through it. Only this links to an account
 *   that is there already, and only if that has proven the address too.
 */
export type EmailStanding = "unproven" | "proven" | "authoritative";

/** Who somebody is, as a provider says it. */
export interface Profile {
	/** What never changes and is never given to somebody else. */
	readonly subject: string;
	readonly name: string | null;
	readonly email: string | null;
	readonly emailStanding: EmailStanding;
	/** What the person knows the account there by. */
	readonly label: string | null;
}

/** What a provider answered, checked. */
export interface ProviderAnswer {
	/** The claims of the ID token, whose signature, issuer, audience, time and nonce are right; `{}` without one. */
	readonly claims: Readonly<Record<string, unknown>>;
	/** What the user-info endpoint said, about the same subject; `{}` when it was not asked. */
	readonly userInfo: Readonly<Record<string, unknown>>;
	/** What came with the token besides the standard members. */
	readonly tokenExtras: Readonly<Record<string, unknown>>;
	/** What came with the authorization response besides the standard parameters, such as Apple's `user`. */
	readonly extras: Readonly<Record<string, string>>;
	/** Asks another endpoint of the provider with the access token; the JSON of a 200, or `null`. */
	ask(url: string): Promise<unknown>;
}

/** An OpenID provider: everything else is in its metadata, at its issuer. */
export interface OpenIdServer {
	/** Exactly as its metadata spells it. */
	readonly issuer: string;
	/** Where its metadata is, without `/.well-known/openid-configuration`. Default: the issuer. */
	readonly discoverAt?: string;
	/** For an issuer that is another for each tenant: the one that an ID token with these claims must come from. */
	readonly acceptsIssuer?: (claims: Readonly<Record<string, unknown>>) => string | null;
	/** Whether to ask the user-info endpoint too. Default: only when the ID token holds no address. */
	readonly userInfo?: "always" | "never";
	/** `false` for one whose ID tokens hold no nonce, whatever it was asked. */
	readonly nonce?: false;
}

/** An OAuth 2 server that is no OpenID provider. */
export interface OAuthServer {
	/** Names the provider in the identity, such as `https://github.com`. Never changes. */
	readonly issuer: string;
	readonly authorizationEndpoint: string;
	readonly tokenEndpoint: string;
	/** Asked with the access token, for what {@link ProviderDefinition.readProfile} reads. */
	readonly userInfoEndpoint?: string;
	/** How it is asked: by GET, by an empty POST, or by a form with token and client. Default `get`. */
	readonly userInfoBy?: "get" | "post" | "form";
}

/** One provider, as data: a few lines and its quirks. */
export interface ProviderDefinition {
	/** In paths, in the audit log and where identities are kept. */
	id: string;
	/** As its button says it. */
	name: string;
	/** Throws `misconfigured` for what cannot be a server. */
	server: (context: ProviderContext) => OpenIdServer | OAuthServer;
	client: (context: ProviderContext) => ClientResult;
	scopes: readonly string[];
	/** Sent along to the authorization endpoint. */
	parameters?: Readonly<Record<string, string>>;
	/** `form_post` where the provider insists. Default `query`. */
	responseMode?: "query" | "form_post";
	/** What else the name of the client is called, where a provider does not know `client_id`. */
	clientIdParameter?: string;
	/** Headers that its API asks for; its token endpoint gets the user agent among them. */
	headers?: Readonly<Record<string, string>>;
	/** What stands before the access token towards its API. Default `Bearer`. */
	tokenScheme?: string;
	/** `false` for one that refuses the parameters of PKCE. */
	pkce?: false;
	/** For a token endpoint that takes JSON in the place of a form. */
	tokenRequest?: "json";
	/** What of the authorization response its token endpoint wants to see again. */
	codeParameters?: readonly string[];
	/** What separates scopes. Default a space, as RFC 6749 has it. */
	scopeSeparator?: string;
	/** Puts a token answer into the standard's shape. */
	readTokenAnswer?: (answer: Record<string, unknown>) => Record<string, unknown>;
	readProfile: (answer: ProviderAnswer) => Profile | Promise<Profile>;
	/** Whether its addresses may be in the owner's private network. */
	privateNetwork?: boolean;
	/** Called before each use, for a provider that this process runs itself. */
	start?: (context: ProviderContext) => Promise<void>;
	/** Only while `AUTH_URL` is loopback. */
	developmentOnly?: boolean;
}

/** A way to sign in at somebody else's. */
export interface ProviderMethod extends Method {
	readonly provider: ProviderDefinition;
}

const nothing = z.never();

/** Makes a way to sign in of a provider. It proves nobody by `POST /api/auth`: its flow begins at its own address. */
export function outsideProvider(definition: ProviderDefinition): ProviderMethod {
	if (!/^[a-z][a-z0-9-]{0,31}$/.test(definition.id)) {
		throw misconfigured(
			`provider: the id must look like "google" or "our-keycloak", not ${JSON.stringify(definition.id)}`,
		);
	}
	return Object.freeze({
		name: definition.id,
		input: nothing,
		amr: Object.freeze(["fed"]),
		level: "aal1" as const,
		routes: [],
		read: () => ({ ok: false as const, fields: { method: "unknown" } }),
		provider: Object.freeze(definition),
	});
}

export function isProvider(method: Method): method is ProviderMethod {
	return "provider" in method;
}

/** Options that every provider takes; what is missing comes from the environment. */
export interface ProviderOptions {
	/** Default: the variable `<PROVIDER>_CLIENT_ID`. */
	clientId?: string;
	/** Default: the variable `<PROVIDER>_CLIENT_SECRET`. */
	clientSecret?: string;
	/** More than what signing in needs, for calling the provider's API with `auth.providerToken`. */
	scopes?: readonly string[];
	/** Sent along to the authorization endpoint, such as `{ prompt: "select_account" }`. */
	parameters?: Readonly<Record<string, string>>;
}

/** The client of a provider whose variables begin with `prefix`. */
export function clientOf(
	prefix: string,
	options: Pick<ProviderOptions, "clientId" | "clientSecret">,
	kind: SecretKind = "client_secret_basic",
): (context: ProviderContext) => ClientResult {
	return ({ read }) => {
		const clientId = options.clientId ?? read(`${prefix}_CLIENT_ID`);
		const secret = options.clientSecret ?? read(`${prefix}_CLIENT_SECRET`);
		if (clientId !== undefined && secret !== undefined) {
			return { ok: true, client: { clientId, proof: { kind, secret: () => secret } } };
		}
		const missing = [
			...(clientId === undefined ? [`${prefix}_CLIENT_ID`] : []),
			...(secret === undefined ? [`${prefix}_CLIENT_SECRET`] : []),
		];
		return { ok: false, missing };
	};
}

/** The scopes that signing in needs, and those that the owner added. */
export function scopesOf(needed: readonly string[], { scopes = [] }: ProviderOptions): readonly string[] {
	return [...new Set([...needed, ...scopes])];
}

/** A member that is text and not empty; `null` otherwise. */
export function text(value: unknown): string | null {
	return typeof value === "string" && value.trim() !== "" ? value : null;
}

/** A subject: text, or a whole number as some APIs number people. @throws when there is none */
export function subjectOf(value: unknown): string {
	const subject = typeof value === "number" && Number.isSafeInteger(value) ? String(value) : text(value);
	if (subject === null || subject.length > 255) throw new TypeError("the provider named no subject");
	return subject;
}

/** The members of a JSON object; none for anything else. */
export function members(value: unknown): Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null && !Array.isArray(value)
		? (value as Readonly<Record<string, unknown>>)
		: {};
}
