import { describe, expect, it } from "vitest";
import { type FakeProvider, type FakeRequest, standIn, startFakeProvider } from "../../../../test/fake-provider.ts";
import { openTestAuth } from "../../../../test/harness.ts";
import { begin, comeBack, problemOf } from "../../../../test/oauth-harness.ts";
import * as latchkey from "../../../index.ts";
import type { ProviderMethod, ProviderOptions } from "../provider.ts";

const api = {
	amazon: latchkey.amazon,
	atlassian: latchkey.atlassian,
	bitbucket: latchkey.bitbucket,
	box: latchkey.box,
	discord: latchkey.discord,
	dropbox: latchkey.dropbox,
	figma: latchkey.figma,
	kakao: latchkey.kakao,
	line: latchkey.line,
	naver: latchkey.naver,
	notion: latchkey.notion,
	patreon: latchkey.patreon,
	paypal: latchkey.paypal,
	reddit: latchkey.reddit,
	spotify: latchkey.spotify,
	strava: latchkey.strava,
	tiktok: latchkey.tiktok,
	vk: latchkey.vk,
	x: latchkey.x,
	yandex: latchkey.yandex,
	zoom: latchkey.zoom,
};

type ApiName = keyof typeof api;

async function signInWith(method: ProviderMethod, prepare: (fake: FakeProvider) => void, extra = {}) {
	const fake = await startFakeProvider();
	prepare(fake);
	const auth = openTestAuth({ methods: [standIn(fake, method)] });
	const browser = auth.browser();
	const url = await begin(browser, method.name);
	const person = { sub: "1", name: "Ada", email: "ada@example.com", email_verified: true };
	const back = new URL(fake.authorize(url, person));
	for (const [name, value] of Object.entries(extra)) back.searchParams.set(name, String(value));
	const problem = problemOf(await comeBack(browser, back.href));
	const { user } = (await browser.get("/api/auth")).body;
	return { problem, user, asked: new URL(url).searchParams, fake, auth };
}

/** Puts the API of a provider to the fake's side: its token and, for the right token, what it says of somebody. */
async function signInByApi(
	name: ApiName,
	says: unknown,
	{ options = {}, extra = {}, token = {} }: { options?: ProviderOptions; extra?: object; token?: object } = {},
) {
	const method = api[name](options);
	const endpoints = method.provider.server({ origin: "", callbackUrl: "", read: () => undefined });
	if (!("tokenEndpoint" in endpoints)) throw new Error("an OpenID provider");
	const path = (url = "") => `/${url.replace("https://", "").replace(/\?.*/, "")}`;
	const seen: { token?: FakeRequest; user?: FakeRequest } = {};
	const signedIn = await signInWith(
		method,
		(fake) => {
			fake.mischief.callback = ({ iss: _, ...right }) => right;
			fake.paths.set(path(endpoints.tokenEndpoint), (request) => {
				seen.token = request;
				return { access_token: "t", token_type: "bearer", expires_in: "3600", ...token };
			});
			fake.paths.set(path(endpoints.userInfoEndpoint), (request) => {
				seen.user = request;
				return /^(Bearer|OAuth) t$/.test(request.authorization) || request.body.get("access_token") === "t"
					? says
					: undefined;
			});
			fake.paths.set("/api.bitbucket.org/2.0/user/emails", () => ({
				values: [{ email: "other@example.com" }, { email, is_primary: true, is_confirmed: true }],
			}));
		},
		extra,
	);
	return { ...signedIn, seen };
}

const nobody = { email: null, emailVerified: false };
const proven = { email: "ada@example.com", emailVerified: true };
const email = "ada@example.com";
const ada = { name: "Ada", ...nobody };
const provenAda = { name: "Ada", ...proven };

// What each one's API answers, and what counts of it.
const people: [ApiName, unknown, object][] = [
	["amazon", { user_id: "1", name: "Ada", email }, ada],
	["atlassian", { account_id: "1", name: "Ada", email }, ada],
	["bitbucket", { uuid: "{1}", display_name: "Ada" }, provenAda],
	["box", { id: "1", name: "Ada", login: email }, ada],
	["discord", { id: "1", global_name: "Ada", username: "ada", email, verified: true }, provenAda],
	["discord", { id: "1", global_name: null, username: "Ada", email, verified: false }, ada],
	["dropbox", { account_id: "dbid:1", name: { display_name: "Ada" }, email, email_verified: true }, provenAda],
	["dropbox", { account_id: "dbid:1", name: { display_name: "Ada" }, email, email_verified: false }, ada],
	["figma", { id: "1", handle: "Ada", email }, ada],
	[
		"kakao",
		{ id: 1, kakao_account: { email, is_email_valid: true, is_email_verified: true, profile: { nickname: "Ada" } } },
		provenAda,
	],
	[
		"kakao",
		{ id: 1, kakao_account: { email, is_email_valid: false, is_email_verified: true } },
		{ name: null, ...nobody },
	],
	["line", { userId: "U1", displayName: "Ada" }, ada],
	["naver", { resultcode: "00", response: { id: "1", name: "Ada", email } }, ada],
	["patreon", { data: { id: "1", attributes: { full_name: "Ada", email, is_email_verified: true } } }, provenAda],
	["patreon", { data: { id: "1", attributes: { full_name: "Ada", email, is_email_verified: false } } }, ada],
	["paypal", { user_id: "1", name: "Ada", emails: [{ value: email, primary: true, confirmed: true }] }, provenAda],
	["paypal", { user_id: "1", name: "Ada", emails: [{ value: email, primary: true, confirmed: "true" }] }, ada],
	["paypal", { user_id: "1", name: "Ada", emails: [{ value: email, primary: false, confirmed: true }] }, ada],
	["reddit", { id: "1", name: "Ada", has_verified_email: true }, ada],
	["spotify", { id: "1", display_name: "Ada", email }, ada],
	["strava", { id: 1, firstname: "Ada", lastname: null }, ada],
	["tiktok", { data: { user: { open_id: "1", display_name: "Ada" } } }, ada],
	["vk", { user: { user_id: "1", first_name: "Ada", last_name: "", email } }, ada],
	["x", { data: { id: "1", name: "Ada", username: "ada" } }, ada],
	["yandex", { id: "1", real_name: "Ada", default_email: email }, ada],
	["zoom", { id: "1", display_name: "Ada", email, verified: 1 }, ada],
];

describe("providers that are no OpenID providers", () => {
	it.each(people)("[A5] %s says who somebody is by %j", async (name, answer, expected) => {
		const { problem, user, asked } = await signInByApi(name, answer, { extra: { device_id: "d" } });
		expect(problem).toBeNull();
		expect(user).toMatchObject(expected);
		expect(asked.get("code_challenge_method")).toBe("S256");
		expect(asked.has("nonce")).toBe(false);
	});

	it.each(people.map(([name]) => name))("%s signs nobody in without a subject", async (name) => {
		expect((await signInByApi(name, { name: "Ada", data: {} })).problem).toBe("provider_error");
	});

	it.each([
		["bitbucket", "client_secret_basic"],
		["figma", "client_secret_basic"],
		["paypal", "client_secret_basic"],
		["reddit", "client_secret_basic"],
		["spotify", "client_secret_basic"],
		["x", "client_secret_basic"],
		["zoom", "client_secret_basic"],
		["discord", "client_secret_post"],
		["kakao", "client_secret_post"],
		["line", "client_secret_post"],
		["naver", "client_secret_post"],
		["tiktok", "client_secret_post"],
		["vk", "none"],
	] as const)("%s proves itself at the token endpoint by %s", async (name, kind) => {
		const { seen } = await signInByApi(name, {});
		const { authorization = "", body = new URLSearchParams() } = seen.token ?? {};
		expect(authorization.startsWith("Basic ")).toBe(kind === "client_secret_basic");
		expect(body.get("client_secret")).toBe(kind === "client_secret_post" ? "secret-1" : null);
		expect(body.get("code_verifier")).toHaveLength(43);
	});

	it("believes and keeps no ID token of a server that is no OpenID provider [A32]", async () => {
		const [, says] = people.find(([name]) => name === "line")!;
		const token = { id_token: "eyJhbGciOiJIUzI1NiJ9.e30.x", refresh_token: null, scope: null };
		expect((await signInByApi("line", says, { token })).problem).toBeNull();
	});

	it("that answer the redemption with an error and 200, or are in trouble, sign nobody in", async () => {
		const failed = await signInByApi("tiktok", {}, { token: { access_token: null, error: "invalid_grant" } });
		expect(failed.problem).toBe("provider_error");
		const { problem } = await signInWith(latchkey.discord(), (fake) => {
			fake.mischief.callback = ({ iss: _, ...right }) => right;
			fake.paths.set("/discord.com/api/oauth2/token", () => ({ status: 503, body: "come back later" }));
		});
		expect(problem).toBe("provider_unavailable");
	});
});

describe("their dialects", () => {
	const saysOf = (name: ApiName) => people.find(([known]) => known === name)![1];

	it("TikTok calls the client's id by another name, and separates scopes by commas", async () => {
		const { asked, seen } = await signInByApi("tiktok", saysOf("tiktok"), { options: { scopes: ["video.list"] } });
		expect(asked.get("client_key")).toBe("client-1");
		expect(asked.has("client_id")).toBe(false);
		expect(asked.get("scope")).toBe("user.info.basic,video.list");
		expect(seen.token?.body.get("client_key")).toBe("client-1");
	});

	it.each([
		["kakao", "account_email,profile_nickname"],
		["strava", "read"],
		["discord", "identify email"],
	] as const)("%s is asked for the scopes %s", async (name, scope) => {
		expect((await signInByApi(name, saysOf(name))).asked.get("scope")).toBe(scope);
	});

	it.each(["naver", "zoom", "box"] as const)("%s is asked for no scope at all", async (name) => {
		expect((await signInByApi(name, saysOf(name))).asked.has("scope")).toBe(false);
	});

	it("Notion takes JSON, knows no PKCE, and says beside the bot's token whose bot it is", async () => {
		const owner = { type: "user", user: { object: "user", id: "n-1", name: "Ada", person: { email } } };
		const token = { bot_id: "b", owner, refresh_token: null };
		const { problem, user, asked, seen } = await signInByApi("notion", {}, { token });
		expect(problem).toBeNull();
		expect(user).toMatchObject(ada);
		expect(asked.get("owner")).toBe("user");
		expect(asked.has("code_challenge")).toBe(false);
		expect(JSON.parse(seen.token!.text)).toEqual({
			grant_type: "authorization_code",
			code: expect.any(String),
			redirect_uri: "http://localhost:3000/api/auth/oauth/notion/callback",
		});
		expect(seen.token!.authorization).toMatch(/^Basic /);
	});

	it.each([[{ type: "workspace", workspace: true }], [undefined]])(
		"Notion's bot that belongs to a workspace is nobody: %j",
		async (owner) => {
			expect((await signInByApi("notion", {}, { token: { owner } })).problem).toBe("provider_error");
		},
	);

	it("Reddit hears who asks, and is asked for a lasting grant only where its API is wanted", async () => {
		const plain = await signInByApi("reddit", saysOf("reddit"));
		expect(plain.asked.has("duration")).toBe(false);
		const { asked, seen } = await signInByApi("reddit", saysOf("reddit"), { options: { scopes: ["read"] } });
		expect(asked.get("duration")).toBe("permanent");
		expect([seen.token?.userAgent, seen.user?.userAgent]).toEqual(["web:latchkey:v1", "web:latchkey:v1"]);
	});

	it("X names an address only where that was asked for", async () => {
		const says = { data: { id: "1", name: "Ada", username: "ada", confirmed_email: email } };
		const { user } = await signInByApi("x", says, { options: { scopes: ["users.email"] } });
		expect(user).toMatchObject(provenAda);
		const server = latchkey.x().provider.server({ origin: "", callbackUrl: "", read: () => undefined });
		expect(server).toMatchObject({ userInfoEndpoint: "https://api.x.com/2/users/me" });
	});

	it("Dropbox says who it is only to a POST", async () => {
		const { seen, asked } = await signInByApi("dropbox", saysOf("dropbox"), {
			options: { scopes: ["files.content.read"] },
		});
		expect(seen.user).toMatchObject({ method: "POST", text: "", authorization: "Bearer t" });
		expect(asked.get("token_access_type")).toBe("offline");
	});

	it("VK wants its device back, answers a form, and gives a refresh token that serves nobody else", async () => {
		const extra = { device_id: "device-1" };
		const token = { refresh_token: "r", id_token: "x.y.z" };
		const { problem, seen, asked } = await signInByApi("vk", saysOf("vk"), { extra, token });
		expect(problem).toBeNull();
		expect(Object.fromEntries(seen.token!.body)).toMatchObject({
			client_id: "client-1",
			device_id: "device-1",
			state: asked.get("state"),
		});
		expect(seen.user).toMatchObject({ method: "POST", authorization: "" });
		expect(Object.fromEntries(seen.user!.body)).toEqual({ client_id: "client-1", access_token: "t" });
	});

	it("Naver wants the state once more", async () => {
		const { seen, asked } = await signInByApi("naver", saysOf("naver"));
		expect(seen.token?.body.get("state")).toBe(asked.get("state"));
	});

	it("Yandex calls the bearer otherwise", async () => {
		expect((await signInByApi("yandex", saysOf("yandex"))).seen.user?.authorization).toBe("OAuth t");
	});

	it("Atlassian is told for which API the token is", async () => {
		const { asked } = await signInByApi("atlassian", saysOf("atlassian"));
		expect(Object.fromEntries(asked)).toMatchObject({ audience: "api.atlassian.com", prompt: "consent" });
	});

	it("PayPal's sandbox is another issuer, so that nobody who paid nothing is taken for somebody", () => {
		const context = { origin: "", callbackUrl: "", read: () => undefined };
		const issuers = [latchkey.paypal(), latchkey.paypal({ sandbox: true })].map(
			({ provider }) => provider.server(context).issuer,
		);
		expect(issuers).toEqual(["https://www.paypal.com", "https://www.sandbox.paypal.com"]);
	});
});

const openid = {
	auth0: latchkey.auth0,
	authentik: latchkey.authentik,
	cognito: latchkey.cognito,
	gitlab: latchkey.gitlab,
	huggingface: latchkey.huggingface,
	keycloak: latchkey.keycloak,
	linkedin: latchkey.linkedin,
	logto: latchkey.logto,
	okta: latchkey.okta,
	roblox: latchkey.roblox,
	salesforce: latchkey.salesforce,
	slack: latchkey.slack,
	twitch: latchkey.twitch,
	yahoo: latchkey.yahoo,
	zitadel: latchkey.zitadel,
};

describe("OpenID providers by name", () => {
	it.each(Object.entries(openid))("%s signs in", async (name, provider) => {
		const { problem, user } = await signInWith((provider as (o: object) => ProviderMethod)(own), (fake) => {
			fake.mischief.token = (answer) => ({ ...answer, ...(name === "twitch" && { scope: ["openid"] }) });
			fake.challengeIsOptional = name === "linkedin";
		});
		expect(problem).toBeNull();
		const proves = ["gitlab", "huggingface", "linkedin", "twitch", "yahoo"].includes(name);
		expect(user).toMatchObject(proves ? provenAda : ada);
	});

	it("[A5] none of them is an authority for the addresses that it names, and so links by itself", async () => {
		const claims = { sub: "1", email, email_verified: true };
		const answer = { claims, userInfo: {}, tokenExtras: {}, extras: {}, ask: async () => null };
		for (const provider of Object.values(openid)) {
			const { emailStanding } = await provider().provider.readProfile(answer);
			expect(emailStanding).not.toBe("authoritative");
		}
	});

	it("LinkedIn hears neither a nonce nor a code verifier, and is held to nothing that it cannot keep", async () => {
		const { problem, asked, fake } = await signInWith(latchkey.linkedin(), (fake) => {
			fake.mischief.idToken = ({ header, claims: { nonce: _, ...claims } }) => ({ header, claims });
			fake.mischief.callback = ({ iss: _, ...right }) => right;
			fake.mischief.metadata = ({ authorization_response_iss_parameter_supported: _, ...metadata }) => metadata;
			fake.challengeIsOptional = true;
		});
		expect(problem).toBeNull();
		expect(asked.has("nonce") || asked.has("code_challenge")).toBe(false);
		expect(fake.lastToken.body.has("code_verifier")).toBe(false);
		expect(fake.lastToken.body.get("client_secret")).toBe("secret-1");
	});

	it("Twitch is asked for the address by name, and hears the secret in the body", async () => {
		const { asked, fake } = await signInWith(latchkey.twitch(), () => {});
		expect(JSON.parse(asked.get("claims")!)).toEqual({
			id_token: { email: null, email_verified: null, preferred_username: null },
		});
		expect(asked.get("scope")).toBe("openid user:read:email");
		expect(fake.lastToken.body.get("client_secret")).toBe("secret-1");
	});

	it.each([
		[["client_secret_post"], true],
		[["client_secret_post", "client_secret_basic"], false],
		[["private_key_jwt"], false],
		[undefined, false],
	])("one whose token endpoint takes %j hears the secret in the body: %s", async (methods, isPost) => {
		const { problem, fake } = await signInWith(latchkey.okta(own), (fake) => {
			fake.mischief.metadata = (right) => ({ ...right, token_endpoint_auth_methods_supported: methods });
		});
		expect(problem).toBeNull();
		expect(fake.lastToken.body.has("client_secret")).toBe(isPost);
	});

	it("Entra ID is one organisation's, and needs to know whose", () => {
		const tenant = "11111111-1111-4111-8111-111111111111";
		const context = { origin: "", callbackUrl: "", read: () => undefined };
		const { server, client } = latchkey.entraId({ tenant, clientId: "c", clientSecret: "s" }).provider;
		expect(server(context)).toMatchObject({ issuer: `https://login.microsoftonline.com/${tenant}/v2.0` });
		expect(client(context).ok).toBe(true);
	});
});

const own = { issuer: "https://id.example.com" };
