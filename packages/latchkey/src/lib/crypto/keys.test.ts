import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { deriveKeyRing, type KeyPurpose, keyedName } from "./keys.ts";

const first = "the-first-secret-0123456789-abcdefghijklmn";
const second = "the-second-secret-0123456789-abcdefghijklm";
const purposes: readonly KeyPurpose[] = ["session-token", "password", "throttle", "pseudonym"];

function bytesOf(secret: string, purpose: KeyPurpose): string {
	return deriveKeyRing([secret], purpose).current.key.export().toString("hex");
}

/** HKDF-SHA-256 for up to 32 bytes, written down from RFC 5869, section 2. */
function hkdf(secret: string, label: string, length: number): Buffer {
	const extracted = createHmac("sha256", "latchkey").update(secret).digest();
	return createHmac("sha256", extracted).update(`latchkey/1/${label}\x01`).digest().subarray(0, length);
}

describe("deriveKeyRing", () => {
	it("derives by RFC 5869, so that other machines and later versions come to the same keys", () => {
		for (const purpose of purposes) {
			const { id, key } = deriveKeyRing([first], purpose).current;
			expect(key.export()).toEqual(hkdf(first, `${purpose}/key`, 32));
			expect(id).toBe(hkdf(first, `${purpose}/id`, 6).toString("base64url"));
		}
	});

	it("has a key and a name of its own for each purpose and each secret [A32] [ASVS 11.2.3]", () => {
		const all = [first, second].flatMap((secret) =>
			purposes.map((purpose) => deriveKeyRing([secret], purpose).current),
		);
		expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
		expect(new Set(all.map(({ key }) => key.export().toString("hex"))).size).toBe(all.length);
		for (const { key } of all) expect(key.symmetricKeySize).toBe(32);
	});

	it("holds nothing of the secret in what it makes public", () => {
		const { id } = deriveKeyRing([first], "session-token").current;
		expect(id).toMatch(/^[A-Za-z0-9_-]{8}$/);
		expect(bytesOf(first, "session-token").startsWith(Buffer.from(id, "base64url").toString("hex"))).toBe(false);
	});

	it("makes new values with the first secret and finds old ones by any [A44]", () => {
		const old = deriveKeyRing([first], "session-token");
		const added = deriveKeyRing([first, second], "session-token");
		const moved = deriveKeyRing([second, first], "session-token");
		const retired = deriveKeyRing([second], "session-token");
		expect(added.current.id).toBe(old.current.id);
		expect(moved.current.id).toBe(retired.current.id);
		for (const ring of [added, moved]) {
			for (const { id, key } of [old.current, retired.current]) expect(ring.find(id)?.key.equals(key)).toBe(true);
		}
		expect(retired.find(old.current.id)).toBeUndefined();
		expect(old.find(retired.current.id)).toBeUndefined();
	});

	it("finds nothing under a name that is not a key's", () => {
		const ring = deriveKeyRing([first], "session-token");
		for (const id of ["", "__proto__", "constructor", ring.current.id.toLowerCase(), `${ring.current.id}=`]) {
			if (id !== ring.current.id) expect(ring.find(id)).toBeUndefined();
		}
	});

	it("does not work without a secret", () => {
		expect(() => deriveKeyRing([], "session-token")).toThrow(TypeError);
	});
});

describe("keyedName", () => {
	it("is the same for the same text and tells nothing of it without the key", () => {
		const one = deriveKeyRing([first], "throttle").current.key;
		const other = deriveKeyRing([second], "throttle").current.key;
		expect(keyedName(one, "203.0.113.5")).toBe(keyedName(one, "203.0.113.5"));
		expect(keyedName(one, "203.0.113.5")).not.toBe(keyedName(other, "203.0.113.5"));
		expect(keyedName(one, "203.0.113.5")).not.toBe(keyedName(one, "203.0.113.6"));
		expect(keyedName(one, "203.0.113.5")).toMatch(/^[A-Za-z0-9_-]{32}$/);
	});
});
