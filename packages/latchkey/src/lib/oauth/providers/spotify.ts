import { apiProvider, person } from "../api-provider.ts";
import type { ProviderMethod, ProviderOptions } from "../provider.ts";

/** "Continue with Spotify". Variables: `SPOTIFY_CLIENT_ID`, `SPOTIFY_CLIENT_SECRET`. */
export function spotify(options: ProviderOptions = {}): ProviderMethod {
	return apiProvider(
		{
			id: "spotify",
			name: "Spotify",
			issuer: "https://accounts.spotify.com",
			authorize: "https://accounts.spotify.com/authorize",
			token: "https://accounts.spotify.com/api/token",
			user: "https://api.spotify.com/v1/me",
			scopes: ["user-read-email"],
			authentication: "client_secret_basic",
			// Its address is whatever the person typed there.
			read: ({ userInfo: { id, display_name, email } }) => person(id, display_name, email),
		},
		options,
	);
}
