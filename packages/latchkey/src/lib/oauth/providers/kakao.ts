import { apiProvider, person } from "../api-provider.ts";
import { members, type ProviderMethod, type ProviderOptions } from "../provider.ts";

/** "Continue with Kakao". Variables: `KAKAO_CLIENT_ID`, `KAKAO_CLIENT_SECRET`. */
export function kakao(options: ProviderOptions = {}): ProviderMethod {
	return apiProvider(
		{
			id: "kakao",
			name: "Kakao",
			issuer: "https://kauth.kakao.com",
			authorize: "https://kauth.kakao.com/oauth/authorize",
			token: "https://kauth.kakao.com/oauth/token",
			user: "https://kapi.kakao.com/v2/user/me",
			scopes: ["account_email", "profile_nickname"],
			scopeSeparator: ",",
			read({ userInfo }) {
				const { email, is_email_valid, is_email_verified, profile } = members(userInfo.kakao_account);
				// Valid: it is still theirs. Verified: it was once.
				const verified = is_email_valid === true && is_email_verified === true;
				return person(userInfo.id, members(profile).nickname, email, verified);
			},
		},
		options,
	);
}
