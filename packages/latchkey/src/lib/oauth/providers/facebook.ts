import {
	clientOf,
	outsideProvider,
	type ProviderMethod,
	type ProviderOptions,
	scopesOf,
	subjectOf,
	text,
} from "../provider.ts";

export interface FacebookOptions extends ProviderOptions {
	/** Of the Graph API. Default `v24.0`. */
	version?: string;
}

/** "Continue with Facebook". Variables: `FACEBOOK_CLIENT_ID`, `FACEBOOK_CLIENT_SECRET`. */
export function facebook(options: FacebookOptions = {}): ProviderMethod {
	const { version = "v24.0" } = options;
	return outsideProvider({
		id: "facebook",
		name: "Facebook",
		server: () => ({
			issuer: "https://www.facebook.com",
			authorizationEndpoint: `https://www.facebook.com/${version}/dialog/oauth`,
			tokenEndpoint: `https://graph.facebook.com/${version}/oauth/access_token`,
			userInfoEndpoint: `https://graph.facebook.com/${version}/me?fields=id,name,email`,
		}),
		client: clientOf("FACEBOOK", options, "client_secret_post"),
		scopes: scopesOf(["public_profile", "email"], options),
		...(options.parameters && { parameters: options.parameters }),
		readProfile({ userInfo }) {
			// Missing where the account was made with a telephone number, or where the person took it off the list.
			const email = text(userInfo.email);
			return {
				subject: subjectOf(userInfo.id),
				name: text(userInfo.name),
				email,
				// Facebook does not say whether it was proven.
				emailStanding: "unproven",
				label: text(userInfo.name) ?? email,
			};
		},
	});
}
