import { apiProvider, person } from "../api-provider.ts";
import type { ProviderMethod, ProviderOptions } from "../provider.ts";

/** "Continue with LINE". Variables: `LINE_CLIENT_ID`, `LINE_CLIENT_SECRET`. */
export function line(options: ProviderOptions = {}): ProviderMethod {
	return apiProvider(
		{
			id: "line",
			name: "LINE",
			issuer: "https://access.line.me",
			authorize: "https://access.line.me/oauth2/v2.1/authorize",
			token: "https://api.line.me/oauth2/v2.1/token",
			user: "https://api.line.me/v2/profile",
			// Without `openid`: it signs ID tokens with the client's secret.
			scopes: ["profile"],
			read: ({ userInfo: { userId, displayName } }) => person(userId, displayName),
		},
		options,
	);
}
