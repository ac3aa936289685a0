import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openTestAuth } from "../../../../test/harness.ts";
import * as latchkey from "../../../index.ts";
import type { LogEntry } from "../../log.ts";
import { password } from "../../passwords/password.ts";
import type { ProviderContext, ProviderMethod } from "../provider.ts";

const files = readdirSync(import.meta.dirname).filter((name) => !name.endsWith(".test.ts"));
const exported: Readonly<Record<string, unknown>> = latchkey;

/** Every named provider, as its file is called. The generic ones know nothing by themselves. */
const named = files
	.map((file) => file.replace(".ts", ""))
	.filter((file) => file !== "oauth2" && file !== "oidc")
	.map((file): [string, () => ProviderMethod] => [file, exported[camelCase(file)] as () => ProviderMethod]);

const unset: ProviderContext = { origin: "https://app.example.com", callbackUrl: "", read: () => undefined };
const set: ProviderContext = {
	...unset,
	read: (name) => (name.endsWith("_ISSUER") ? "https://id.example.com" : "11111111-1111-4111-8111-111111111111"),
};

describe("the list of providers", () => {
	it("has one file for each, which the package exports under the provider's own id", () => {
		for (const [file, provider] of named) expect(provider().name).toBe(file);
		expect(named.length).toBeGreaterThanOrEqual(42);
	});

	it("holds what was promised", () => {
		const promised = `google github apple microsoft facebook discord gitlab linkedin slack spotify twitch x dropbox notion
			figma zoom salesforce atlassian paypal reddit tiktok line kakao naver vk bitbucket auth0 okta keycloak cognito
			entra-id zitadel logto`;
		expect(named.map(([file]) => file)).toEqual(expect.arrayContaining(promised.split(/\s+/)));
	});

	it.each(named)("%s says which variables are missing", (file, provider) => {
		const prefix = file.toUpperCase().replace("-", "_");
		const both = [`${prefix}_CLIENT_ID`, `${prefix}_CLIENT_SECRET`];
		const missing = special[file]?.map((name) => `${prefix}_${name}`) ?? both;
		expect(provider().provider.client(unset)).toEqual({ ok: false, missing });
	});

	it.each(named)("%s speaks https, to addresses that are complete", (_file, provider) => {
		const { server, client } = provider().provider;
		expect(client(set).ok).toBe(true);
		const { issuer, ...endpoints } = server(set);
		const urls = Object.entries(endpoints).filter(([name]) => name.endsWith("Endpoint"));
		for (const url of [issuer, ...urls.map(([, url]) => url)]) {
			expect(URL.parse(String(url)), String(url)).toMatchObject({ protocol: "https:", hash: "" });
		}
	});

	it.each(named)("%s can be asked for more scopes, and be sent more parameters", (_file, provider) => {
		const more = provider as (options: object) => ProviderMethod;
		const { scopes, parameters } = more({ scopes: ["one-more"], parameters: { prompt: "login" } }).provider;
		expect(scopes).toContain("one-more");
		expect(parameters).toMatchObject({ prompt: "login" });
	});

	it("offers none that lacks its variables, starts all the same, and says once of each what it lacks", async () => {
		const log: LogEntry[] = [];
		const methods = [password(), ...named.map(([, provider]) => provider())];
		const auth = openTestAuth({ methods, logger: (entry) => log.push(entry) });
		expect((await auth.browser().get("/api/auth/providers")).body).toEqual({ providers: [] });
		await auth.browser().get("/api/auth/providers");
		const said = log.filter(({ event }) => event === "provider_not_offered");
		expect(said.map(({ provider }) => provider)).toEqual(named.map(([file]) => file));
		for (const { missing } of said) expect(missing).not.toEqual([]);
		const { status } = await auth.browser().post("/api/auth/oauth/google", {});
		expect(status).toBe(404);
	});

	it("offers one as soon as it has them", async () => {
		const github = latchkey.github({ clientId: "client-1", clientSecret: "secret-1" });
		const auth = openTestAuth({ methods: [github, latchkey.google()] });
		expect((await auth.browser().get("/api/auth/providers")).body.providers).toEqual([
			{ id: "github", name: "GitHub" },
		]);
	});
});

/** Those that need something else than an id and a secret. */
const special: Readonly<Record<string, readonly string[]>> = {
	apple: ["CLIENT_ID", "TEAM_ID", "KEY_ID", "PRIVATE_KEY"],
	vk: ["CLIENT_ID"],
	"entra-id": ["TENANT", "CLIENT_ID", "CLIENT_SECRET"],
	...Object.fromEntries(
		["auth0", "authentik", "cognito", "keycloak", "logto", "okta", "zitadel"].map((name) => [
			name,
			["ISSUER", "CLIENT_ID", "CLIENT_SECRET"],
		]),
	),
};

function camelCase(file: string): string {
	return file.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
