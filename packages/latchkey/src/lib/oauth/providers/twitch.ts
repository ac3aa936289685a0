import { openIdPreset } from "../openid-preset.ts";
import { clientOf, type ProviderMethod, type ProviderOptions, scopesOf } from "../provider.ts";

const claims = JSON.stringify({ id_token: { email: null, email_verified: null, preferred_username: null } });

/** "Continue with Twitch". Variables: `TWITCH_CLIENT_ID`, `TWITCH_CLIENT_SECRET`. */
export function twitch(options: ProviderOptions = {}): ProviderMethod {
	const known = { id: "twitch", name: "Twitch", issuer: "https://id.twitch.tv/oauth2", emails: "proven" } as const;
	return openIdPreset(known, options, {
		client: clientOf("TWITCH", options, "client_secret_post"),
		scopes: scopesOf(["openid", "user:read:email"], options),
		// It gives the address only to those who ask for it by name.
		parameters: { claims, ...options.parameters },
		// A list where the standard has a text.
		readTokenAnswer: ({ scope, ...answer }) => ({
			...answer,
			...(scope !== undefined && { scope: Array.isArray(scope) ? scope.join(" ") : scope }),
		}),
	});
}
