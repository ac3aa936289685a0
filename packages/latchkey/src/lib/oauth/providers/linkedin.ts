import { openIdPreset } from "../openid-preset.ts";
import { clientOf, type ProviderMethod, type ProviderOptions } from "../provider.ts";

const issuer = "https://www.linkedin.com/oauth";

/**
 * "Continue with LinkedIn". Variables: `LINKEDIN_CLIENT_ID`, `LINKEDIN_CLIENT_SECRET`. It refuses a client with a
 * secret that sends a code verifier, and puts no nonce into its ID tokens: `state` alone binds its answer to the
 * browser.
 */
export function linkedin(options: ProviderOptions = {}): ProviderMethod {
	return openIdPreset({ id: "linkedin", name: "LinkedIn", issuer, emails: "proven" }, options, {
		server: () => ({ issuer, nonce: false }),
		client: clientOf("LINKEDIN", options, "client_secret_post"),
		pkce: false,
	});
}
