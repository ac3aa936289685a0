import { describe, expect, it } from "vitest";
import { adaThere, type Mischief, unsigned } from "../../../test/fake-provider.ts";
import { openWithProvider, problemOf, signInAt } from "../../../test/oauth-harness.ts";

type Claims = Record<string, unknown>;

/** The outcome of one sign-in at a provider that does this. */
async function outcomeOf(mischief: Mischief, options = {}): Promise<string | null> {
	const { auth, fake } = await openWithProvider({}, options);
	fake.mischief = mischief;
	const browser = auth.browser();
	const problem = problemOf(await signInAt(fake, browser));
	const { authenticated } = (await browser.get("/api/auth")).body;
	expect(authenticated).toBe(problem === null);
	return problem;
}

const claims = (change: (claims: Claims) => Claims): Mischief => ({
	idToken: ({ header, claims }) => ({ header, claims: change(claims) }),
});
const header = (change: (header: Claims) => Claims): Mischief => ({
	idToken: ({ header, claims }) => ({ header: change(header), claims }),
});
const without =
	(name: string) =>
	({ [name]: _, ...rest }: Claims): Claims =>
		rest;

// The cases of the OpenID Foundation's certification of relying parties, by the names of its modules.
describe("Basic RP", () => {
	it("oidcc-client-test: a code flow that goes well", async () => {
		expect(await outcomeOf({})).toBeNull();
	});

	it("oidcc-client-test-invalid-iss: an ID token of another issuer is refused", async () => {
		expect(await outcomeOf(claims((right) => ({ ...right, iss: "https://evil.example" })))).toBe("provider_error");
	});

	it("oidcc-client-test-missing-sub: one about nobody is refused [ASVS 10.5.2]", async () => {
		expect(await outcomeOf(claims(without("sub")))).toBe("provider_error");
	});

	it.each(["somebody-else", ["client-1", "somebody-else"], undefined])(
		"oidcc-client-test-invalid-aud: one for somebody else is refused [ASVS 10.5.4] %j",
		async (aud) => {
			expect(await outcomeOf(claims((right) => ({ ...right, aud })))).toBe("provider_error");
		},
	);

	it("oidcc-client-test-missing-iat: one without the time of its making is refused", async () => {
		expect(await outcomeOf(claims(without("iat")))).toBe("provider_error");
	});

	it("oidcc-client-test-kid-absent-single-jwks: without a key's name the only key is taken", async () => {
		expect(await outcomeOf({ ...header(without("kid")) })).toBeNull();
	});

	it("oidcc-client-test-kid-absent-multiple-jwks: without a key's name and with several keys it is refused", async () => {
		const jwks: Mischief["jwks"] = ([key]) => [key!, { ...key!, kid: "another" }];
		expect(await outcomeOf({ ...header(without("kid")), jwks })).toBe("provider_error");
	});

	it("oidcc-client-test-idtoken-sig-rs256: a signature by RS256 is accepted", async () => {
		expect(await outcomeOf(header((right) => ({ ...right, alg: "RS256" })))).toBeNull();
	});

	it("oidcc-client-test-idtoken-sig-none: one without a signature is refused [A31]", async () => {
		expect(await outcomeOf({ idToken: ({ claims }) => unsigned(claims) })).toBe("provider_error");
	});

	it("oidcc-client-test-invalid-sig-rs256: one with a wrong signature is refused [A31]", async () => {
		const { auth, fake } = await openWithProvider();
		fake.mischief.token = (answer) => {
			const [head, body, signature = ""] = String(answer.id_token).split(".");
			const first = signature.startsWith("A") ? "B" : "A";
			return { ...answer, id_token: `${head}.${body}.${first}${signature.slice(1)}` };
		};
		expect(problemOf(await signInAt(fake, auth.browser()))).toBe("provider_error");
	});

	it("oidcc-client-test-userinfo-invalid-sub: user info about somebody else is refused", async () => {
		const mischief = {
			...claims(without("email")),
			userInfo: (right: Claims) => ({ ...right, sub: "somebody-else" }),
		};
		expect(await outcomeOf(mischief)).toBe("provider_error");
	});

	it.each([undefined, "wrong", ""])(
		"oidcc-client-test-nonce-invalid: an ID token of another transaction is refused [ASVS 10.5.1] %j",
		async (nonce) => {
			expect(await outcomeOf(claims((right) => ({ ...right, nonce })))).toBe("provider_error");
		},
	);

	it("oidcc-client-test-scope-userinfo-claims: what the ID token lacks comes from user info", async () => {
		const { auth, fake } = await openWithProvider();
		fake.mischief = claims(({ iss, sub, aud, iat, exp, nonce }) => ({ iss, sub, aud, iat, exp, nonce }));
		const browser = auth.browser();
		await signInAt(fake, browser);
		expect((await browser.get("/api/auth")).body.user).toMatchObject({ name: "Ada Lovelace", email: adaThere.email });
	});

	it("oidcc-client-test-client-secret-basic: the client proves itself by HTTP Basic, form-encoded", async () => {
		const { auth, fake } = await openWithProvider({}, { clientId: "a1-b_c.d", clientSecret: "p:a+ß/% x-y_z" });
		expect(problemOf(await signInAt(fake, auth.browser()))).toBeNull();
		const [name, secret] = atob(fake.lastToken.authorization.replace("Basic ", "")).split(":");
		// What needs no encoding has none: not every server decodes it.
		expect([name, secret]).toEqual(["a1-b_c.d", "p%3Aa%2B%C3%9F%2F%25+x-y_z"]);
		expect(fake.lastToken.body.has("client_secret")).toBe(false);
	});

	it("one that has expired, or holds for later, is refused", async () => {
		const now = Math.floor(Date.now() / 1000);
		expect(await outcomeOf(claims((right) => ({ ...right, exp: now - 60 })))).toBe("provider_error");
		expect(await outcomeOf(claims((right) => ({ ...right, nbf: now + 3600 })))).toBe("provider_error");
	});

	it("proves itself by a key of its own where it has one, to this one audience", async () => {
		const { generateKeyPair, exportPKCS8, decodeJwt } = await import("jose");
		const { privateKey } = await generateKeyPair("ES256", { extractable: true });
		const { auth, fake } = await openWithProvider({}, { privateKey: await exportPKCS8(privateKey), keyId: "k1" });
		expect(problemOf(await signInAt(fake, auth.browser()))).toBeNull();
		const assertion = decodeJwt(fake.lastToken.body.get("client_assertion")!);
		expect(assertion).toMatchObject({ iss: "client-1", sub: "client-1", aud: fake.issuer });
	});
});

describe("Config RP", () => {
	it("oidcc-client-test-discovery-openid-config: the endpoints are those of the metadata", async () => {
		const { auth, fake } = await openWithProvider();
		fake.paths.set("/elsewhere/userinfo", () => ({ ...adaThere, name: "From elsewhere" }));
		fake.mischief = {
			...claims(({ iss, sub, aud, iat, exp, nonce }) => ({ iss, sub, aud, iat, exp, nonce })),
			metadata: (right) => ({ ...right, userinfo_endpoint: `${fake.issuer}/elsewhere/userinfo` }),
		};
		const browser = auth.browser();
		expect(problemOf(await signInAt(fake, browser))).toBeNull();
		expect(fake.requests[0]).toBe("GET /.well-known/openid-configuration");
		expect((await browser.get("/api/auth")).body.user.name).toBe("From elsewhere");
	});

	it("oidcc-client-test-discovery-jwks-uri-keys: the keys are those at the metadata's address", async () => {
		const { auth, fake } = await openWithProvider();
		fake.mischief.metadata = (right) => ({ ...right, jwks_uri: `${fake.issuer}/elsewhere/keys` });
		expect(problemOf(await signInAt(fake, auth.browser()))).toBe("provider_error");
		fake.paths.set("/elsewhere/keys", () => ({ keys: fake.publicKeys }));
		expect(problemOf(await signInAt(fake, auth.browser()))).toBeNull();
		expect(fake.requests).not.toContain("GET /jwks");
	});

	it("oidcc-client-test-idtoken-sig-none: one without a signature is refused, also where the metadata allows it [A31]", async () => {
		const metadata: Mischief["metadata"] = (right) => ({
			...right,
			id_token_signing_alg_values_supported: ["none", "RS256"],
		});
		expect(await outcomeOf({ metadata, idToken: ({ claims }) => unsigned(claims) })).toBe("provider_error");
	});

	it("oidcc-client-test-discovery-issuer-mismatch: metadata of another issuer is refused", async () => {
		const { auth, fake } = await openWithProvider();
		fake.mischief.metadata = (metadata) => ({ ...metadata, issuer: "https://evil.example" });
		expect((await auth.browser().post("/api/auth/oauth/example", {})).body.code).toBe("provider_error");
	});

	it("oidcc-client-test-signing-key-rotation-just-before-signing: a new key is fetched [A44]", async () => {
		const { auth, fake } = await openWithProvider();
		expect(problemOf(await signInAt(fake, auth.browser()))).toBeNull();
		fake.mischief.beforeToken = () => fake.rotateKeys();
		expect(problemOf(await signInAt(fake, auth.browser()))).toBeNull();
	});

	it("oidcc-client-test-signing-key-rotation: and at any later time [A44]", async () => {
		const { auth, fake } = await openWithProvider();
		for (let round = 0; round < 3; round++) {
			expect(problemOf(await signInAt(fake, auth.browser()))).toBeNull();
			await fake.rotateKeys();
		}
	});

	it("metadata without keys, or keys that cannot be read, sign nobody in", async () => {
		expect(await outcomeOf({ jwks: () => [] })).toBe("provider_error");
		expect(await outcomeOf({ metadata: without("jwks_uri") })).toBe("provider_error");
	});
});
