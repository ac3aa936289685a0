import { misconfigured } from "../../errors.ts";
import { standing } from "../email-standing.ts";
import {
	type ClientResult,
	clientOf,
	outsideProvider,
	type ProviderContext,
	type ProviderDefinition,
	type ProviderMethod,
	type ProviderOptions,
	scopesOf,
	text,
} from "../provider.ts";

export interface OidcOptions extends ProviderOptions {
	/** Names it in paths, such as `our-keycloak`. Its variables begin with it: `OUR_KEYCLOAK_CLIENT_ID`. Default `oidc`. */
	id?: string;
	/** As its button says it. Default: the id. */
	name?: string;
	/** Exactly as the provider's metadata spells it. Default: the variable `<ID>_ISSUER`. */
	issuer?: string;
	/** Proves the client by `private_key_jwt` (PKCS #8, PEM) in the place of a secret. */
	privateKey?: string;
	/** Names that key to the provider. */
	keyId?: string;
	/**
	 * What an address with `email_verified: true` is worth from this provider. Default `unproven`, because whoever runs a
	 * provider can say so of any address; `authoritative` for one that runs the mailboxes, such as your own company's.
	 */
	emails?: "unproven" | "proven" | "authoritative";
	/** Its addresses may be in a private network, such as a provider of your own beside this site. Default false. */
	insecurePrivateNetwork?: boolean;
}

/** Any OpenID provider, by its issuer. */
export function oidc(options: OidcOptions = {}): ProviderMethod {
	return outsideProvider(oidcDefinition(options));
}

export function oidcDefinition(options: OidcOptions): ProviderDefinition {
	const { id = "oidc", emails = "unproven" } = options;
	const prefix = id.toUpperCase().replaceAll("-", "_");
	return {
		id,
		name: options.name ?? id,
		server: ({ read }) => ({ issuer: requireIssuer(id, options.issuer ?? read(`${prefix}_ISSUER`)) }),
		client: (context) => oidcClient(prefix, options, context),
		scopes: scopesOf(["openid", "email", "profile"], options),
		...(options.parameters && { parameters: options.parameters }),
		...(options.insecurePrivateNetwork && { privateNetwork: true }),
		readProfile({ claims, userInfo }) {
			const said = { ...userInfo, ...claims };
			const email = text(said.email);
			return {
				subject: String(claims.sub),
				name: text(said.name) ?? text(said.preferred_username),
				email,
				emailStanding: emails === "unproven" ? "unproven" : standing(said.email_verified, emails === "authoritative"),
				label: email ?? text(said.preferred_username),
			};
		},
	};
}

function requireIssuer(id: string, issuer: string | undefined): string {
	const url = issuer === undefined ? null : URL.parse(issuer);
	if (issuer !== undefined && url !== null && url.search === "" && url.hash === "") return issuer;
	throw misconfigured(`The issuer of the provider ${id} must be an address such as https://id.example.com`);
}

function oidcClient(prefix: string, options: OidcOptions, context: ProviderContext): ClientResult {
	const { read } = context;
	const noIssuer = (options.issuer ?? read(`${prefix}_ISSUER`)) === undefined ? [`${prefix}_ISSUER`] : [];
	const found =
		options.privateKey === undefined ? clientOf(prefix, options)(context) : keyClient(prefix, options, read);
	if (found.ok && noIssuer.length === 0) return found;
	return { ok: false, missing: [...noIssuer, ...(found.ok ? [] : found.missing)] };
}

function keyClient(
	prefix: string,
	{ clientId: given, privateKey = "", keyId }: OidcOptions,
	read: ProviderContext["read"],
): ClientResult {
	const clientId = given ?? read(`${prefix}_CLIENT_ID`);
	if (clientId === undefined) return { ok: false, missing: [`${prefix}_CLIENT_ID`] };
	return { ok: true, client: { clientId, proof: { kind: "private_key_jwt", privateKey, keyId } } };
}
