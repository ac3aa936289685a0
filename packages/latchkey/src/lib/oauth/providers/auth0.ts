import { openIdPreset, type PresetOptions } from "../openid-preset.ts";
import type { ProviderMethod } from "../provider.ts";

/**
 * "Continue with Auth0". Variables: `AUTH0_ISSUER` (with a slash at its end, as `https://example.eu.auth0.com/`),
 * `AUTH0_CLIENT_ID`, `AUTH0_CLIENT_SECRET`.
 */
export function auth0(options: PresetOptions = {}): ProviderMethod {
	return openIdPreset({ id: "auth0", name: "Auth0" }, options);
}
