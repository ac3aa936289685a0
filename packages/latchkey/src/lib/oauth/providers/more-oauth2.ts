import { standing } from "../email-standing.ts";
import {
	clientOf,
	members,
	outsideProvider,
	type Profile,
	type ProviderAnswer,
	type ProviderDefinition,
	type ProviderMethod,
	type ProviderOptions,
	scopesOf,
	subjectOf,
	text,
} from "../provider.ts";

interface Entry
	extends Partial<Pick<ProviderDefinition, "headers" | "clientIdParameter" | "scopeSeparator" | "parameters">> {
	id: string;
	name: string;
	/** Names it in identities for ever. */
	issuer: string;
	authorize: string;
	token: string;
	user: string;
	scopes: readonly string[];
	/** How the client proves itself at the token endpoint. Default `client_secret_post`. */
	authentication?: "client_secret_basic";
	read: (answer: ProviderAnswer) => Profile | Promise<Profile>;
}

type Provider = (options?: ProviderOptions) => ProviderMethod;

/** A provider that is no OpenID provider, by where its endpoints are and what its API says of somebody. */
function entry(data: Entry): Provider {
	const { id, name, issuer, authorize, token, user, scopes, authentication = "client_secret_post", read } = data;
	const { headers, clientIdParameter, scopeSeparator, parameters } = data;
	return (options = {}) =>
		outsideProvider({
			id,
			name,
			server: () => ({ issuer, authorizationEndpoint: authorize, tokenEndpoint: token, userInfoEndpoint: user }),
			client: clientOf(id.toUpperCase(), options, authentication),
			scopes: scopesOf(scopes, options),
			readProfile: read,
			...(headers && { headers }),
			...(clientIdParameter && { clientIdParameter }),
			...(scopeSeparator && { scopeSeparator }),
			parameters: { ...parameters, ...options.parameters },
		});
}

/** Somebody of whose address the provider says nothing that counts. */
function person(subject: unknown, name: unknown, email: unknown = null, verified: unknown = false): Profile {
	const address = text(email);
	return {
		subject: subjectOf(subject),
		name: text(name),
		email: address,
		emailStanding: standing(verified, false),
		label: address ?? text(name),
	};
}

export const discord = entry({
	id: "discord",
	name: "Discord",
	issuer: "https://discord.com",
	authorize: "https://discord.com/oauth2/authorize",
	token: "https://discord.com/api/oauth2/token",
	user: "https://discord.com/api/users/@me",
	scopes: ["identify", "email"],
	read: ({ userInfo: { id, global_name, username, email, verified } }) =>
		person(id, text(global_name) ?? username, email, verified),
});

export const spotify = entry({
	id: "spotify",
	name: "Spotify",
	issuer: "https://accounts.spotify.com",
	authorize: "https://accounts.spotify.com/authorize",
	token: "https://accounts.spotify.com/api/token",
	user: "https://api.spotify.com/v1/me",
	scopes: ["user-read-email"],
	authentication: "client_secret_basic",
	// Its address is whatever the person typed there.
	read: ({ userInfo: { id, display_name, email } }) => person(id, display_name, email),
});

export const x = entry({
	id: "x",
	name: "X",
	issuer: "https://x.com",
	authorize: "https://x.com/i/oauth2/authorize",
	token: "https://api.x.com/2/oauth2/token",
	user: "https://api.x.com/2/users/me",
	scopes: ["users.read", "tweet.read"],
	authentication: "client_secret_basic",
	// It names no address.
	read({ userInfo }) {
		const { id, name, username } = members(userInfo.data);
		return { ...person(id, name), label: text(username) };
	},
});

export const figma = entry({
	id: "figma",
	name: "Figma",
	issuer: "https://www.figma.com",
	authorize: "https://www.figma.com/oauth",
	token: "https://api.figma.com/v1/oauth/token",
	user: "https://api.figma.com/v1/me",
	scopes: ["current_user:read"],
	authentication: "client_secret_basic",
	read: ({ userInfo: { id, handle, email } }) => person(id, handle, email),
});

export const zoom = entry({
	id: "zoom",
	name: "Zoom",
	issuer: "https://zoom.us",
	authorize: "https://zoom.us/oauth/authorize",
	token: "https://zoom.us/oauth/token",
	user: "https://api.zoom.us/v2/users/me",
	scopes: ["user:read:user"],
	authentication: "client_secret_basic",
	read: ({ userInfo: { id, display_name, email } }) => person(id, display_name, email),
});

export const atlassian = entry({
	id: "atlassian",
	name: "Atlassian",
	issuer: "https://auth.atlassian.com",
	authorize: "https://auth.atlassian.com/authorize",
	token: "https://auth.atlassian.com/oauth/token",
	user: "https://api.atlassian.com/me",
	scopes: ["read:me"],
	parameters: { audience: "api.atlassian.com", prompt: "consent" },
	read: ({ userInfo: { account_id, name, email } }) => person(account_id, name, email),
});

export const reddit = entry({
	id: "reddit",
	name: "Reddit",
	issuer: "https://www.reddit.com",
	authorize: "https://www.reddit.com/api/v1/authorize",
	token: "https://www.reddit.com/api/v1/access_token",
	user: "https://oauth.reddit.com/api/v1/me",
	scopes: ["identity"],
	authentication: "client_secret_basic",
	headers: { "user-agent": "web:latchkey:v1" },
	read: ({ userInfo: { id, name } }) => person(id, name),
});

export const tiktok = entry({
	id: "tiktok",
	name: "TikTok",
	issuer: "https://www.tiktok.com",
	authorize: "https://www.tiktok.com/v2/auth/authorize/",
	token: "https://open.tiktokapis.com/v2/oauth/token/",
	user: "https://open.tiktokapis.com/v2/user/info/?fields=open_id,display_name",
	scopes: ["user.info.basic"],
	clientIdParameter: "client_key",
	scopeSeparator: ",",
	read({ userInfo }) {
		const { open_id, display_name } = members(members(userInfo.data).user);
		return person(open_id, display_name);
	},
});

export const line = entry({
	id: "line",
	name: "LINE",
	issuer: "https://access.line.me",
	authorize: "https://access.line.me/oauth2/v2.1/authorize",
	token: "https://api.line.me/oauth2/v2.1/token",
	user: "https://api.line.me/v2/profile",
	// Without `openid`: it signs ID tokens with the client's secret.
	scopes: ["profile"],
	read: ({ userInfo: { userId, displayName } }) => person(userId, displayName),
});

export const kakao = entry({
	id: "kakao",
	name: "Kakao",
	issuer: "https://kauth.kakao.com",
	authorize: "https://kauth.kakao.com/oauth/authorize",
	token: "https://kauth.kakao.com/oauth/token",
	user: "https://kapi.kakao.com/v2/user/me",
	scopes: ["account_email", "profile_nickname"],
	scopeSeparator: ",",
	read({ userInfo }) {
		const { email, is_email_valid, is_email_verified, profile } = members(userInfo.kakao_account);
		// Valid: it is still theirs. Verified: it was once.
		const verified = is_email_valid === true && is_email_verified === true;
		return person(userInfo.id, members(profile).nickname, email, verified);
	},
});

export const naver = entry({
	id: "naver",
	name: "Naver",
	issuer: "https://nid.naver.com",
	authorize: "https://nid.naver.com/oauth2.0/authorize",
	token: "https://nid.naver.com/oauth2.0/token",
	user: "https://openapi.naver.com/v1/nid/me",
	scopes: [],
	read({ userInfo }) {
		const { id, name, nickname, email } = members(userInfo.response);
		return person(id, text(name) ?? nickname, email);
	},
});

export const bitbucket = entry({
	id: "bitbucket",
	name: "Bitbucket",
	issuer: "https://bitbucket.org",
	authorize: "https://bitbucket.org/site/oauth2/authorize",
	token: "https://bitbucket.org/site/oauth2/access_token",
	user: "https://api.bitbucket.org/2.0/user",
	scopes: ["account", "email"],
	authentication: "client_secret_basic",
	async read({ userInfo: { uuid, display_name }, ask }) {
		const { values } = members(await ask("https://api.bitbucket.org/2.0/user/emails"));
		const addresses = (Array.isArray(values) ? values : []).map(members);
		const primary = addresses.find(({ is_primary, is_confirmed }) => is_primary === true && is_confirmed === true);
		return person(uuid, display_name, primary?.email, primary !== undefined);
	},
});
