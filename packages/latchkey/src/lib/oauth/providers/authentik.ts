import { openIdPreset, type PresetOptions } from "../openid-preset.ts";
import type { ProviderMethod } from "../provider.ts";

/**
 * "Continue with authentik". Variables: `AUTHENTIK_ISSUER` (with the application and a slash, as
 * `https://id.example.com/application/o/site/`), `AUTHENTIK_CLIENT_ID`, `AUTHENTIK_CLIENT_SECRET`.
 */
export function authentik(options: PresetOptions = {}): ProviderMethod {
	return openIdPreset({ id: "authentik", name: "authentik" }, options);
}
