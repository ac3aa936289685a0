import { openIdPreset, type PresetOptions } from "../openid-preset.ts";
import type { ProviderMethod } from "../provider.ts";

/** "Continue with Logto". Variables: `LOGTO_ISSUER` (ends with `/oidc`), `LOGTO_CLIENT_ID`, `LOGTO_CLIENT_SECRET`. */
export function logto(options: PresetOptions = {}): ProviderMethod {
	return openIdPreset({ id: "logto", name: "Logto" }, options);
}
