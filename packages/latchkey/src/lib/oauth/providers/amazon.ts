import { apiProvider, person } from "../api-provider.ts";
import type { ProviderMethod, ProviderOptions } from "../provider.ts";

/** "Continue with Amazon". Variables: `AMAZON_CLIENT_ID`, `AMAZON_CLIENT_SECRET`. */
export function amazon(options: ProviderOptions = {}): ProviderMethod {
	return apiProvider(
		{
			id: "amazon",
			name: "Amazon",
			issuer: "https://www.amazon.com",
			authorize: "https://www.amazon.com/ap/oa",
			token: "https://api.amazon.com/auth/o2/token",
			user: "https://api.amazon.com/user/profile",
			scopes: ["profile"],
			read: ({ userInfo: { user_id, name, email } }) => person(user_id, name, email),
		},
		options,
	);
}
