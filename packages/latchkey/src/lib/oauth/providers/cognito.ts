import { openIdPreset, type PresetOptions } from "../openid-preset.ts";
import type { ProviderMethod } from "../provider.ts";

/**
 * "Continue with Amazon Cognito". Variables: `COGNITO_ISSUER` (with the pool, as
 * `https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_abc`), `COGNITO_CLIENT_ID`, `COGNITO_CLIENT_SECRET`.
 */
export function cognito(options: PresetOptions = {}): ProviderMethod {
	return openIdPreset({ id: "cognito", name: "Amazon Cognito" }, options);
}
