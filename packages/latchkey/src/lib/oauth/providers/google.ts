import { domainOf, standing } from "../email-standing.ts";
import { clientOf, outsideProvider, type ProviderMethod, type ProviderOptions, scopesOf, text } from "../provider.ts";

export interface GoogleOptions extends ProviderOptions {
	/** Lets in nobody but the members of this Google Workspace domain. */
	hostedDomain?: string;
}

/** "Continue with Google". Variables: `GOOGLE_CLIENT_ID`, `GOOGLE_CLIENT_SECRET`. */
export function google(options: GoogleOptions = {}): ProviderMethod {
	const { hostedDomain } = options;
	return outsideProvider({
		id: "google",
		name: "Google",
		server: () => ({ issuer: "https://accounts.google.com", userInfo: "never" }),
		client: clientOf("GOOGLE", options),
		scopes: scopesOf(["openid", "email", "profile"], options),
		parameters: {
			// Without these Google sends no refresh token.
			...(options.scopes !== undefined && { access_type: "offline", prompt: "consent" }),
			...(hostedDomain !== undefined && { hd: hostedDomain }),
			...options.parameters,
		},
		readProfile({ claims }) {
			// The parameter only chooses what Google shows: anybody can take it out of the address.
			if (hostedDomain !== undefined && claims.hd !== hostedDomain) throw new TypeError("another hosted domain");
			const email = text(claims.email);
			// Google runs these mailboxes; of any other address it only knows that it once reached the person.
			const runsMailbox = domainOf(email) === "gmail.com" || text(claims.hd) !== null;
			return {
				subject: String(claims.sub),
				name: text(claims.name),
				email,
				emailStanding: standing(claims.email_verified, runsMailbox),
				label: email,
			};
		},
	});
}
