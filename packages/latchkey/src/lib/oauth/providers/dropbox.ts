import { apiProvider, person } from "../api-provider.ts";
import { members, type ProviderMethod, type ProviderOptions } from "../provider.ts";

/** "Continue with Dropbox". Variables: `DROPBOX_CLIENT_ID`, `DROPBOX_CLIENT_SECRET`. */
export function dropbox(options: ProviderOptions = {}): ProviderMethod {
	return apiProvider(
		{
			id: "dropbox",
			name: "Dropbox",
			issuer: "https://www.dropbox.com",
			authorize: "https://www.dropbox.com/oauth2/authorize",
			token: "https://api.dropboxapi.com/oauth2/token",
			user: "https://api.dropboxapi.com/2/users/get_current_account",
			userBy: "post",
			scopes: ["account_info.read"],
			authentication: "client_secret_basic",
			// Without this Dropbox sends no refresh token.
			...(options.scopes !== undefined && { parameters: { token_access_type: "offline" } }),
			read: ({ userInfo: { account_id, name, email, email_verified } }) =>
				person(account_id, members(name).display_name, email, email_verified),
		},
		options,
	);
}
