import { openIdPreset } from "../openid-preset.ts";
import { type ProviderMethod, type ProviderOptions, scopesOf } from "../provider.ts";

/** "Continue with Roblox". Variables: `ROBLOX_CLIENT_ID`, `ROBLOX_CLIENT_SECRET`. It names no address. */
export function roblox(options: ProviderOptions = {}): ProviderMethod {
	return openIdPreset({ id: "roblox", name: "Roblox", issuer: "https://apis.roblox.com/oauth/" }, options, {
		scopes: scopesOf(["openid", "profile"], options),
	});
}
