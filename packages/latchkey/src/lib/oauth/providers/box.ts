import { apiProvider, person } from "../api-provider.ts";
import type { ProviderMethod, ProviderOptions } from "../provider.ts";

/** "Continue with Box". Variables: `BOX_CLIENT_ID`, `BOX_CLIENT_SECRET`. */
export function box(options: ProviderOptions = {}): ProviderMethod {
	return apiProvider(
		{
			id: "box",
			name: "Box",
			issuer: "https://account.box.com",
			authorize: "https://account.box.com/api/oauth2/authorize",
			token: "https://api.box.com/oauth2/token",
			user: "https://api.box.com/2.0/users/me",
			scopes: [],
			read: ({ userInfo: { id, name, login } }) => person(id, name, login),
		},
		options,
	);
}
