import { apiProvider, person } from "../api-provider.ts";
import { type ProviderMethod, type ProviderOptions, text } from "../provider.ts";

/** "Continue with Strava". Variables: `STRAVA_CLIENT_ID`, `STRAVA_CLIENT_SECRET`. */
export function strava(options: ProviderOptions = {}): ProviderMethod {
	return apiProvider(
		{
			id: "strava",
			name: "Strava",
			issuer: "https://www.strava.com",
			authorize: "https://www.strava.com/oauth/authorize",
			token: "https://www.strava.com/api/v3/oauth/token",
			user: "https://www.strava.com/api/v3/athlete",
			scopes: ["read"],
			scopeSeparator: ",",
			read: ({ userInfo: { id, firstname, lastname } }) =>
				person(id, [text(firstname), text(lastname)].filter((part) => part !== null).join(" ")),
		},
		options,
	);
}
