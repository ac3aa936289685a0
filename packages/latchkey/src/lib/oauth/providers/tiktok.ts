import { apiProvider, person } from "../api-provider.ts";
import { members, type ProviderMethod, type ProviderOptions } from "../provider.ts";

/** "Continue with TikTok". Variables: `TIKTOK_CLIENT_ID`, `TIKTOK_CLIENT_SECRET`. */
export function tiktok(options: ProviderOptions = {}): ProviderMethod {
	return apiProvider(
		{
			id: "tiktok",
			name: "TikTok",
			issuer: "https://www.tiktok.com",
			authorize: "https://www.tiktok.com/v2/auth/authorize/",
			token: "https://open.tiktokapis.com/v2/oauth/token/",
			user: "https://open.tiktokapis.com/v2/user/info/?fields=open_id,display_name",
			scopes: ["user.info.basic"],
			clientIdParameter: "client_key",
			scopeSeparator: ",",
			read({ userInfo }) {
				const { open_id, display_name } = members(members(userInfo.data).user);
				return person(open_id, display_name);
			},
		},
		options,
	);
}
