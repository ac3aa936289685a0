import {
	clientOf,
	outsideProvider,
	type ProviderDefinition,
	type ProviderMethod,
	type ProviderOptions,
	scopesOf,
} from "../provider.ts";

export interface OAuth2Options extends ProviderOptions, Pick<ProviderDefinition, "readProfile" | "headers"> {
	/** Names it in paths, such as `strava`. Its variables begin with it: `STRAVA_CLIENT_ID`. */
	id: string;
	/** As its button says it. Default: the id. */
	name?: string;
	/** Names the provider in identities for ever, such as `https://www.strava.com`. */
	issuer: string;
	authorizationEndpoint: string;
	tokenEndpoint: string;
	/** Asked with the access token; `readProfile` gets its JSON as `userInfo`. */
	userInfoEndpoint?: string;
	/** How the client proves itself at the token endpoint. Default `client_secret_basic`. */
	clientAuthentication?: "client_secret_basic" | "client_secret_post";
}

/** Any OAuth 2 server that is no OpenID provider: where its endpoints are, and how to read who somebody is. */
export function oauth2(options: OAuth2Options): ProviderMethod {
	const { id, issuer, authorizationEndpoint, tokenEndpoint, userInfoEndpoint, headers, parameters } = options;
	const server = { issuer, authorizationEndpoint, tokenEndpoint, ...(userInfoEndpoint && { userInfoEndpoint }) };
	const prefix = id.toUpperCase().replaceAll("-", "_");
	return outsideProvider({
		id,
		name: options.name ?? id,
		server: () => server,
		client: clientOf(prefix, options, options.clientAuthentication),
		scopes: scopesOf([], options),
		readProfile: options.readProfile,
		...(headers && { headers }),
		...(parameters && { parameters }),
	});
}
