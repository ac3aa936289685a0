import { openIdPreset } from "../openid-preset.ts";
import type { ProviderMethod, ProviderOptions } from "../provider.ts";

/** "Continue with Yahoo". Variables: `YAHOO_CLIENT_ID`, `YAHOO_CLIENT_SECRET`. */
export function yahoo(options: ProviderOptions = {}): ProviderMethod {
	return openIdPreset({ id: "yahoo", name: "Yahoo", issuer: "https://api.login.yahoo.com", emails: "proven" }, options);
}
