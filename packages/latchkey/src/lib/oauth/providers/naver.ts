import { apiProvider, person } from "../api-provider.ts";
import { members, type ProviderMethod, type ProviderOptions, text } from "../provider.ts";

/** "Continue with Naver". Variables: `NAVER_CLIENT_ID`, `NAVER_CLIENT_SECRET`. */
export function naver(options: ProviderOptions = {}): ProviderMethod {
	return apiProvider(
		{
			id: "naver",
			name: "Naver",
			issuer: "https://nid.naver.com",
			authorize: "https://nid.naver.com/oauth2.0/authorize",
			token: "https://nid.naver.com/oauth2.0/token",
			user: "https://openapi.naver.com/v1/nid/me",
			scopes: [],
			codeParameters: ["state"],
			read({ userInfo }) {
				const { id, name, nickname, email } = members(userInfo.response);
				return person(id, text(name) ?? nickname, email);
			},
		},
		options,
	);
}
