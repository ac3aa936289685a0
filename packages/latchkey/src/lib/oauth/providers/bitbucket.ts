import { apiProvider, person } from "../api-provider.ts";
import { members, type ProviderMethod, type ProviderOptions } from "../provider.ts";

/** "Continue with Bitbucket". Variables: `BITBUCKET_CLIENT_ID`, `BITBUCKET_CLIENT_SECRET`. */
export function bitbucket(options: ProviderOptions = {}): ProviderMethod {
	return apiProvider(
		{
			id: "bitbucket",
			name: "Bitbucket",
			issuer: "https://bitbucket.org",
			authorize: "https://bitbucket.org/site/oauth2/authorize",
			token: "https://bitbucket.org/site/oauth2/access_token",
			user: "https://api.bitbucket.org/2.0/user",
			scopes: ["account", "email"],
			authentication: "client_secret_basic",
			async read({ userInfo: { uuid, display_name }, ask }) {
				const { values } = members(await ask("https://api.bitbucket.org/2.0/user/emails"));
				const addresses = (Array.isArray(values) ? values : []).map(members);
				const primary = addresses.find(({ is_primary, is_confirmed }) => is_primary === true && is_confirmed === true);
				return person(uuid, display_name, primary?.email, primary !== undefined);
			},
		},
		options,
	);
}
