import { openIdPreset, type PresetOptions } from "../openid-preset.ts";
import type { ProviderMethod } from "../provider.ts";

/** "Continue with Zitadel". Variables: `ZITADEL_ISSUER`, `ZITADEL_CLIENT_ID`, `ZITADEL_CLIENT_SECRET`. */
export function zitadel(options: PresetOptions = {}): ProviderMethod {
	return openIdPreset({ id: "zitadel", name: "Zitadel" }, options);
}
