import {
	constants,
	createHash,
	createPrivateKey,
	createPublicKey,
	type JsonWebKey,
	type KeyObject,
	privateEncrypt,
	publicDecrypt,
	sign,
} from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { adaThere, type FakeProvider } from "../../../test/fake-provider.ts";
import { begin, comeBack, openWithProvider, problemOf } from "../../../test/oauth-harness.ts";

interface Vector {
	tcId: number;
	comment: string;
	jws: unknown;
	result: "valid" | "invalid";
}

interface VectorGroup {
	comment: string;
	private: JsonWebKey;
	public?: JsonWebKey;
	tests: Vector[];
}

const repository = join(import.meta.dirname, "../../../../..");
const folder = process.env.LATCHKEY_VECTORS ?? join(repository, "../shared/vectors");
const file = join(folder, "json_web_signature_test.json");

/** Valid to Wycheproof, refused here: a key that names another algorithm than the token. */
const stricter: ReadonlySet<string> = new Set(["PS256 bilbo", "ES521 bilbo"]);

if (existsSync(file)) {
	tryVectors((JSON.parse(readFileSync(file, "utf8")) as { testGroups: VectorGroup[] }).testGroups);
} else {
	console.info("Wycheproof's JWS vectors did not run on ID tokens: jws.wycheproof.test.ts says where they come from.");
	it("waits for Wycheproof's vectors", () => {
		expect(existsSync(file)).toBe(false);
	});
}

/**
 * The vectors sign texts that are no ID tokens. So each is transplanted: its header and the flaw of its signature onto the
 * claims that would sign somebody in, at a provider whose key is the vector's. What is refused is refused for the flaw.
 */
function tryVectors(groups: readonly VectorGroup[]): void {
	const asymmetric = groups.filter((group) => group.public !== undefined);
	const named = asymmetric.map((group, index): [string, VectorGroup] => [`${index}: ${group.comment}`, group]);

	describe("Wycheproof's JWS vectors, as ID tokens [A31] [ASVS 9.1.1] [ASVS 9.1.2]", () => {
		it("are there", () => {
			expect(asymmetric.flatMap(({ tests }) => tests).length).toBeGreaterThanOrEqual(350);
		});

		it.each(named)("%s", { timeout: 120_000 }, async (_, group) => {
			const opened = new Map<string, Awaited<ReturnType<typeof openWithProvider>>>();
			const outcomes: [Vector, string | null][] = [];
			for (const vector of group.tests) {
				const alg = algorithmOf(group, vector);
				const { auth, fake } = opened.get(alg) ?? (await openWithProvider());
				opened.set(alg, { auth, fake });
				fake.mischief.jwks = () => [group.public!];
				fake.mischief.metadata = (right) => ({ ...right, id_token_signing_alg_values_supported: [alg] });
				const browser = auth.browser();
				const url = await begin(browser);
				const id_token = transplant(group, vector, alg, claimsFor(fake, url));
				fake.mischief.token = (answer) => ({ ...answer, id_token });
				outcomes.push([vector, problemOf(await comeBack(browser, fake.authorize(url)))]);
			}
			const isStricter = stricter.has(`${group.public?.alg} ${String(group.public?.kid).split(".")[0]}`);
			for (const [{ tcId, comment, result }, problem] of outcomes) {
				const expected = result === "valid" && !isStricter ? null : "provider_error";
				expect(problem, `${tcId} ${comment}`).toBe(expected);
			}
		});
	});
}

function claimsFor(fake: FakeProvider, authorizationUrl: string): string {
	const now = Math.floor(Date.now() / 1000);
	const nonce = new URL(authorizationUrl).searchParams.get("nonce");
	const claims = { ...adaThere, iss: fake.issuer, aud: "client-1", iat: now, exp: now + 300, nonce };
	return Buffer.from(JSON.stringify(claims)).toString("base64url");
}

/** The algorithm of the provider: of a valid token its own, and else that of the group. */
function algorithmOf({ public: key = {}, tests }: VectorGroup, vector: Vector): string {
	const valid = vector.result === "valid" ? vector : tests.find(({ result }) => result === "valid");
	return String(headerOf((valid ?? vector).jws).alg ?? key.alg);
}

function headerOf(jws: unknown): { alg?: string } {
	return JSON.parse(Buffer.from(String(jws).split(".")[0]!, "base64url").toString()) as { alg?: string };
}

function transplant(group: VectorGroup, { jws, result, comment }: Vector, alg: string, payload: string): string {
	if (typeof jws !== "string") return JSON.stringify(jws);
	const [header = "", original = "", signature] = jws.split(".");
	const key = createPrivateKey({ key: group.private, format: "jwk" });
	const isFlawOfKey = /Wrong(Use|KeyOps)/.test(comment);
	if (result === "valid" || isFlawOfKey) return `${header}.${payload}.${signed(alg, `${header}.${payload}`, key)}`;
	// What is missing stays missing.
	if (signature === undefined || original === "") return jws;
	return `${header}.${payload}.${withFlaw(alg, signature, `${header}.${original}`, `${header}.${payload}`, key)}`;
}

function signed(alg: string, input: string, key: KeyObject): string {
	const hash = `sha${alg.slice(-3)}`;
	const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
	const how = alg.startsWith("PS") ? { key, ...pss } : { key, dsaEncoding: "ieee-p1363" as const };
	return sign(hash, Buffer.from(input), how).toString("base64url");
}

/**
 * A signature by RSA with what is wrong about its padding, over another text: the digest inside is exchanged. Any other
 * signature as it is: zeros and sizes out of range are wrong over every text.
 */
function withFlaw(alg: string, signature: string, before: string, after: string, key: KeyObject): string {
	const bytes = Buffer.from(signature, "base64url");
	const size = (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
	if (!alg.startsWith("RS") || bytes.length !== size) return signature;
	const raw = { padding: constants.RSA_NO_PADDING };
	const encoded = publicDecrypt({ key: createPublicKey(key), ...raw }, bytes);
	const digest = (input: string) =>
		createHash(`sha${alg.slice(-3)}`)
			.update(input)
			.digest();
	const at = encoded.indexOf(digest(before));
	if (at === -1) return signature;
	digest(after).copy(encoded, at);
	return privateEncrypt({ key, ...raw }, encoded).toString("base64url");
}
