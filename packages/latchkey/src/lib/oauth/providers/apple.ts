import { createPrivateKey, sign } from "node:crypto";
import { domainOf, standing } from "../email-standing.ts";
import {
	members,
	outsideProvider,
	type ProviderContext,
	type ProviderMethod,
	type ProviderOptions,
	scopesOf,
	text,
} from "../provider.ts";

export interface AppleOptions extends Omit<ProviderOptions, "clientSecret"> {
	/** Default: the variable `APPLE_TEAM_ID`. */
	teamId?: string;
	/** Default: the variable `APPLE_KEY_ID`. */
	keyId?: string;
	/** The key file's text (PKCS #8, PEM). Default: the variable `APPLE_PRIVATE_KEY`, or its file. */
	privateKey?: string;
}

const issuer = "https://appleid.apple.com";
const appleDomains = new Set(["icloud.com", "me.com", "mac.com", "privaterelay.appleid.com"]);

/**
 * "Sign in with Apple". Variables: `APPLE_CLIENT_ID` (the Services ID), `APPLE_TEAM_ID`, `APPLE_KEY_ID`, `APPLE_PRIVATE_KEY`.
 */
export function apple(options: AppleOptions = {}): ProviderMethod {
	return outsideProvider({
		id: "apple",
		name: "Apple",
		server: () => ({ issuer, userInfo: "never" }),
		client: (context) => appleClient(options, context),
		scopes: scopesOf(["openid", "email", "name"], options),
		// Apple sends name and address in no other way.
		responseMode: "form_post",
		...(options.parameters && { parameters: options.parameters }),
		readProfile({ claims, extras }) {
			const email = text(claims.email);
			// Apple writes the boolean as text too.
			const verified = claims.email_verified === true || claims.email_verified === "true";
			return {
				subject: String(claims.sub),
				name: nameOf(extras.user),
				email,
				emailStanding: standing(verified, appleDomains.has(domainOf(email) ?? "")),
				label: email,
			};
		},
	});
}

/** Apple tells the name once, at the first sign-in, and beside the ID token: believed as what somebody typed would be. */
function nameOf(user: string | undefined): string | null {
	if (user === undefined) return null;
	try {
		const { firstName, lastName } = members(members(JSON.parse(user)).name);
		return text([text(firstName), text(lastName)].filter((part) => part !== null).join(" "));
	} catch {
		return null;
	}
}

function appleClient(options: AppleOptions, { read }: ProviderContext) {
	const values = {
		APPLE_CLIENT_ID: options.clientId ?? read("APPLE_CLIENT_ID"),
		APPLE_TEAM_ID: options.teamId ?? read("APPLE_TEAM_ID"),
		APPLE_KEY_ID: options.keyId ?? read("APPLE_KEY_ID"),
		APPLE_PRIVATE_KEY: options.privateKey ?? read("APPLE_PRIVATE_KEY"),
	};
	const { APPLE_CLIENT_ID: clientId, APPLE_TEAM_ID: teamId, APPLE_KEY_ID: keyId, APPLE_PRIVATE_KEY: key } = values;
	if (clientId === undefined || teamId === undefined || keyId === undefined || key === undefined) {
		const missing = Object.entries(values).filter(([, value]) => value === undefined);
		return { ok: false as const, missing: missing.map(([name]) => name) };
	}
	// In a variable the line breaks are often written out.
	const privateKey = key.replaceAll("\\n", "\n");
	const secret = () => clientSecret({ clientId, teamId, keyId, privateKey });
	return { ok: true as const, client: { clientId, proof: { kind: "client_secret_post" as const, secret } } };
}

/** Apple's client secret is a JWT that the client signs itself, made anew for each use. */
function clientSecret(by: { clientId: string; teamId: string; keyId: string; privateKey: string }): string {
	const now = Math.floor(Date.now() / 1000);
	const header = { alg: "ES256", kid: by.keyId };
	const claims = { iss: by.teamId, sub: by.clientId, aud: issuer, iat: now, exp: now + 300 };
	const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
	const key = { key: createPrivateKey(by.privateKey), dsaEncoding: "ieee-p1363" as const };
	return `${signed}.${sign("sha256", Buffer.from(signed), key).toString("base64url")}`;
}
