import { apiProvider, person } from "../api-provider.ts";
import type { ProviderMethod, ProviderOptions } from "../provider.ts";

/** "Continue with Reddit". Variables: `REDDIT_CLIENT_ID`, `REDDIT_CLIENT_SECRET`. */
export function reddit(options: ProviderOptions = {}): ProviderMethod {
	return apiProvider(
		{
			id: "reddit",
			name: "Reddit",
			issuer: "https://www.reddit.com",
			authorize: "https://www.reddit.com/api/v1/authorize",
			token: "https://www.reddit.com/api/v1/access_token",
			user: "https://oauth.reddit.com/api/v1/me",
			scopes: ["identity"],
			authentication: "client_secret_basic",
			// It turns away clients that do not say who they are.
			headers: { "user-agent": "web:latchkey:v1" },
			// Without this Reddit sends no refresh token.
			...(options.scopes !== undefined && { parameters: { duration: "permanent" } }),
			read: ({ userInfo: { id, name } }) => person(id, name),
		},
		options,
	);
}
