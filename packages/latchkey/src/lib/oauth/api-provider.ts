import { standing } from "./email-standing.ts";
import {
	clientOf,
	type OAuthServer,
	outsideProvider,
	type Profile,
	type ProviderAnswer,
	type ProviderDefinition,
	type ProviderMethod,
	type ProviderOptions,
	type SecretKind,
	scopesOf,
	subjectOf,
	text,
} from "./provider.ts";

type Quirks = Pick<
	ProviderDefinition,
	| "clientIdParameter"
	| "codeParameters"
	| "headers"
	| "parameters"
	| "pkce"
	| "readTokenAnswer"
	| "scopeSeparator"
	| "tokenRequest"
	| "tokenScheme"
>;

/** A provider that is no OpenID provider, by where its endpoints are and what its API says of somebody. */
export interface ApiProvider extends Partial<Quirks> {
	/** Its variables begin with it: `DISCORD_CLIENT_ID`. */
	id: string;
	name: string;
	/** Names it in identities for ever. */
	issuer: string;
	authorize: string;
	token: string;
	/** Missing where the token answer says who it is. */
	user?: string;
	userBy?: OAuthServer["userInfoBy"];
	scopes: readonly string[];
	/** How the client proves itself at the token endpoint. Default `client_secret_post`. */
	authentication?: SecretKind;
	/** The client, for one that is not known by id and secret. */
	client?: ProviderDefinition["client"];
	read: (answer: ProviderAnswer) => Profile | Promise<Profile>;
}

export function apiProvider(data: ApiProvider, options: ProviderOptions): ProviderMethod {
	const { id, name, issuer, authorize, token, user, userBy, scopes, authentication, client, read, ...quirks } = data;
	return outsideProvider({
		...quirks,
		id,
		name,
		server: () => ({
			issuer,
			authorizationEndpoint: authorize,
			tokenEndpoint: token,
			...(user && { userInfoEndpoint: user }),
			...(userBy && { userInfoBy: userBy }),
		}),
		client: client ?? clientOf(id.toUpperCase(), options, authentication ?? "client_secret_post"),
		scopes: scopesOf(scopes, options),
		parameters: { ...quirks.parameters, ...options.parameters },
		readProfile: read,
	});
}

/** Somebody as an API without standard names them: an address counts as proven only where `verified` is `true`. */
export function person(subject: unknown, name: unknown, email: unknown = null, verified: unknown = false): Profile {
	const address = text(email);
	return {
		subject: subjectOf(subject),
		name: text(name),
		email: address,
		emailStanding: standing(address !== null && verified, false),
		label: address ?? text(name),
	};
}
