import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { adaThere, type FakeProvider, startFakeProvider } from "../../test/fake-provider.ts";
import { begin, comeBack, openWithProvider, problemOf } from "../../test/oauth-harness.ts";

type Json = Record<string, unknown>;

const theirs = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const weak = generateKeyPairSync("rsa", { modulusLength: 1024 });
const attackers = generateKeyPairSync("rsa", { modulusLength: 2048 });

const jwkOf = (key: KeyObject, more: Json = {}) => ({
	...key.export({ format: "jwk" }),
	kid: "k",
	use: "sig",
	...more,
});
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const rs256 = (input: string, key: KeyObject = theirs.privateKey) => sign("sha256", Buffer.from(input), key);
const hs256 = (input: string, secret: string | Buffer) => createHmac("sha256", secret).update(input).digest();

interface Making {
	claims: Json;
	fake: FakeProvider;
}

interface Case {
	/** What the provider publishes. Default: its one RSA key. */
	keys?: readonly Json[];
	metadata?: Json;
	make: (making: Making) => string;
}

/** Signs in with the ID token that `make` made of the right claims, and answers what came of it. */
async function outcomeOf({ keys = [jwkOf(theirs.publicKey)], metadata = {}, make }: Case) {
	const { auth, fake } = await openWithProvider();
	fake.mischief.jwks = () => keys as never;
	fake.mischief.metadata = (right) => ({ ...right, ...metadata });
	const browser = auth.browser();
	const url = await begin(browser);
	const now = Math.floor(Date.now() / 1000);
	const nonce = new URL(url).searchParams.get("nonce");
	const claims = { ...adaThere, iss: fake.issuer, aud: "client-1", iat: now, exp: now + 300, nonce };
	const id_token = make({ claims, fake });
	fake.mischief.token = (answer) => ({ ...answer, id_token });
	const problem = problemOf(await comeBack(browser, fake.authorize(url)));
	expect((await browser.get("/api/auth")).body.authenticated).toBe(problem === null);
	return problem;
}

function token(header: unknown, claims: unknown, by: (input: string) => Buffer | string): string {
	const input = `${part(header)}.${part(claims)}`;
	const signature = by(input);
	return `${input}.${typeof signature === "string" ? signature : signature.toString("base64url")}`;
}

const right = { alg: "RS256", kid: "k" };
const pem = theirs.publicKey.export({ format: "pem", type: "spki" });
const der = theirs.publicKey.export({ format: "der", type: "spki" });

describe("the signature of an ID token", () => {
	it("is accepted where it is right, so that what follows is refused for its flaw", async () => {
		expect(await outcomeOf({ make: ({ claims }) => token(right, claims, rs256) })).toBeNull();
		const keys = [jwkOf(ec.publicKey)];
		const es256 = (input: string) =>
			sign("sha256", Buffer.from(input), { key: ec.privateKey, dsaEncoding: "ieee-p1363" });
		const metadata = { id_token_signing_alg_values_supported: ["ES256"] };
		const make = ({ claims }: Making) => token({ alg: "ES256", kid: "k" }, claims, es256);
		expect(await outcomeOf({ keys, metadata, make })).toBeNull();
	});

	const confused: [string, Case][] = [
		[
			"HS256 under the public key as PEM",
			{ make: ({ claims }) => token({ ...right, alg: "HS256" }, claims, (i) => hs256(i, pem)) },
		],
		[
			"HS256 under the public key as DER",
			{ make: ({ claims }) => token({ ...right, alg: "HS256" }, claims, (i) => hs256(i, der)) },
		],
		[
			"HS256 under the key set as text",
			{
				make: ({ claims }) =>
					token({ ...right, alg: "HS256" }, claims, (i) => hs256(i, JSON.stringify(jwkOf(theirs.publicKey)))),
			},
		],
		[
			"HS256 under the client's secret",
			{ make: ({ claims }) => token({ ...right, alg: "HS256" }, claims, (i) => hs256(i, "secret-1")) },
		],
		[
			"HS256 under the client's secret, where the provider says that it signs so",
			{
				metadata: { id_token_signing_alg_values_supported: ["HS256", "RS256"] },
				make: ({ claims }) => token({ ...right, alg: "HS256" }, claims, (i) => hs256(i, "secret-1")),
			},
		],
		[
			"HS256 under a secret that the provider publishes",
			{
				keys: [{ kty: "oct", k: Buffer.from("published").toString("base64url"), kid: "k", alg: "HS256" }],
				metadata: { id_token_signing_alg_values_supported: ["HS256"] },
				make: ({ claims }) => token({ ...right, alg: "HS256" }, claims, (i) => hs256(i, "published")),
			},
		],
		[
			"HS256 under an empty secret",
			{ make: ({ claims }) => token({ ...right, alg: "HS256" }, claims, (i) => hs256(i, "")) },
		],
		...["none", "None", "NONE", "nOnE", " none", "none\0", ""].map((alg): [string, Case] => [
			`the algorithm ${JSON.stringify(alg)}`,
			{ make: ({ claims }) => token({ alg }, claims, () => "") },
		]),
		[
			"none, where the provider says that it signs so",
			{
				metadata: { id_token_signing_alg_values_supported: ["none", "RS256"] },
				make: ({ claims }) => token({ alg: "none" }, claims, () => ""),
			},
		],
		["none, with a signature that is right", { make: ({ claims }) => token({ ...right, alg: "none" }, claims, rs256) }],
		["no algorithm", { make: ({ claims }) => token({ kid: "k" }, claims, rs256) }],
		["an algorithm that is no text", { make: ({ claims }) => token({ ...right, alg: ["RS256"] }, claims, rs256) }],
		[
			"RS384, which the provider does not use",
			{
				make: ({ claims }) =>
					token({ ...right, alg: "RS384" }, claims, (i) => sign("sha384", Buffer.from(i), theirs.privateKey)),
			},
		],
		[
			"RS256 said of a signature by ES256",
			{ make: ({ claims }) => token(right, claims, (i) => sign("sha256", Buffer.from(i), ec.privateKey)) },
		],
		[
			"ES256 under an RSA key",
			{
				metadata: { id_token_signing_alg_values_supported: ["ES256", "RS256"] },
				make: ({ claims }) => token({ ...right, alg: "ES256" }, claims, rs256),
			},
		],
	];

	it.each(confused)("[A31] is refused: %s", async (_, attack) => {
		expect(await outcomeOf(attack)).toBe("provider_error");
	});

	const keys: [string, Case][] = [
		[
			"an attacker's, in the header",
			{
				make: ({ claims }) =>
					token({ ...right, jwk: jwkOf(attackers.publicKey) }, claims, (i) => rs256(i, attackers.privateKey)),
			},
		],
		[
			"an attacker's, in the header and without a name",
			{
				make: ({ claims }) =>
					token({ alg: "RS256", jwk: jwkOf(attackers.publicKey) }, claims, (i) => rs256(i, attackers.privateKey)),
			},
		],
		[
			"an attacker's, of the provider's name",
			{ make: ({ claims }) => token(right, claims, (i) => rs256(i, attackers.privateKey)) },
		],
		[
			"one that is for encryption",
			{ keys: [jwkOf(theirs.publicKey, { use: "enc" })], make: ({ claims }) => token(right, claims, rs256) },
		],
		[
			"one that may do something else",
			{
				keys: [jwkOf(theirs.publicKey, { use: undefined, key_ops: ["encrypt"] })],
				make: ({ claims }) => token(right, claims, rs256),
			},
		],
		[
			"one for another algorithm",
			{ keys: [jwkOf(theirs.publicKey, { alg: "PS256" })], make: ({ claims }) => token(right, claims, rs256) },
		],
		[
			"one that is too short",
			{ keys: [jwkOf(weak.publicKey)], make: ({ claims }) => token(right, claims, (i) => rs256(i, weak.privateKey)) },
		],
		...["../../k", "k\0", "K", "k' or '1'='1", "__proto__", "/dev/null"].map((kid): [string, Case] => [
			`one of the name ${JSON.stringify(kid)}`,
			{ make: ({ claims }) => token({ ...right, kid }, claims, rs256) },
		]),
		[
			"two of one name",
			{
				keys: [jwkOf(theirs.publicKey), jwkOf(attackers.publicKey)],
				make: ({ claims }) => token(right, claims, rs256),
			},
		],
	];

	it.each(keys)("[A31] is refused under a key that is not the provider's for it: %s", async (_, attack) => {
		expect(await outcomeOf(attack)).toBe("provider_error");
	});

	it("[A31] [A37] has its key looked up where the provider's metadata says, whatever its header says", async () => {
		const elsewhere = await startFakeProvider();
		for (const name of ["jku", "x5u"]) {
			const header = { ...right, [name]: `${elsewhere.issuer}/jwks` };
			const make = ({ claims }: Making) => token(header, claims, (i) => rs256(i, attackers.privateKey));
			expect(await outcomeOf({ make })).toBe("provider_error");
		}
		expect(elsewhere.requests).toEqual([]);
	});

	const forms: [string, Case["make"]][] = [
		["nothing", () => ""],
		["two parts", ({ claims }) => `${part(right)}.${part(claims)}`],
		["four parts", ({ claims }) => `${token(right, claims, rs256)}.x`],
		["five parts, as what is encrypted", ({ claims }) => `${token(right, claims, rs256)}.x.y`],
		["an empty signature", ({ claims }) => token(right, claims, () => "")],
		["a line break before it", ({ claims }) => `\n${token(right, claims, rs256)}`],
		["characters that are none of the alphabet", ({ claims }) => token(right, claims, rs256).replace(/.$/, "=")],
		[
			"a header that must be understood and is not",
			({ claims }) => token({ ...right, crit: ["exp"], exp: 1 }, claims, rs256),
		],
		["a payload that is not encoded", ({ claims }) => token({ ...right, b64: false, crit: ["b64"] }, claims, rs256)],
		["claims that are a list", ({ claims }) => token(right, [claims], rs256)],
		["claims that are null", () => token(right, null, rs256)],
		["a header that is a list", ({ claims }) => token([right], claims, rs256)],
	];

	it.each(forms)("[A31] is refused in another form: %s", async (_, make) => {
		expect(await outcomeOf({ make })).toBe("provider_error");
	});

	it("[A32] is no other token's: one of another client, issuer or transaction", async () => {
		for (const wrong of [
			{ aud: "client-2" },
			{ iss: "https://other.example" },
			{ nonce: "x" },
			{ azp: "client-2", aud: ["client-1", "client-2"] },
		]) {
			const make = ({ claims }: Making) => token(right, { ...claims, ...wrong }, rs256);
			expect(await outcomeOf({ make }), JSON.stringify(wrong)).toBe("provider_error");
		}
	});

	it("[A32] is no logout token's", async () => {
		const events = { "http://schemas.openid.net/event/backchannel-logout": {} };
		const make = ({ claims: { nonce: _, ...claims } }: Making) =>
			token({ ...right, typ: "logout+jwt" }, { ...claims, events, jti: "1" }, rs256);
		expect(await outcomeOf({ make })).toBe("provider_error");
	});
});
