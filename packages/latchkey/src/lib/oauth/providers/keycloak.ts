import { openIdPreset, type PresetOptions } from "../openid-preset.ts";
import type { ProviderMethod } from "../provider.ts";

/**
 * "Continue with Keycloak". Variables: `KEYCLOAK_ISSUER` (with the realm, as `https://id.example.com/realms/main`),
 * `KEYCLOAK_CLIENT_ID`, `KEYCLOAK_CLIENT_SECRET`.
 */
export function keycloak(options: PresetOptions = {}): ProviderMethod {
	return openIdPreset({ id: "keycloak", name: "Keycloak" }, options);
}
