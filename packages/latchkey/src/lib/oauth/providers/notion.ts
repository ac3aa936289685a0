import { apiProvider, person } from "../api-provider.ts";
import { members, type ProviderMethod, type ProviderOptions } from "../provider.ts";

/** "Continue with Notion". Variables: `NOTION_CLIENT_ID`, `NOTION_CLIENT_SECRET`. */
export function notion(options: ProviderOptions = {}): ProviderMethod {
	return apiProvider(
		{
			id: "notion",
			name: "Notion",
			issuer: "https://api.notion.com",
			authorize: "https://api.notion.com/v1/oauth/authorize",
			token: "https://api.notion.com/v1/oauth/token",
			scopes: [],
			parameters: { owner: "user" },
			authentication: "client_secret_basic",
			tokenRequest: "json",
			pkce: false,
			// The token is a bot's; whose bot it is stands beside it.
			read({ tokenExtras }) {
				const { id, name, person: contact } = members(members(tokenExtras.owner).user);
				return person(id, name, members(contact).email);
			},
		},
		options,
	);
}
