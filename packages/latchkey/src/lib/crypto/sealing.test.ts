import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deriveKeyRing } from "./keys.ts";
import { isSealedUnderCurrentKey, seal, unseal } from "./sealing.ts";

const first = "the-first-secret-0123456789-abcdefghijklmn";
const second = "the-second-secret-0123456789-abcdefghijklm";
const ring = deriveKeyRing([first], "password");
const context = "password:ada";
const text = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";
const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

describe("sealing [ASVS 11.3.2] [ASVS 11.3.3]", () => {
	it("opens whatever was sealed", () => {
		fc.assert(
			fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (where, what) => {
				expect(unseal(ring, where, seal(ring, where, what))).toBe(what);
			}),
		);
	});

	it("shows nothing of the text, and never the same twice [ASVS 11.3.4]", () => {
		const sealed = Array.from({ length: 1000 }, () => seal(ring, context, text));
		expect(new Set(sealed.map((each) => each.split(".")[2]!.slice(0, 16))).size).toBe(1000);
		for (const each of sealed) expect(each).not.toContain("argon2id");
	});

	it("does not open in another row or another column", () => {
		const sealed = seal(ring, context, text);
		for (const elsewhere of ["password:bob", "password:", "", "totp:ada", "password:ada ", "Password:ada"]) {
			expect(unseal(ring, elsewhere, sealed)).toBeNull();
		}
	});

	it("does not open with the key of another purpose or another secret, whatever the key is called", () => {
		const sealed = seal(ring, context, text);
		const [version, , encoded] = sealed.split(".");
		for (const other of [deriveKeyRing([first], "session-token"), deriveKeyRing([second], "password")]) {
			expect(unseal(other, context, sealed)).toBeNull();
			expect(unseal(other, context, `${version}.${other.current.id}.${encoded}`)).toBeNull();
		}
	});

	it("does not open with any character changed, cut, added or spelled otherwise [ASVS 11.2.5]", () => {
		const sealed = seal(ring, context, text);
		for (let at = 0; at < sealed.length; at++) {
			expect(unseal(ring, context, sealed.slice(0, at))).toBeNull();
			expect(unseal(ring, context, sealed.slice(0, at) + sealed.slice(at + 1))).toBeNull();
			for (const character of [...base64url, ".", "=", "+", "/", " ", "\n", "?"]) {
				if (character === sealed[at]) continue;
				expect(unseal(ring, context, sealed.slice(0, at) + character + sealed.slice(at + 1))).toBeNull();
			}
			for (const character of ["A", ".", "=", "?"]) {
				expect(unseal(ring, context, sealed.slice(0, at) + character + sealed.slice(at))).toBeNull();
			}
		}
		for (const more of [".", "=", "A", "?", `.${sealed}`]) expect(unseal(ring, context, sealed + more)).toBeNull();
	});

	it("does not open with a shortened authentication tag", () => {
		const [version, id, encoded] = seal(ring, context, text).split(".");
		const bytes = Buffer.from(encoded!, "base64url");
		for (let length = 0; length < bytes.length; length++) {
			const cut = bytes.subarray(0, length).toString("base64url");
			expect(unseal(ring, context, `${version}.${id}.${cut}`)).toBeNull();
		}
	});

	it.each(["", ".", "..", "1..", "2.x.y", "plain text", text])("does not open %j", (given) => {
		expect(unseal(ring, context, given)).toBeNull();
	});

	it("survives rotation, and tells what is to be sealed anew [A44] [ASVS 11.2.2]", () => {
		const sealed = seal(ring, context, text);
		const rotated = deriveKeyRing([second, first], "password");
		expect(unseal(rotated, context, sealed)).toBe(text);
		expect(isSealedUnderCurrentKey(ring, sealed)).toBe(true);
		expect(isSealedUnderCurrentKey(rotated, sealed)).toBe(false);
		const anew = seal(rotated, context, text);
		expect(isSealedUnderCurrentKey(rotated, anew)).toBe(true);
		expect(unseal(ring, context, anew)).toBeNull();
		expect(unseal(deriveKeyRing([second], "password"), context, sealed)).toBeNull();
	});
});
