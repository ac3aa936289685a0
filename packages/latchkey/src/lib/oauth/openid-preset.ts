import { outsideProvider, type ProviderDefinition, type ProviderMethod } from "./provider.ts";
import { type OidcOptions, oidcDefinition } from "./providers/oidc.ts";

/** What a named OpenID provider takes: all that `oidc()` does but its id. */
export type PresetOptions = Omit<OidcOptions, "id">;

/** A named OpenID provider; without `issuer` every organisation has its own, by option or by the variable `<ID>_ISSUER`. */
export function openIdPreset(
	known: OidcOptions,
	options: PresetOptions,
	quirks: Partial<ProviderDefinition> = {},
): ProviderMethod {
	return outsideProvider({ ...oidcDefinition({ ...known, ...options }), ...quirks });
}
