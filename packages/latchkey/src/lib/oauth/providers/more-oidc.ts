import { outsideProvider, type ProviderMethod } from "../provider.ts";
import { type OidcOptions, oidcDefinition } from "./oidc.ts";

type Preset = Omit<OidcOptions, "id">;

/** An OpenID provider at one address for everybody. */
function at(id: string, name: string, issuer: string, more: Preset = {}): (options?: Preset) => ProviderMethod {
	return (options = {}) => outsideProvider(oidcDefinition({ id, name, issuer, ...more, ...options }));
}

/** One that every organisation has at an address of its own: by `issuer`, or the variable `<ID>_ISSUER`. */
function ofOneself(id: string, name: string): (options?: Preset) => ProviderMethod {
	return (options = {}) => outsideProvider(oidcDefinition({ id, name, ...options }));
}

export const gitlab = at("gitlab", "GitLab", "https://gitlab.com", { emails: "proven" });
export const slack = at("slack", "Slack", "https://slack.com", { emails: "proven" });
export const salesforce = at("salesforce", "Salesforce", "https://login.salesforce.com");
export const dropbox = at("dropbox", "Dropbox", "https://www.dropbox.com", { emails: "proven" });

/** `issuer` ends with a slash, as `https://example.eu.auth0.com/`. */
export const auth0 = ofOneself("auth0", "Auth0");
export const okta = ofOneself("okta", "Okta");
/** `issuer` names the realm, as `https://id.example.com/realms/main`. */
export const keycloak = ofOneself("keycloak", "Keycloak");
/** `issuer` names the pool, as `https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_abc`. */
export const cognito = ofOneself("cognito", "Amazon Cognito");
export const zitadel = ofOneself("zitadel", "Zitadel");
/** `issuer` ends with `/oidc`. */
export const logto = ofOneself("logto", "Logto");

/** Asks for the address by name, and puts scopes into a list where the standard has a text. */
export function twitch(options: Preset = {}): ProviderMethod {
	const claims = JSON.stringify({ id_token: { email: null, email_verified: null, preferred_username: null } });
	return outsideProvider({
		...oidcDefinition({
			id: "twitch",
			name: "Twitch",
			issuer: "https://id.twitch.tv/oauth2",
			emails: "proven",
			...options,
		}),
		scopes: ["openid", "user:read:email", ...(options.scopes ?? [])],
		parameters: { claims, ...options.parameters },
		readTokenAnswer: ({ scope, ...answer }) => ({
			...answer,
			...(scope !== undefined && { scope: Array.isArray(scope) ? scope.join(" ") : scope }),
		}),
	});
}
