import { apiProvider, person } from "../api-provider.ts";
import { type ProviderMethod, type ProviderOptions, text } from "../provider.ts";

/** "Continue with Yandex". Variables: `YANDEX_CLIENT_ID`, `YANDEX_CLIENT_SECRET`. */
export function yandex(options: ProviderOptions = {}): ProviderMethod {
	return apiProvider(
		{
			id: "yandex",
			name: "Yandex",
			issuer: "https://oauth.yandex.com",
			authorize: "https://oauth.yandex.com/authorize",
			token: "https://oauth.yandex.com/token",
			user: "https://login.yandex.ru/info?format=json",
			scopes: ["login:info", "login:email"],
			tokenScheme: "OAuth",
			read: ({ userInfo: { id, real_name, display_name, default_email } }) =>
				person(id, text(real_name) ?? display_name, default_email),
		},
		options,
	);
}
