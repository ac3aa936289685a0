import {
	clientOf,
	members,
	outsideProvider,
	type ProviderMethod,
	type ProviderOptions,
	scopesOf,
	subjectOf,
	text,
} from "../provider.ts";

export interface GitHubOptions extends ProviderOptions {
	/** The address of a GitHub Enterprise Server. Default `https://github.com`. */
	server?: string;
}

/** "Continue with GitHub". Variables: `GITHUB_CLIENT_ID`, `GITHUB_CLIENT_SECRET`. */
export function github(options: GitHubOptions = {}): ProviderMethod {
	const server = (options.server ?? "https://github.com").replace(/\/$/, "");
	const api = options.server === undefined ? "https://api.github.com" : `${server}/api/v3`;
	return outsideProvider({
		id: "github",
		name: "GitHub",
		server: () => ({
			// As its own metadata has it, and the `iss` of its answers.
			issuer: `${server}/login/oauth`,
			authorizationEndpoint: `${server}/login/oauth/authorize`,
			tokenEndpoint: `${server}/login/oauth/access_token`,
			userInfoEndpoint: `${api}/user`,
		}),
		client: clientOf("GITHUB", options, "client_secret_post"),
		scopes: scopesOf(["read:user", "user:email"], options),
		headers: { accept: "application/vnd.github+json", "user-agent": "latchkey" },
		...(options.parameters && { parameters: options.parameters }),
		async readProfile({ userInfo, ask }) {
			// The profile shows only an address that the person made public, proven or not; the list says which are proven.
			const email = primaryAddress(await ask(`${api}/user/emails`));
			return {
				subject: subjectOf(userInfo.id),
				name: text(userInfo.name) ?? text(userInfo.login),
				email,
				emailStanding: email === null ? "unproven" : "proven",
				label: text(userInfo.login),
			};
		},
	});
}

function primaryAddress(list: unknown): string | null {
	const addresses = (Array.isArray(list) ? list : []).map(members);
	const primary = addresses.find(({ primary, verified }) => primary === true && verified === true);
	return text(primary?.email);
}
