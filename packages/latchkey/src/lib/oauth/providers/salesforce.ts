import { openIdPreset, type PresetOptions } from "../openid-preset.ts";
import type { ProviderMethod } from "../provider.ts";

/**
 * "Continue with Salesforce". Variables: `SALESFORCE_CLIENT_ID`, `SALESFORCE_CLIENT_SECRET`. A sandbox or a domain of
 * your own by `issuer`.
 */
export function salesforce(options: PresetOptions = {}): ProviderMethod {
	return openIdPreset({ id: "salesforce", name: "Salesforce", issuer: "https://login.salesforce.com" }, options);
}
