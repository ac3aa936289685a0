import { createSecretKey } from "node:crypto";
import * as fc from "fast-check";
import { jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { signJws } from "../crypto/jws.ts";
import { deriveKeyRing, type KeyPurpose } from "../crypto/keys.ts";
import { randomSecret } from "../crypto/random.ts";
import type { SessionRecord } from "../storage/storage.ts";
import { freshSeconds, hashSessionSecret, SessionTokens } from "./session-token.ts";

const issuer = "https://example.com";
const secret = "the-secret-of-this-site-0123456789abcdef";
const keys = deriveKeyRing([secret], "session-token");
const now = Date.UTC(2026, 0, 1) + 250;
const sid = randomSecret(128);

const session: SessionRecord = {
	id: "0198c0de-0000-7000-8000-000000000001",
	userId: "0198c0de-0000-7000-8000-000000000002",
	epoch: 1,
	generation: 3,
	generationSeen: 2,
	renewedAt: now,
	seenAt: null,
	createdAt: now - 3_600_000,
	lastSeenAt: now,
	idleExpiresAt: now + 3_600_000,
	expiresAt: now + 30 * 24 * 3_600_000,
	authTime: now - 3_600_000,
	amr: ["pwd"],
	level: "aal1",
	address: "203.0.113.5",
	userAgent: "Mozilla/5.0",
};

const claims = {
	iss: issuer,
	aud: "latchkey",
	sub: session.userId,
	sid,
	gen: 3,
	iat: Math.floor(now / 1000),
	exp: Math.floor(session.expiresAt / 1000),
	fresh: Math.ceil(now / 1000) + 900,
	auth_time: Math.floor(session.authTime / 1000),
	amr: ["pwd"],
};
const header = { alg: "HS256", typ: "latchkey-session+jwt", kid: keys.current.id } as const;

function open(ring = keys) {
	return new SessionTokens(ring, issuer);
}

/** A token with other claims, well signed. */
function signed(changed: object, headerChanged: object = {}): string {
	return signJws({ ...header, ...headerChanged }, { ...claims, ...changed }, keys.current.key);
}

describe("a session token", () => {
	it("says what the design names and nothing of the person [ASVS 9.2.2]", () => {
		const token = open().mint(session, sid, now);
		const [head, payload] = token.split(".").map((part) => Buffer.from(part, "base64url").toString());
		expect(JSON.parse(head!)).toEqual(header);
		expect(JSON.parse(payload!)).toEqual(claims);
	});

	it("stays below 1 KB with the longest that goes into it [ASVS 3.3.5]", () => {
		const longest = { ...session, generation: 2 ** 31, amr: ["pwd", "otp", "hwk", "swk", "mfa", "face", "fpt", "pin"] };
		const site = `https://${"a".repeat(63)}.${"b".repeat(63)}.${"c".repeat(63)}.example.com:65535`;
		expect(new SessionTokens(keys, site).mint(longest, sid, now).length).toBeLessThan(1024);
	});

	it("asks for its renewal when that is due and not a moment before", () => {
		for (const at of [now, now + 749, now + 750]) {
			const { fresh } = open().read(open().mint(session, sid, at))!.claims;
			expect(fresh * 1000).toBeGreaterThanOrEqual(at + freshSeconds * 1000);
			expect(fresh * 1000).toBeLessThan(at + freshSeconds * 1000 + 1000);
		}
	});

	it("is read back with the hash under which the store knows its session", () => {
		const tokens = open();
		expect(tokens.read(tokens.mint(session, sid, now))).toEqual({ claims, secretHash: hashSessionSecret(sid) });
	});

	it("verifies with jose, by the key that its kid names", async () => {
		const token = open().mint(session, sid, now);
		const { payload, protectedHeader } = await jwtVerify(token, keys.current.key, {
			issuer,
			audience: "latchkey",
			typ: "latchkey-session+jwt",
			algorithms: ["HS256"],
			currentDate: new Date(now),
		});
		expect(payload).toEqual(claims);
		expect(protectedHeader).toEqual(header);
	});

	it.each<[string, object, object?]>([
		["of another site", { iss: "https://evil.example" }],
		["of this site under http", { iss: "http://example.com" }],
		["without issuer", { iss: undefined }],
		["for another audience", { aud: "elsewhere" }],
		["for a list of audiences", { aud: ["latchkey", "elsewhere"] }],
		["for a list of one", { aud: ["latchkey"] }],
		["for nobody", { aud: undefined }],
		["of another type", {}, { typ: "JWT" }],
		["of the type in capitals", {}, { typ: "LATCHKEY-SESSION+JWT" }],
		["of no type", {}, { typ: undefined }],
		["under an unknown key", {}, { kid: "AAAAAAAA" }],
		["under no key", {}, { kid: undefined }],
		["that names a file as its key", {}, { kid: "../../dev/null" }],
		["with a critical extension", {}, { crit: ["exp"] }],
		["with a claim too many", { role: "admin" }],
		["without subject", { sub: undefined }],
		["with an empty subject", { sub: "" }],
		["with a numeric subject", { sub: 1 }],
		["without sid", { sid: undefined }],
		["with a short sid", { sid: sid.slice(1) }],
		["with a long sid", { sid: `${sid}A` }],
		["without generation", { gen: undefined }],
		["with generation 0", { gen: 0 }],
		["with a negative generation", { gen: -1 }],
		["with half a generation", { gen: 1.5 }],
		["with a generation as text", { gen: "3" }],
		["with a generation past counting", { gen: 2 ** 60 }],
		["without expiry", { exp: undefined }],
		["with an expiry as text", { exp: "9999999999" }],
		["with an expiry of null", { exp: null }],
		["with a broken expiry", { exp: claims.exp + 0.5 }],
		["without issue time", { iat: undefined }],
		["without fresh", { fresh: undefined }],
		["without auth_time", { auth_time: undefined }],
		["without amr", { amr: undefined }],
		["with amr as text", { amr: "pwd" }],
		["with numbers as amr", { amr: [1] }],
	])("%s is refused although it is well signed [A31] [A32] [ASVS 9.2.3]", (_, changed, headerChanged) => {
		expect(open().read(signed({}))).not.toBeNull();
		expect(open().read(signed(changed, headerChanged))).toBeNull();
	});

	it.each<KeyPurpose>(["password", "throttle", "pseudonym"])(
		"signed with the key for %s is refused, under either key's name [A31] [A32]",
		(purpose) => {
			const other = deriveKeyRing([secret], purpose).current;
			expect(open().read(signJws({ ...header, kid: other.id }, claims, other.key))).toBeNull();
			expect(open().read(signJws(header, claims, other.key))).toBeNull();
		},
	);

	it("signed with the secret itself is refused [A31]", () => {
		const key = createSecretKey(Buffer.from(secret));
		expect(open().read(signJws(header, claims, key))).toBeNull();
	});

	it("whose payload is not an object is refused", () => {
		for (const payload of [[], [claims], Object.assign([], claims)]) {
			expect(open().read(signJws(header, payload, keys.current.key))).toBeNull();
		}
	});

	it("is not believed with any character changed, cut or added [ASVS 9.1.1]", () => {
		const token = open().mint(session, sid, now);
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ";
		const tokens = open();
		fc.assert(
			fc.property(fc.nat({ max: token.length - 1 }), fc.constantFrom(...alphabet), (at, character) => {
				fc.pre(token[at] !== character);
				expect(tokens.read(token.slice(0, at) + character + token.slice(at + 1))).toBeNull();
				expect(tokens.read(token.slice(0, at) + character + token.slice(at))).toBeNull();
				expect(tokens.read(token.slice(0, at))).toBeNull();
			}),
			{ numRuns: 500 },
		);
	});

	it("survives the rotation of the secret, and dies with the secret it was signed with [A44]", () => {
		const next = "the-next-secret-of-this-site-0123456789abc";
		const token = open().mint(session, sid, now);
		const added = open(deriveKeyRing([secret, next], "session-token"));
		const moved = open(deriveKeyRing([next, secret], "session-token"));
		const retired = open(deriveKeyRing([next], "session-token"));
		expect(added.read(token)?.claims.sid).toBe(sid);
		expect(moved.read(token)?.claims.sid).toBe(sid);
		expect(retired.read(token)).toBeNull();
		const renewed = moved.mint(session, sid, now);
		expect(added.read(renewed)?.claims.sid).toBe(sid);
		expect(retired.read(renewed)?.claims.sid).toBe(sid);
		expect(open().read(renewed)).toBeNull();
	});
});

describe("the memo of verified tokens", () => {
	it("hands out the same frozen claims to everybody", () => {
		const tokens = open();
		const token = tokens.mint(session, sid, now);
		const verified = tokens.read(token)!;
		expect(tokens.read(token)).toBe(verified);
		for (const part of [verified, verified.claims, verified.claims.amr]) expect(Object.isFrozen(part)).toBe(true);
		expect(() => Object.assign(verified.claims, { sub: "somebody else" })).toThrow(TypeError);
	});

	it("keeps at most 10,000, the newest", () => {
		const tokens = open();
		const minted = Array.from({ length: 10_001 }, (_, at) => tokens.mint(session, sid, now + at * 1000));
		const first = minted.map((token) => tokens.read(token));
		expect(tokens.read(minted[1]!)).toBe(first[1]);
		expect(tokens.read(minted.at(-1)!)).toBe(first.at(-1));
		const again = tokens.read(minted[0]!);
		expect(again).toEqual(first[0]);
		expect(again).not.toBe(first[0]);
	});

	it("keeps nothing of what it refused [A38]", () => {
		const tokens = open();
		const token = tokens.mint(session, sid, now);
		const verified = tokens.read(token);
		for (let at = 0; at < 20_000; at++) tokens.read(`${token}${at}`);
		expect(tokens.read(token)).toBe(verified);
	});
});
