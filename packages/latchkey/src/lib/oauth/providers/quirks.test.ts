import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type FakePerson, type FakeProvider, standIn, startFakeProvider } from "../../../../test/fake-provider.ts";
import { openTestAuth } from "../../../../test/harness.ts";
import { begin, comeBack, problemOf } from "../../../../test/oauth-harness.ts";
import type { ProviderMethod } from "../provider.ts";
import { apple } from "./apple.ts";
import { facebook } from "./facebook.ts";
import { github } from "./github.ts";
import { google } from "./google.ts";
import { microsoft } from "./microsoft.ts";

type Json = Record<string, unknown>;

/** Signs in at a provider of the library that stands at a fake, and answers who that made. */
async function signInWith(
	method: ProviderMethod,
	person: FakePerson,
	prepare: (fake: FakeProvider) => void = () => {},
) {
	const fake = await startFakeProvider();
	prepare(fake);
	const auth = openTestAuth({ methods: [standIn(fake, method)] });
	const browser = auth.browser();
	const url = await begin(browser, method.name);
	const problem = problemOf(await comeBack(browser, fake.authorize(url, person)));
	const { user } = (await browser.get("/api/auth")).body;
	const identities = user === null ? [] : (await browser.get("/api/auth/identities")).body.connections;
	return { problem, user, label: identities[0]?.label, asked: new URL(url).searchParams, fake, auth, browser };
}

describe("Google", () => {
	const person = { sub: "g-1", name: "Ada", email: "ada@gmail.com", email_verified: true };

	it("asks for a refresh token only where its API is wanted", async () => {
		expect((await signInWith(google(), person)).asked.get("access_type")).toBeNull();
		const more = await signInWith(google({ scopes: ["https://www.googleapis.com/auth/calendar"] }), person);
		expect(more.asked.get("access_type")).toBe("offline");
		expect(more.asked.get("scope")).toContain("openid email profile https://");
	});

	it.each([
		["ada@gmail.com", undefined, "authoritative"],
		["ada@company.example", "company.example", "authoritative"],
		["ada@company.example", undefined, "proven"],
	])("is authoritative for %s with hd %s: %s", async (email, hd, expected) => {
		const { readProfile } = google().provider;
		const claims = { sub: "1", email, email_verified: true, ...(hd && { hd }) };
		const answer = { claims, userInfo: {}, tokenExtras: {}, extras: {}, ask: async () => null };
		expect((await readProfile(answer)).emailStanding).toBe(expected);
	});

	it("lets nobody in from outside the domain that was asked for", async () => {
		const method = google({ hostedDomain: "company.example" });
		expect((await signInWith(method, person)).problem).toBe("provider_error");
		expect((await signInWith(method, { ...person, hd: "company.example" })).problem).toBeNull();
	});
});

describe("GitHub, which is no OpenID provider", () => {
	const user = { id: 42, login: "ada", name: null, email: "public@example.com" };
	const emails = [
		{ email: "public@example.com", primary: false, verified: false },
		{ email: "ada@example.com", primary: true, verified: true },
	];
	const prepare = (list: unknown) => (fake: FakeProvider) => {
		fake.mischief.callback = ({ iss: _, ...right }) => right;
		const token = { access_token: "gho", token_type: "bearer", scope: "read:user,user:email" };
		fake.paths.set("/github.com/login/oauth/access_token", () => token);
		fake.paths.set("/api.github.com/user", ({ authorization }) => (authorization === "Bearer gho" ? user : undefined));
		fake.paths.set("/api.github.com/user/emails", () => list);
	};

	it("says the address apart, and only the proven primary one counts", async () => {
		const signedIn = await signInWith(github(), { sub: "" }, prepare(emails));
		expect(signedIn.user).toMatchObject({ name: "ada", email: "ada@example.com", emailVerified: true });
		expect(signedIn.label).toBe("ada");
		expect(signedIn.asked.get("code_challenge_method")).toBe("S256");
		expect(signedIn.asked.has("nonce")).toBe(false);
	});

	it.each([[[{ email: "a@example.com", primary: true, verified: false }]], [[]], [{ message: "no" }]])(
		"[A5] gives no address where none is proven: %j",
		async (list) => {
			const { user } = await signInWith(github(), { sub: "" }, prepare(list));
			expect(user).toMatchObject({ email: null, emailVerified: false });
		},
	);

	it("answers errors with 200", async () => {
		const { problem } = await signInWith(github(), { sub: "" }, (fake) =>
			fake.paths.set("/github.com/login/oauth/access_token", () => ({ error: "bad_verification_code" })),
		);
		expect(problem).toBe("provider_error");
	});
});

describe("Apple", () => {
	const privateKey = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
		type: "pkcs8",
		format: "pem",
	});
	const person = { sub: "a-1", email: "x@privaterelay.appleid.com", email_verified: "true" };

	/** Apple's page posts a form to the callback, from its own site and so without cookies. */
	async function postBack(name?: unknown) {
		const fake = await startFakeProvider();
		const auth = openTestAuth({ methods: [standIn(fake, apple())] });
		const browser = auth.browser();
		const url = await begin(browser, "apple");
		const fields = new URL(fake.authorize(url, person)).searchParams;
		if (name !== undefined) fields.set("user", JSON.stringify({ name }));
		const apples = auth.browser({ headers: { origin: "https://appleid.apple.com", "sec-fetch-site": "cross-site" } });
		const posted = await apples.post("/api/auth/oauth/apple/callback", fields.toString(), {
			"content-type": "application/x-www-form-urlencoded",
		});
		return { asked: new URL(url).searchParams, posted, browser, fields };
	}

	it("posts its answer, which goes on sealed to where the cookies are, with 303", async () => {
		const { asked, posted, browser, fields } = await postBack({ firstName: "Ada", lastName: "Lovelace" });
		expect(asked.get("response_mode")).toBe("form_post");
		expect(posted.status).toBe(303);
		const location = posted.headers.get("location")!;
		for (const secret of [fields.get("code")!, "Ada", "Lovelace"]) expect(location).not.toContain(secret);
		await comeBack(browser, `http://localhost:3000${location}`);
		expect((await browser.get("/api/auth")).body.user).toMatchObject({
			name: "Ada Lovelace",
			email: "x@privaterelay.appleid.com",
			emailVerified: true,
		});
	});

	it.each([[undefined], ["text"], [{ firstName: 1 }], [{ firstName: "\u202egnp" }]])(
		"tells the name once, and whatever else comes in its place is none: %j",
		async (name) => {
			const { posted, browser } = await postBack(name);
			await comeBack(browser, `http://localhost:3000${posted.headers.get("location")}`);
			expect((await browser.get("/api/auth")).body).toMatchObject({ authenticated: true, user: { name: null } });
		},
	);

	it("does not take what a stranger sealed for another state", async () => {
		const [mine, theirs] = [await postBack(), await postBack()];
		const answer = await comeBack(mine.browser, `http://localhost:3000${theirs.posted.headers.get("location")}`);
		expect(problemOf(answer)).toBe("sign_in_expired");
	});

	it("is spoken to with a secret that this site signs, for five minutes", async () => {
		const { decodeJwt, decodeProtectedHeader } = await import("jose");
		const options = { clientId: "c", teamId: "team", keyId: "key", privateKey: String(privateKey) };
		const context = { origin: "", callbackUrl: "", read: () => undefined };
		const found = apple(options).provider.client(context);
		if (!found.ok || found.client.proof?.kind !== "client_secret_post") throw new Error("no client");
		const secret = found.client.proof.secret();
		expect(decodeProtectedHeader(secret)).toEqual({ alg: "ES256", kid: "key" });
		const { iat = 0, exp, ...claims } = decodeJwt(secret);
		expect(claims).toEqual({ iss: "team", sub: "c", aud: "https://appleid.apple.com" });
		expect(exp).toBe(iat + 300);
		expect(apple().provider.client(context)).toEqual({
			ok: false,
			missing: ["APPLE_CLIENT_ID", "APPLE_TEAM_ID", "APPLE_KEY_ID", "APPLE_PRIVATE_KEY"],
		});
	});
});

describe("Microsoft, with an issuer for each tenant", () => {
	const tenants = { one: "11111111-1111-4111-8111-111111111111", two: "22222222-2222-4222-8222-222222222222" };
	const consumers = "9188040d-6c67-4c5b-b112-36a304b66dad";

	async function signInAtTenant(tid: string, claims: Json = {}, tenant = "common", issuedBy = tid) {
		const fake = await startFakeProvider();
		fake.paths.set(`/${tenant}/v2.0/.well-known/openid-configuration`, () => ({
			issuer: `${fake.issuer}/{tenantid}/v2.0`,
			authorization_endpoint: `${fake.issuer}/authorize`,
			token_endpoint: `${fake.issuer}/token`,
			jwks_uri: `${fake.issuer}/jwks`,
			response_types_supported: ["code"],
			id_token_signing_alg_values_supported: ["RS256"],
		}));
		fake.mischief.callback = ({ iss: _, ...right }) => right;
		fake.mischief.idToken = ({ header, claims }) => ({
			header,
			claims: { ...claims, iss: `${fake.issuer}/${issuedBy}/v2.0`, tid },
		});
		const method = microsoft({ authority: fake.issuer, tenant, clientId: "client-1", clientSecret: "s" });
		const auth = openTestAuth({ methods: [method] });
		const browser = auth.browser();
		const person = { sub: "m-1", name: "Ada", email: "ada@example.com", ...claims };
		const answer = await comeBack(browser, fake.authorize(await begin(browser, "microsoft"), person));
		const asked = fake.requests.filter((request) => request === "POST /token").length;
		return { problem: problemOf(answer), user: (await browser.get("/api/auth")).body.user, asked, auth };
	}

	it("accepts the issuer that the tenant fills in, and redeems the code once", async () => {
		const { problem, user, asked } = await signInAtTenant(tenants.one);
		expect({ problem, asked }).toEqual({ problem: null, asked: 1 });
		expect(user.name).toBe("Ada");
	});

	it.each([
		["another tenant's issuer", tenants.one, "common", tenants.two],
		["a tenant that is none", "x/../y", "common", "x/../y"],
		["a personal account where organisations are wanted", consumers, "organizations", consumers],
		["an organisation where personal accounts are wanted", tenants.one, "consumers", tenants.one],
	])("[A8] refuses %s", async (_, tid, tenant, issuedBy) => {
		const { problem, user } = await signInAtTenant(tid, {}, tenant, issuedBy);
		expect(problem).toBe("provider_error");
		expect(user).toBeNull();
	});

	it("[A7] takes no tenant's word for an address, unless the tenant owns its domain", async () => {
		expect((await signInAtTenant(tenants.one, { email_verified: true })).user.email).toBeNull();
		const owned = await signInAtTenant(tenants.one, { xms_edov: true });
		expect(owned.user).toMatchObject({ email: "ada@example.com", emailVerified: true });
		const personal = await signInAtTenant(consumers, { email: "ada@outlook.com" });
		expect(personal.user).toMatchObject({ email: "ada@outlook.com", emailVerified: true });
		expect((await signInAtTenant(consumers, { email: "ada@company.example" })).user.email).toBeNull();
	});
});

describe("Facebook", () => {
	const prepare = (me: unknown) => (fake: FakeProvider) => {
		fake.mischief.callback = ({ iss: _, ...right }) => right;
		const token = { access_token: "fb", token_type: "bearer", expires_in: 5_000_000 };
		fake.paths.set("/graph.facebook.com/v24.0/oauth/access_token", () => token);
		fake.paths.set("/graph.facebook.com/v24.0/me", () => me);
	};

	it("may know no address at all", async () => {
		const { user, label } = await signInWith(facebook(), { sub: "" }, prepare({ id: "7", name: "Ada Lovelace" }));
		expect(user).toMatchObject({ name: "Ada Lovelace", email: null });
		expect(label).toBe("Ada Lovelace");
	});

	it("[A5] never says that an address is proven, so it is not", async () => {
		const { user } = await signInWith(
			facebook(),
			{ sub: "" },
			prepare({ id: "7", name: "A", email: "ada@example.com" }),
		);
		expect(user).toMatchObject({ email: null, emailVerified: false });
	});

	it("signs nobody in without a subject", async () => {
		for (const me of [{}, { id: "" }, { id: null }, { error: { message: "x" } }, []]) {
			expect((await signInWith(facebook(), { sub: "" }, prepare(me))).problem).toBe("provider_error");
		}
	});
});
