import { apiProvider, person } from "../api-provider.ts";
import { members, type ProviderMethod, type ProviderOptions, text } from "../provider.ts";

/**
 * "Continue with X". Variables: `X_CLIENT_ID`, `X_CLIENT_SECRET`. It names an address only with the scope `users.email`,
 * which the application at X must be allowed.
 */
export function x(options: ProviderOptions = {}): ProviderMethod {
	const asksForAddress = options.scopes?.includes("users.email") === true;
	return apiProvider(
		{
			id: "x",
			name: "X",
			issuer: "https://x.com",
			authorize: "https://x.com/i/oauth2/authorize",
			token: "https://api.x.com/2/oauth2/token",
			user: `https://api.x.com/2/users/me${asksForAddress ? "?user.fields=confirmed_email" : ""}`,
			scopes: ["users.read", "tweet.read"],
			authentication: "client_secret_basic",
			read({ userInfo }) {
				const { id, name, username, confirmed_email } = members(userInfo.data);
				return { ...person(id, name, confirmed_email, true), label: text(username) };
			},
		},
		options,
	);
}
