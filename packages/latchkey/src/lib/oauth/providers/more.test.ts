import { describe, expect, it } from "vitest";
import { type FakeProvider, standIn, startFakeProvider } from "../../../../test/fake-provider.ts";
import { openTestAuth } from "../../../../test/harness.ts";
import { begin, comeBack, problemOf } from "../../../../test/oauth-harness.ts";
import type { ProviderMethod } from "../provider.ts";
import * as oauth2 from "./more-oauth2.ts";
import * as openid from "./more-oidc.ts";

async function signInWith(method: ProviderMethod, prepare: (fake: FakeProvider) => void) {
	const fake = await startFakeProvider();
	prepare(fake);
	const auth = openTestAuth({ methods: [standIn(fake, method)] });
	const browser = auth.browser();
	const url = await begin(browser, method.name);
	const person = { sub: "1", name: "Ada", email: "ada@example.com", email_verified: true };
	const problem = problemOf(await comeBack(browser, fake.authorize(url, person)));
	return { problem, user: (await browser.get("/api/auth")).body.user, asked: new URL(url).searchParams, fake };
}

const nobody = { email: null, emailVerified: false };
const proven = { email: "ada@example.com", emailVerified: true };
const email = "ada@example.com";

// What each one's API answers, and what counts of it.
const people: [keyof typeof oauth2, unknown, object][] = [
	["discord", { id: "1", global_name: "Ada", username: "ada", email, verified: true }, { name: "Ada", ...proven }],
	["discord", { id: "1", global_name: null, username: "ada", email, verified: false }, { name: "ada", ...nobody }],
	["spotify", { id: "1", display_name: "Ada", email }, { name: "Ada", ...nobody }],
	["x", { data: { id: "1", name: "Ada", username: "ada" } }, { name: "Ada", ...nobody }],
	["figma", { id: "1", handle: "Ada", email }, { name: "Ada", ...nobody }],
	["zoom", { id: "1", display_name: "Ada", email }, { name: "Ada", ...nobody }],
	["atlassian", { account_id: "1", name: "Ada", email }, { name: "Ada", ...nobody }],
	["reddit", { id: "1", name: "ada" }, { name: "ada", ...nobody }],
	["tiktok", { data: { user: { open_id: "1", display_name: "Ada" } } }, { name: "Ada", ...nobody }],
	["line", { userId: "U1", displayName: "Ada" }, { name: "Ada", ...nobody }],
	[
		"kakao",
		{ id: 1, kakao_account: { email, is_email_valid: true, is_email_verified: true, profile: { nickname: "Ada" } } },
		{ name: "Ada", ...proven },
	],
	[
		"kakao",
		{ id: 1, kakao_account: { email, is_email_valid: false, is_email_verified: true } },
		{ name: null, ...nobody },
	],
	["naver", { response: { id: "1", name: "Ada", email } }, { name: "Ada", ...nobody }],
	["bitbucket", { uuid: "{1}", display_name: "Ada" }, { name: "Ada", ...proven }],
];

describe("providers that are no OpenID providers", () => {
	it.each(people)("%s says who somebody is by %j", async (name, answer, expected) => {
		const [, provider] = Object.entries(oauth2).find(([key]) => key === name)!;
		const method = provider();
		const { server } = method.provider;
		const endpoints = server({ origin: "", callbackUrl: "", read: () => undefined });
		if (!("tokenEndpoint" in endpoints)) throw new Error("an OpenID provider");
		const path = (url = "") => `/${url.replace("https://", "").replace(/\?.*/, "")}`;
		const { problem, user, asked } = await signInWith(method, (fake) => {
			fake.mischief.callback = ({ iss: _, ...right }) => right;
			fake.paths.set(path(endpoints.tokenEndpoint), () => ({
				access_token: "t",
				token_type: "bearer",
				expires_in: "3600",
			}));
			fake.paths.set(path(endpoints.userInfoEndpoint), ({ authorization }) =>
				authorization === "Bearer t" ? answer : undefined,
			);
			fake.paths.set("/api.bitbucket.org/2.0/user/emails", () => ({
				values: [{ email: "other@example.com" }, { email, is_primary: true, is_confirmed: true }],
			}));
		});
		expect(problem).toBeNull();
		expect(user).toMatchObject(expected);
		expect(asked.get("code_challenge_method")).toBe("S256");
	});

	it("tiktok calls the client's id by another name", async () => {
		const { asked } = await signInWith(oauth2.tiktok(), () => {});
		expect(asked.get("client_key")).toBe("client-1");
		expect(asked.has("client_id")).toBe(false);
	});

	it.each(Object.entries(oauth2))("%s reads its own variables and speaks https", (name, provider) => {
		const { id, client, server } = provider().provider;
		const context = { origin: "", callbackUrl: "", read: () => undefined };
		expect(id).toBe(name);
		const prefix = name.toUpperCase();
		expect(client(context)).toEqual({ ok: false, missing: [`${prefix}_CLIENT_ID`, `${prefix}_CLIENT_SECRET`] });
		for (const url of Object.values(server(context))) expect(url).toMatch(/^https:\/\//);
	});
});

describe("OpenID providers by name", () => {
	it.each(Object.entries(openid))("%s signs in", async (name, provider) => {
		const method = provider({ issuer: "https://id.example.com" });
		expect(method.name).toBe(name);
		const { problem, user } = await signInWith(method, (fake) => {
			fake.mischief.token = (answer) => ({ ...answer, ...(name === "twitch" && { scope: ["openid"] }) });
		});
		expect(problem).toBeNull();
		expect(user.name).toBe("Ada");
	});

	it("say which variables they lack, the issuer too where each organisation has its own", () => {
		const context = { origin: "", callbackUrl: "", read: () => undefined };
		expect(openid.keycloak().provider.client(context)).toEqual({
			ok: false,
			missing: ["KEYCLOAK_ISSUER", "KEYCLOAK_CLIENT_ID", "KEYCLOAK_CLIENT_SECRET"],
		});
	});
});
