import * as fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { listCommonPasswords } from "./common-passwords.ts";
import { checkPassword, type PasswordRules } from "./password-policy.ts";

const rules: PasswordRules = { minLength: 15, maxLength: 256, context: [] };

async function outcome(password: string, changes: Partial<PasswordRules> = {}): Promise<string> {
	const check = await checkPassword(password, { ...rules, ...changes });
	return check.ok ? "ok" : check.reason;
}

afterEach(() => void vi.restoreAllMocks());

describe("checkPassword: length", () => {
	it("refuses 14 code points and takes 15 [ASVS 6.2.1]", async () => {
		expect(await outcome("vdkqhzmwptbrlx")).toBe("too_short");
		expect(await outcome("vdkqhzmwptbrlxn")).toBe("ok");
	});

	it("refuses 7 code points and takes 8 where the caller says so [ASVS 6.2.1]", async () => {
		expect(await outcome("vdkqhzm", { minLength: 8 })).toBe("too_short");
		expect(await outcome("vdkqhzmw", { minLength: 8 })).toBe("ok");
	});

	it("counts an emoji as one [ASVS 6.2.1]", async () => {
		const fourteen =
			"\u{1f511}\u{1f984}\u{1f680}\u{1f308}\u{1f355}\u{1f3b8}\u{1f409}\u{1f30b}\u{1f9ca}\u{1f334}\u{1f98a}\u{1f52d}\u{1f3af}\u{1f94f}";
		expect(await outcome(fourteen)).toBe("too_short");
		expect(await outcome(`${fourteen}\u{1f9ed}`)).toBe("ok");
	});

	it("counts after NFC, so that a letter and its accent are one", async () => {
		expect(await outcome("vdkqhzmwptbrle\u0301")).toBe("too_short");
		expect(await outcome("vdkqhzmwptbrle\u0301n")).toBe("ok");
	});

	it.each([64, 128, 256])("takes %d code points, of one byte or four [ASVS 6.2.9]", async (length) => {
		const phrase = (first: number) =>
			String.fromCodePoint(...Array.from({ length }, (_, index) => first + ((index * index) % 61)));
		expect(await outcome(phrase(0x41))).toBe("ok");
		expect(await outcome(phrase(0x20000))).toBe("ok");
	});

	it("refuses 257 code points and a megabyte [ASVS 6.2.9] [A38]", async () => {
		expect(await outcome("vdkqhzmwptbrlxn".repeat(18).slice(0, 257))).toBe("too_long");
		const normalize = vi.spyOn(String.prototype, "normalize");
		expect(await outcome("x".repeat(1_000_000))).toBe("too_long");
		expect(await outcome("e\u0301".repeat(500_000))).toBe("too_long");
		expect(normalize).not.toHaveBeenCalled();
	});

	it("takes 256 code points however they are decomposed", async () => {
		const password = Array.from({ length: 256 }, (_, index) =>
			String.fromCodePoint(0x1f82 + ((index * index + (index >> 3)) % 6)),
		).join("");
		expect(password.normalize("NFD").length).toBe(4 * 256);
		expect(await checkPassword(password.normalize("NFD"), rules)).toEqual({ ok: true, normalized: password });
	});
});

describe("checkPassword: characters", () => {
	it.each([
		"only lower case words here",
		"ONLY UPPER CASE WORDS HERE",
		"830275916604173",
		"!?()[]{}%&/$=+*",
		"  spaces at both ends  ",
		"quotes \" ' ` and \\ \0 \t \u007f",
		"\u5bc6\u7801\u4e0d\u662f\u8fd9\u4e2a\u800c\u662f\u53e6\u4e00\u4e2a\u957f\u7684\u53e5\u5b50",
		"\u200b zero-width and \ufeff friends",
	])("has no rule about the kinds of characters: %j [ASVS 6.2.5]", async (password) => {
		expect(await checkPassword(password, rules)).toEqual({ ok: true, normalized: password.normalize("NFC") });
	});

	it("changes nothing but the normalisation form: no cutting, no trimming, no case folding [ASVS 6.2.5] [ASVS 6.2.8]", async () => {
		await fc.assert(
			fc.asyncProperty(fc.string({ unit: "grapheme", minLength: 15, maxLength: 60 }), async (password) => {
				const check = await checkPassword(password, rules);
				if (check.ok) expect(check.normalized).toBe(password.normalize("NFC"));
				else expect(check.reason).toMatch(/^(common|too_short)$/);
			}),
		);
	});

	it("gives one form for NFC and NFD, so that the same password works from every keyboard", async () => {
		const password = "Zw\u00f6lf Boxk\u00e4mpfer \u1e69\u01d6";
		expect(await checkPassword(password.normalize("NFD"), rules)).toEqual(await checkPassword(password, rules));
	});

	it("keeps compatibility forms apart: they are different passwords", async () => {
		expect(await checkPassword("\ufb01fteen letters.", rules)).toEqual({
			ok: true,
			normalized: "\ufb01fteen letters.",
		});
	});

	it.each(["\ud83d", "vdkqhzmw\ud83dptbrlxn", "vdkqhzmwptbrlxn\udd11", "\udd11\ud83dvdkqhzmwptbrlxn"])(
		"refuses half a surrogate pair, which would be stored as something else: %j",
		async (password) => {
			expect(await outcome(password)).toBe("invalid");
		},
	);
});

describe("checkPassword: common passwords", () => {
	it("refuses every common password of legal length [ASVS 6.2.4]", async () => {
		const legal = [...(await listCommonPasswords())].filter((password) => [...password].length >= 8);
		expect(legal.length).toBeGreaterThanOrEqual(3000);
		for (const password of legal) expect(await outcome(password, { minLength: 8 })).toBe("common");
	});

	it.each(["PASSWORD", "PassWord1", "iLoveYou", "11111111", "12345678", "abcdefghij"])(
		"refuses %s at a minimum of 8 [ASVS 6.2.4]",
		async (password) => {
			expect(await outcome(password, { minLength: 8 })).toBe("common");
		},
	);

	it.each(["passwordpassword", "1q2w3e4r5t6y7u8i", "aaaaaaaaaaaaaaaa", "12345678901234567890", "qwerty123456789"])(
		"refuses %s at a minimum of 15 [ASVS 6.2.4]",
		async (password) => {
			expect(await outcome(password)).toBe("common");
		},
	);
});

describe("checkPassword: words of the context", () => {
	const context = [
		"Latchkey",
		"example-shop.com",
		"ada.lovelace@mail.analytical.org",
		"countess_1815",
		"Ada Augusta King-No\u00ebl",
	];

	it.each([
		"latchkey",
		"LATCHKEY",
		"Latchkey1!",
		"123latchkey456",
		"!!!Latchkey!!!",
		"latchkeylatchkey",
		"latchkey-latchkey-2026",
		"latchkey \u20ac 99",
		"example-shop.com",
		"exampleshop1",
		"shop example 77",
		"ada.lovelace@mail.analytical.org",
		"ada.lovelace",
		"adalovelace",
		"lovelace1815",
		"analytical1",
		"mail.analytical.org",
		"countess_1815",
		"countess1815",
		"countess!",
		"augusta2026",
		"Ada Augusta King-No\u00ebl",
		"adaaugustakingnoe\u0308l",
		"AugustaKing99",
		"lovelace+augusta",
		"lovelace@latchkey2026",
	])("refuses %j [ASVS 6.1.2] [ASVS 6.2.11]", async (password) => {
		expect(await outcome(password, { minLength: 8, context })).toBe("context");
	});

	it.each([
		["a word of the context in something longer", "latchkeys are for doors"],
		["parts under four characters", "ada org com 1815"],
		["letters left over", "lovelacexlatchkey"],
		["digits alone, though a word of the context has digits", "830275916604"],
		["an unrelated passphrase", "copper lantern riverside"],
	])("lets pass %s", async (_title, password) => {
		expect(await outcome(password, { minLength: 8, context })).toBe("ok");
	});

	it("judges nothing where there is no context", async () => {
		expect(await outcome("latchkey-2026-latchkey", { context: [] })).toBe("ok");
		expect(await outcome("latchkey-2026-latchkey", { context: ["", " ", "@", "ada"] })).toBe("ok");
	});
});
