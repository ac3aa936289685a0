import { createHmac, createSecretKey, randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { CompactSign, compactVerify, UnsecuredJWT } from "jose";
import { describe, expect, it } from "vitest";
import { signJws, verifyJws } from "./jws.ts";

const bytes = randomBytes(32);
const key = createSecretKey(bytes);
const typ = "test+jwt";
const kid = "key-1";
const header = { alg: "HS256", typ, kid } as const;
const payload = { sub: "ada", n: 1 };
const token = signJws(header, payload, key);

function verify(given: string, expected: { typ?: string | undefined; key?: typeof key } = {}): string | null {
	const wanted = "typ" in expected ? expected.typ : typ;
	return verifyJws(given, {
		algorithms: ["HS256"],
		typ: wanted,
		key: (id) => (id === kid ? (expected.key ?? key) : undefined),
	});
}

function encode(text: string): string {
	return Buffer.from(text).toString("base64url");
}

/** A token of these very texts, signed as it should be. */
function signedRaw(headerText: string, payloadText = JSON.stringify(payload), by: Buffer = bytes): string {
	return signedParts(encode(headerText), encode(payloadText), by);
}

function signedParts(head: string, body: string, by: Buffer = bytes): string {
	return `${head}.${body}.${createHmac("sha256", by).update(`${head}.${body}`).digest("base64url")}`;
}

describe("verifyJws", () => {
	it("gives back what was signed", () => {
		expect(JSON.parse(verify(token)!)).toEqual(payload);
		expect(verify(signedRaw(JSON.stringify(header)))).toBe(JSON.stringify(payload));
	});

	it("takes spaces in the header's JSON and any order of its members", () => {
		expect(verify(signedRaw(`{ "kid" : "${kid}",\n\t"typ":"${typ}", "alg":"HS256" }`))).not.toBeNull();
	});

	it.each(["none", "None", "NONE", "nOnE", "", "HS384", "HS512", "hs256", "HS256 ", "RS256", "ES256", "A128KW", "dir"])(
		"refuses the algorithm %j, signed or not [A31] [ASVS 9.1.2]",
		(alg) => {
			const given = signedRaw(JSON.stringify({ ...header, alg }));
			const unsigned = given.slice(0, given.lastIndexOf("."));
			for (const attempt of [given, unsigned, `${unsigned}.`]) expect(verify(attempt)).toBeNull();
		},
	);

	it("refuses jose's unsecured JWT [A31]", () => {
		const unsecured = new UnsecuredJWT({ sub: "ada" }).encode();
		expect(verify(unsecured, { typ: undefined })).toBeNull();
	});

	it.each<[string, object]>([
		["jwk", { jwk: { kty: "oct", k: bytes.toString("base64url") } }],
		["jku", { jku: "https://evil.example/jwks.json" }],
		["x5u", { x5u: "https://evil.example/x5u.pem" }],
		["x5c", { x5c: ["AAAA"] }],
		["crit", { crit: ["exp"], exp: 1 }],
		["an empty crit", { crit: [] }],
		["b64", { b64: false, crit: ["b64"] }],
		["zip", { zip: "DEF" }],
		["cty", { cty: "JWT" }],
		["enc", { enc: "A256GCM" }],
		["a member of its own", { admin: true }],
	])("refuses a header with %s, however well signed [A31] [ASVS 9.1.3]", (_, more) => {
		expect(verify(signedRaw(JSON.stringify({ ...header, ...more })))).toBeNull();
	});

	it.each<[string, unknown]>([
		["an algorithm that is a list", { ...header, alg: ["HS256"] }],
		["no algorithm", { typ, kid }],
		["a type that is a number", { ...header, typ: 1 }],
		["a key id that is a list", { ...header, kid: [kid] }],
		["a key id of null", { ...header, kid: null }],
		["null", null],
		["a list", [header]],
		["a text", "HS256"],
		["a number", 1],
	])("refuses a header that is or has %s", (_, head) => {
		expect(verify(signedRaw(JSON.stringify(head)))).toBeNull();
	});

	it("refuses a header that is not JSON, or that two parsers read differently", () => {
		expect(verify(signedRaw("{alg:HS256}"))).toBeNull();
		expect(verify(signedRaw(`${JSON.stringify(header)}{}`))).toBeNull();
		expect(verify(signedRaw(`\ufeff${JSON.stringify(header)}`))).toBeNull();
		expect(verify(signedRaw(`{"__proto__":{"alg":"HS256","typ":"${typ}","kid":"${kid}"}}`))).toBeNull();
	});

	it("lets no duplicate member of the header take the place of a signature [A31]", () => {
		const twice = (first: string, last: string) => `{"alg":"${first}","alg":"${last}","typ":"${typ}","kid":"${kid}"}`;
		expect(verify(signedRaw(twice("HS256", "none")))).toBeNull();
		for (const order of [twice("none", "HS256"), twice("HS256", "none")]) {
			const unsigned = `${encode(order)}.${encode(JSON.stringify(payload))}.`;
			expect(verify(unsigned)).toBeNull();
			expect(verify(signedRaw(order, undefined, randomBytes(32)))).toBeNull();
		}
	});

	it("refuses another type, and one where none is expected [A32] [ASVS 9.2.2]", () => {
		expect(verify(token, { typ: "other+jwt" })).toBeNull();
		expect(verify(token, { typ: undefined })).toBeNull();
		expect(verify(signedRaw(JSON.stringify({ alg: "HS256", kid })), { typ: undefined })).not.toBeNull();
		expect(verify(signedRaw(JSON.stringify({ alg: "HS256", kid })))).toBeNull();
	});

	it("refuses another key, an unknown one and none, and tries no other [A31]", () => {
		expect(verify(token, { key: createSecretKey(randomBytes(32)) })).toBeNull();
		expect(verify(signedRaw(JSON.stringify({ ...header, kid: "key-2" })))).toBeNull();
		expect(verify(signedRaw(JSON.stringify({ alg: "HS256", typ })))).toBeNull();
		expect(verifyJws(token, { algorithms: ["HS256"], typ, key: () => undefined })).toBeNull();
		expect(verifyJws(token, { algorithms: [], typ, key: () => key })).toBeNull();
	});

	it.each(["", "HS256", "a-public-key"])("refuses what was signed with the key %j [A31]", (guess) => {
		expect(verify(signedRaw(JSON.stringify(header), undefined, Buffer.from(guess)))).toBeNull();
	});

	it("refuses every other spelling of the signature's last character", () => {
		const last = token.at(-1)!;
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
		const same = [...alphabet].filter((other) => {
			const decoded = Buffer.from(token.slice(0, -1).split(".")[2]! + other, "base64url");
			return decoded.equals(Buffer.from(token.split(".")[2]!, "base64url"));
		});
		expect(same).toHaveLength(4);
		for (const other of alphabet) {
			if (other !== last) expect(verify(token.slice(0, -1) + other)).toBeNull();
		}
	});

	it.each([
		["padding", (part: string) => `${part}=`],
		["a space", (part: string) => `${part} `],
		["a line break", (part: string) => `\n${part}`],
		["a stray character", (part: string) => `${part.slice(0, 4)}?${part.slice(4)}`],
		["a character of the other alphabet", (part: string) => `${part.slice(0, 4)}+${part.slice(4)}`],
	])("refuses %s in header or payload, also signed as it is", (_, change) => {
		const [head, body] = token.split(".") as [string, string];
		expect(verify(signedParts(change(head), body))).toBeNull();
		expect(verify(signedParts(head, change(body)))).toBeNull();
	});

	it("refuses unused bits that are set, also signed as they are", () => {
		const [head] = token.split(".") as [string];
		expect(verify(signedParts(head, "AA"))).not.toBeNull();
		expect(verify(signedParts(head, "AB"))).toBeNull();
	});

	it("refuses a payload that is empty or not UTF-8", () => {
		const [head] = token.split(".") as [string];
		expect(verify(signedParts(head, ""))).toBeNull();
		expect(verify(signedParts(head, Buffer.from([0x22, 0xff, 0x22]).toString("base64url")))).toBeNull();
	});

	it("refuses anything that has not three parts", () => {
		const [head, body, signature] = token.split(".") as [string, string, string];
		const attempts = ["", ".", "..", "...", head, `${head}.${body}`, `${head}..${signature}`, `.${body}.${signature}`];
		attempts.push(
			`${token}.`,
			`${token}.${signature}`,
			`.${token}`,
			`${head}.${body}.${signature}.${body}.${signature}`,
		);
		attempts.push(JSON.stringify({ protected: head, payload: body, signature }));
		for (const attempt of attempts) expect(verify(attempt)).toBeNull();
	});

	it("accepts none of 2,000 random changes [ASVS 9.1.1]", () => {
		const other = signJws(header, { sub: "bob", n: 2 }, key);
		const change = fc.oneof(
			fc
				.tuple(fc.nat({ max: token.length - 1 }), fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 1 }))
				.map(([at, character]) => token.slice(0, at) + character + token.slice(at + 1)),
			fc.nat({ max: token.length - 1 }).map((at) => token.slice(0, at) + token.slice(at + 1)),
			fc
				.tuple(fc.nat({ max: token.length }), fc.string({ unit: "grapheme", minLength: 1, maxLength: 3 }))
				.map(([at, text]) => token.slice(0, at) + text + token.slice(at)),
			fc.tuple(fc.nat({ max: token.length - 1 }), fc.nat({ max: token.length - 1 })).map(([a, b]) => swap(token, a, b)),
			fc.nat({ max: token.length - 1 }).map((at) => token.slice(0, at) + other.slice(at)),
		);
		let tried = 0;
		fc.assert(
			fc.property(change, (attempt) => {
				fc.pre(attempt !== token && attempt !== other);
				tried += 1;
				expect(verify(attempt)).toBeNull();
			}),
			{ numRuns: 2000 },
		);
		expect(tried).toBeGreaterThanOrEqual(2000);
	});

	it("agrees with jose in both directions", async () => {
		await fc.assert(
			fc.asyncProperty(fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()), async (content) => {
				const text = JSON.stringify(content);
				const theirs = await new CompactSign(Buffer.from(text)).setProtectedHeader({ ...header }).sign(key);
				expect(verify(theirs)).toBe(text);
				const verified = await compactVerify(signJws(header, content, key), key, { algorithms: ["HS256"] });
				expect(Buffer.from(verified.payload).toString()).toBe(text);
				expect(verified.protectedHeader).toEqual(header);
			}),
			{ numRuns: 50 },
		);
	});
});

function swap(text: string, a: number, b: number): string {
	const characters = [...text];
	[characters[a], characters[b]] = [characters[b]!, characters[a]!];
	return characters.join("");
}
