import { openIdPreset, type PresetOptions } from "../openid-preset.ts";
import type { ProviderMethod } from "../provider.ts";

/** "Continue with Okta". Variables: `OKTA_ISSUER`, `OKTA_CLIENT_ID`, `OKTA_CLIENT_SECRET`. */
export function okta(options: PresetOptions = {}): ProviderMethod {
	return openIdPreset({ id: "okta", name: "Okta" }, options);
}
