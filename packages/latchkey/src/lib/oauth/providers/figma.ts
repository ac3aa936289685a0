import { apiProvider, person } from "../api-provider.ts";
import type { ProviderMethod, ProviderOptions } from "../provider.ts";

/** "Continue with Figma". Variables: `FIGMA_CLIENT_ID`, `FIGMA_CLIENT_SECRET`. */
export function figma(options: ProviderOptions = {}): ProviderMethod {
	return apiProvider(
		{
			id: "figma",
			name: "Figma",
			issuer: "https://www.figma.com",
			authorize: "https://www.figma.com/oauth",
			token: "https://api.figma.com/v1/oauth/token",
			user: "https://api.figma.com/v1/me",
			scopes: ["current_user:read"],
			authentication: "client_secret_basic",
			read: ({ userInfo: { id, handle, email } }) => person(id, handle, email),
		},
		options,
	);
}
