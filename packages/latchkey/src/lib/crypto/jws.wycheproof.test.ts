import { createPublicKey, createSecretKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { verifyJws } from "./jws.ts";

interface Vector {
	tcId: number;
	comment: string;
	jws: unknown;
	result: "valid" | "invalid";
}

interface VectorGroup {
	comment: string;
	private?: JsonWebKey;
	public?: JsonWebKey;
	tests: Vector[];
}

const repository = join(import.meta.dirname, "../../../../..");
const folder = process.env.LATCHKEY_VECTORS ?? join(repository, "../shared/vectors");
const file = join(folder, "json_web_signature_test.json");

/** Valid to Wycheproof, refused here. */
const stricter = new Map([
	[372, "a stray character inside the header, which is skipped when it is decoded"],
	[373, "a stray character inside the payload, which is skipped when it is decoded"],
]);

/** Invalid to Wycheproof, but letter for letter a token that it calls valid: the padding that they are about was lost. */
const contradictory = new Map([
	[367, 357],
	[370, 357],
]);

if (existsSync(file)) {
	tryVectors(JSON.parse(readFileSync(file, "utf8")) as { numberOfTests: number; testGroups: VectorGroup[] });
} else {
	const missing = "Wycheproof's JWS vectors did not run: LATCHKEY_VECTORS names no folder with";
	console.info(`${missing} json_web_signature_test.json, from github.com/C2SP/wycheproof (testvectors_v1).`);
	it("waits for Wycheproof's vectors", () => {
		expect(existsSync(file)).toBe(false);
	});
}

function tryVectors({ numberOfTests, testGroups }: { numberOfTests: number; testGroups: VectorGroup[] }): void {
	describe("Wycheproof's JWS vectors [A31] [ASVS 9.1.1] [ASVS 9.1.2]", () => {
		const ours = testGroups.filter((group) => keyOf(group).kty === "oct");
		const others = testGroups.filter((group) => keyOf(group).kty !== "oct");

		it("are all there", () => {
			expect(testGroups.flatMap(({ tests }) => tests)).toHaveLength(numberOfTests);
			expect(ours.flatMap(({ tests }) => tests).length).toBeGreaterThanOrEqual(40);
		});

		for (const group of ours) {
			const { k, kid, alg } = keyOf(group);
			const key = createSecretKey(Buffer.from(k!, "base64url"));

			it.each(group.tests)(`${alg} ${group.comment} $tcId $comment: $result`, ({ tcId, jws, result }) => {
				const payload = verify(jws, key, kid as string);
				const refused = stricter.has(tcId) || (result === "invalid" && !contradictory.has(tcId));
				if (refused) expect(payload).toBeNull();
				else expect(payload).toBe(Buffer.from(String(jws).split(".")[1]!, "base64url").toString());
			});
		}

		it("are accepted wherever they are valid, apart from the few that are refused for a reason", () => {
			const refused = ours.flatMap((group) => {
				const { k, kid } = keyOf(group);
				const key = createSecretKey(Buffer.from(k!, "base64url"));
				return group.tests.filter(({ jws, result }) => result === "valid" && verify(jws, key, kid as string) === null);
			});
			expect(refused.map(({ tcId }) => tcId)).toEqual([...stricter.keys()]);
		});

		it("contradict themselves in two places, and those are refused as they were meant", () => {
			const cases = new Map(ours.flatMap(({ tests }) => tests).map((one) => [one.tcId, one]));
			const key = createSecretKey(Buffer.alloc(32));
			for (const [invalid, valid] of contradictory) {
				expect(cases.get(invalid)).toMatchObject({ jws: cases.get(valid)!.jws, result: "invalid" });
				expect(cases.get(valid)!.result).toBe("valid");
				const [head, payload, mac] = String(cases.get(valid)!.jws).split(".");
				expect(verify(`${head}.${payload}.${mac}`, key)).not.toBeNull();
				expect(verify(`${head}.${payload}.${mac}=`, key)).toBeNull();
				expect(verify(`${head}.${payload}==.${mac}`, key)).toBeNull();
			}
		});

		it.each(others)("$comment: an algorithm that we do not implement is refused under any key", (group) => {
			for (const key of keysOfAnySort(keyOf(group))) {
				for (const { jws } of group.tests) expect(verify(jws, key)).toBeNull();
			}
		});
	});
}

/** Takes whatever `kid` comes, unless one is wanted. */
function verify(jws: unknown, key: KeyObject, kid?: string): string | null {
	const token = typeof jws === "string" ? jws : JSON.stringify(jws);
	return verifyJws(token, {
		algorithms: ["HS256"],
		typ: undefined,
		key: (named) => (kid === undefined || named === kid ? key : undefined),
	});
}

function keyOf(group: VectorGroup): JsonWebKey {
	return (group.public ?? group.private)!;
}

/** Everything public about a key that somebody might mistake for an HMAC key. */
function keysOfAnySort(jwk: JsonWebKey): KeyObject[] {
	const { n, e, x, y, ...rest } = jwk;
	const numbers = [n, e, x, y].filter((part) => part !== undefined);
	const spki = createPublicKey({ key: publicPart(jwk), format: "jwk" });
	const bytes = [
		...numbers.flatMap((part) => [Buffer.from(part, "base64url"), Buffer.from(part)]),
		spki.export({ format: "der", type: "spki" }),
		Buffer.from(spki.export({ format: "pem", type: "spki" })),
		Buffer.from(JSON.stringify({ ...rest, n, e, x, y })),
		Buffer.alloc(0),
	];
	return bytes.map((each) => createSecretKey(each));
}

function publicPart({ kty, n, e, crv, x, y }: JsonWebKey): JsonWebKey {
	return kty === "RSA" ? { kty, n: n!, e: e! } : { kty: kty!, crv: crv!, x: x!, y: y! };
}
