import { apiProvider, person } from "../api-provider.ts";
import { members, type ProviderMethod, type ProviderOptions } from "../provider.ts";

export interface PayPalOptions extends ProviderOptions {
	/** Where accounts are that hold no money. Default false. */
	sandbox?: boolean;
}

/** "Continue with PayPal". Variables: `PAYPAL_CLIENT_ID`, `PAYPAL_CLIENT_SECRET`. */
export function paypal(options: PayPalOptions = {}): ProviderMethod {
	const host = options.sandbox === true ? "sandbox.paypal.com" : "paypal.com";
	return apiProvider(
		{
			id: "paypal",
			name: "PayPal",
			issuer: `https://www.${host}`,
			authorize: `https://www.${host}/signin/authorize`,
			token: `https://api-m.${host}/v1/oauth2/token`,
			user: `https://api-m.${host}/v1/identity/oauth2/userinfo?schema=paypalv1.1`,
			scopes: ["openid", "profile", "email"],
			parameters: { flowEntry: "static" },
			authentication: "client_secret_basic",
			read({ userInfo: { user_id, name, emails } }) {
				const addresses = (Array.isArray(emails) ? emails : []).map(members);
				const primary = addresses.find((address) => address.primary === true);
				return person(user_id, name, primary?.value, primary?.confirmed);
			},
		},
		options,
	);
}
