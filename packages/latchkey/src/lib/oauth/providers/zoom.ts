import { apiProvider, person } from "../api-provider.ts";
import type { ProviderMethod, ProviderOptions } from "../provider.ts";

/** "Continue with Zoom". Variables: `ZOOM_CLIENT_ID`, `ZOOM_CLIENT_SECRET`. */
export function zoom(options: ProviderOptions = {}): ProviderMethod {
	return apiProvider(
		{
			id: "zoom",
			name: "Zoom",
			issuer: "https://zoom.us",
			authorize: "https://zoom.us/oauth/authorize",
			token: "https://zoom.us/oauth/token",
			user: "https://api.zoom.us/v2/users/me",
			// Those of the application there, whose names differ by its age.
			scopes: [],
			authentication: "client_secret_basic",
			// An administrator there can write any address.
			read: ({ userInfo: { id, display_name, email } }) => person(id, display_name, email),
		},
		options,
	);
}
