import { apiProvider, person } from "../api-provider.ts";
import type { ProviderMethod, ProviderOptions } from "../provider.ts";

/** "Continue with Atlassian". Variables: `ATLASSIAN_CLIENT_ID`, `ATLASSIAN_CLIENT_SECRET`. */
export function atlassian(options: ProviderOptions = {}): ProviderMethod {
	return apiProvider(
		{
			id: "atlassian",
			name: "Atlassian",
			issuer: "https://auth.atlassian.com",
			authorize: "https://auth.atlassian.com/authorize",
			token: "https://auth.atlassian.com/oauth/token",
			user: "https://api.atlassian.com/me",
			scopes: ["read:me"],
			parameters: { audience: "api.atlassian.com", prompt: "consent" },
			read: ({ userInfo: { account_id, name, email } }) => person(account_id, name, email),
		},
		options,
	);
}
