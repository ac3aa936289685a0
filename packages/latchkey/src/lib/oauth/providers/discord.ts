import { apiProvider, person } from "../api-provider.ts";
import { type ProviderMethod, type ProviderOptions, text } from "../provider.ts";

/** "Continue with Discord". Variables: `DISCORD_CLIENT_ID`, `DISCORD_CLIENT_SECRET`. */
export function discord(options: ProviderOptions = {}): ProviderMethod {
	return apiProvider(
		{
			id: "discord",
			name: "Discord",
			issuer: "https://discord.com",
			authorize: "https://discord.com/oauth2/authorize",
			token: "https://discord.com/api/oauth2/token",
			user: "https://discord.com/api/users/@me",
			scopes: ["identify", "email"],
			read: ({ userInfo: { id, global_name, username, email, verified } }) =>
				person(id, text(global_name) ?? username, email, verified),
		},
		options,
	);
}
