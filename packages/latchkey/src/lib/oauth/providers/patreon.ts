import { apiProvider, person } from "../api-provider.ts";
import { members, type ProviderMethod, type ProviderOptions } from "../provider.ts";

/** "Continue with Patreon". Variables: `PATREON_CLIENT_ID`, `PATREON_CLIENT_SECRET`. */
export function patreon(options: ProviderOptions = {}): ProviderMethod {
	return apiProvider(
		{
			id: "patreon",
			name: "Patreon",
			issuer: "https://www.patreon.com",
			authorize: "https://www.patreon.com/oauth2/authorize",
			token: "https://www.patreon.com/api/oauth2/token",
			user: "https://www.patreon.com/api/oauth2/v2/identity?fields%5Buser%5D=email,full_name,is_email_verified",
			scopes: ["identity", "identity[email]"],
			read({ userInfo }) {
				const { id, attributes } = members(userInfo.data);
				const { full_name, email, is_email_verified } = members(attributes);
				return person(id, full_name, email, is_email_verified);
			},
		},
		options,
	);
}
