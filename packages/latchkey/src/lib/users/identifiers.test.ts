import { afterEach, describe, expect, it, vi } from "vitest";
import { type IdentifierResult, parseEmail, parseIdentifier, parseUsername } from "./identifiers.ts";

afterEach(() => void vi.restoreAllMocks());

function accepted(result: IdentifierResult) {
	if (!result.ok) throw new Error(`refused: ${result.reason}`);
	return result;
}

const reasonOf = (result: IdentifierResult) => (result.ok ? `accepted as ${result.canonical}` : result.reason);

describe("parseEmail", () => {
	it.each([
		["ada@example.com", "ada@example.com", "ada@example.com"],
		["  Ada@Example.COM\t\r\n", "Ada@Example.COM", "ada@example.com"],
		[
			"ada.lovelace+tag@mail.example.co.uk",
			"ada.lovelace+tag@mail.example.co.uk",
			"ada.lovelace+tag@mail.example.co.uk",
		],
		["!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com"],
		["ada@3com.com", "ada@3com.com", "ada@3com.com"],
		["1@2.io", "1@2.io", "1@2.io"],
		["ada@a--b.example", "ada@a--b.example", "ada@a--b.example"],
		["J\u00f6rg@B\u00fccher.de", "J\u00f6rg@B\u00fccher.de", "j\u00f6rg@xn--bcher-kva.de"],
		["Jo\u0308rg@Bu\u0308cher.de", "J\u00f6rg@B\u00fccher.de", "j\u00f6rg@xn--bcher-kva.de"],
		["j\u00f6rg@XN--BCHER-KVA.de", "j\u00f6rg@XN--BCHER-KVA.de", "j\u00f6rg@xn--bcher-kva.de"],
		["stra\u00dfe@fa\u00df.de", "stra\u00dfe@fa\u00df.de", "stra\u00dfe@xn--fa-hia.de"],
		[
			"\u7528\u6237@\u4f8b\u5b50.\u4e2d\u56fd",
			"\u7528\u6237@\u4f8b\u5b50.\u4e2d\u56fd",
			"\u7528\u6237@xn--fsqu00a.xn--fiqs8s",
		],
		[
			"\u039f\u0394\u039f\u03a3@example.gr",
			"\u039f\u0394\u039f\u03a3@example.gr",
			"\u03bf\u03b4\u03bf\u03c3@example.gr",
		],
		["\u0131d@example.com", "\u0131d@example.com", "\u0131d@example.com"],
	])("reads %j", (input, value, canonical) => {
		expect(parseEmail(input)).toEqual({ ok: true, kind: "email", value, canonical });
	});

	it.each<[title: string, input: string]>([
		["nothing", ""],
		["no @", "ada.example.com"],
		["@ alone", "@"],
		["no local part", "@example.com"],
		["no domain", "ada@"],
		["two @", "ada@evil.com@example.com"],
		["a quoted string that holds an address", '"e@attacker.com"@victim.com'],
		["a quoted string", '"ada lovelace"@example.com'],
		["a quoted pair", '"ada\\"@evil.com"@example.com'],
		["an escaped @", "ada\\@evil.com@example.com"],
		["a display name", "Ada <ada@example.com>"],
		["a display name that is an address", "ada@example.com <e@attacker.com>"],
		["angle brackets", "<ada@example.com>"],
		["a comment", "ada(comment)@example.com"],
		["a comment in the domain", "ada@example.com(evil.com)"],
		["a comma list", "ada@example.com,e@attacker.com"],
		["a comma list with a space", "ada@example.com, e@attacker.com"],
		["a semicolon list", "ada@example.com;e@attacker.com"],
		["a group", "friends:ada@example.com;"],
		["a source route", "@evil.com:ada@example.com"],
		["a UUCP path in the domain", "ada@evil.com!example.com"],
		["a percent hack in the domain", "ada@evil.com%example.com"],
		["a header after CR LF", "ada@example.com\r\nBcc: e@attacker.com"],
		["CR LF in the local part", "ada\r\n@example.com"],
		["a bare LF", "ada\n@example.com"],
		["a NUL", "ada\0@example.com"],
		["a tab", "ada\t@example.com"],
		["a space before @", "ada @example.com"],
		["a space after @", "ada@ example.com"],
		["a space inside", "a da@example.com"],
		["mailto:", "mailto:ada@example.com"],
		["a leading dot", ".ada@example.com"],
		["a trailing dot", "ada.@example.com"],
		["two dots", "ada..lovelace@example.com"],
		["a combining mark first", "\u0301ada@example.com"],
		["an emoji", "\u{1f511}@example.com"],
		["a domain of one label", "user@localhost"],
		["a trailing dot of the domain", "ada@example.com."],
		["a leading dot of the domain", "ada@.example.com"],
		["two dots in the domain", "ada@example..com"],
		["an IPv4 literal", "user@[127.0.0.1]"],
		["an IPv6 literal", "user@[IPv6:::1]"],
		["an IPv4 address", "user@127.0.0.1"],
		["a hexadecimal IPv4 address", "user@0x7f.1"],
		["a numeric top level", "user@example.1"],
		["a port", "ada@example.com:25"],
		["a path", "ada@example.com/evil.com"],
		["a query", "ada@example.com?x"],
		["a fragment", "ada@example.com#x"],
		["percent-encoding", "ada@ex%41mple.com"],
		["an underscore", "ada@my_host.example.com"],
		["a hyphen first", "ada@-example.com"],
		["a hyphen last", "ada@example-.com"],
		["a label of 64", `ada@${"a".repeat(64)}.com`],
		["punycode that does not decode", "ada@xn--a.com"],
		["punycode of nothing", "ada@xn--.com"],
		["punycode of ASCII", "ada@xn--www-.com"],
		["punycode of a symbol", "ada@xn--n3h.com"],
		["punycode of NFD", "ada@xn--bucher-xyd.com"],
		["punycode of a ligature", "ada@xn--nd-yka1317w.com"],
		["punycode of the Kelvin sign", "ada@xn--tda985n.com"],
		["punycode of a fullwidth letter", "ada@xn--tda9921k.com"],
		["punycode of a zero-width joiner", "ada@xn--ab-m1t.com"],
		["punycode of a soft hyphen", "ada@xn--kba1n.com"],
		["punycode of a combining mark first", "ada@xn--a-wbb.com"],
		["punycode of a private-use character", "ada@xn--tda7925i.com"],
		["punycode of an unassigned code point", "ada@xn--tda58j.com"],
		["an ideographic full stop", "ada@example\u3002com"],
		["a symbol", "ada@\u2603.com"],
	])("refuses %s [A34]", (_title, input) => {
		expect(reasonOf(parseEmail(input))).toBe("invalid_email");
	});

	it.each<[title: string, input: string]>([
		["U+FF20 as @", "ada\uff20example.com"],
		["U+FF20 beside @", "e\uff20attacker.com@victim.com"],
		["U+FE6B as @", "ada\ufe6bexample.com"],
		["U+FE6B beside @", "e@attacker.com\ufe6bvictim.com"],
		["the Kelvin sign", "\u212aevin@example.com"],
		["the long s", "\u017fam@example.com"],
		["a ligature", "\ufb01nd@example.com"],
		["a fullwidth letter", "\uff41da@example.com"],
		["a fullwidth dot", "ada@example\uff0ecom"],
		["a Kelvin sign in the domain", "ada@\u212aernel.org"],
		["a bold letter in the domain", "ada@\u{1d41e}xample.com"],
		["a zero-width space", "a\u200bda@example.com"],
		["a zero-width joiner", "a\u200dda@example.com"],
		["a soft hyphen", "a\u00adda@example.com"],
		["a soft hyphen in the domain", "ada@exam\u00adple.com"],
		["a byte order mark", "\ufeffada@example.com"],
		["a right-to-left override", "ada\u202emoc@example.com"],
		["a variation selector", "ada\ufe0f@example.com"],
		["a grapheme joiner", "a\u034fda@example.com"],
		["a Hangul filler", "ada\u3164@example.com"],
		["a no-break space", "ada\u00a0@example.com"],
		["a line separator", "ada@example.com\u2028"],
		["a private-use character", "ada\ue000@example.com"],
		["a lone surrogate", "ada\ud800@example.com"],
		["an unassigned code point", "ada\u0378@example.com"],
		["a noncharacter", "ada\uffff@example.com"],
		["a C1 control", "ada\u0085@example.com"],
		["the micro sign", "\u00b5@example.com"],
		["halfwidth kana", "ada\uff71@example.com"],
		["an Arabic presentation form", "\ufedf@example.com"],
		["a Greek symbol in the domain", "ada@\u03d0\u03b1.gr"],
	])("refuses as confusable %s [A34] [A35]", (_title, input) => {
		expect(reasonOf(parseEmail(input))).toBe("confusable");
	});

	it("measures in octets of UTF-8, of the typed and of the canonical spelling [A38]", () => {
		expect(accepted(parseEmail(`${"a".repeat(64)}@example.com`)).ok).toBe(true);
		expect(reasonOf(parseEmail(`${"a".repeat(65)}@example.com`))).toBe("too_long");
		expect(reasonOf(parseEmail(`${"\u00e9".repeat(33)}@example.com`))).toBe("too_long");
		expect(reasonOf(parseEmail(`${"\u0130".repeat(32)}@example.com`))).toBe("too_long");
		const domain = (length: number) => `${"a.".repeat((length - 4) / 2)}test`;
		expect(accepted(parseEmail(`${"a".repeat(63)}@${domain(190)}`)).value.length).toBe(254);
		expect(reasonOf(parseEmail(`${"a".repeat(63)}@${domain(192)}`))).toBe("too_long");
		// 186 octets as typed and 490 in punycode; then the other way round, 309 and 182.
		expect(reasonOf(parseEmail(`ada@${"\u00fc.".repeat(60)}de`))).toBe("too_long");
		expect(reasonOf(parseEmail(`ada@${`${"\u00fc".repeat(50)}.`.repeat(3)}de`))).toBe("too_long");
	});

	it.each(["a", " ", ".", "@", "a.", "\u0301", "a\u0301", "\u212a", "xn--", "\ud83d"])(
		"refuses ten thousand times %j unread [A38]",
		(part) => {
			const normalize = vi.spyOn(String.prototype, "normalize");
			const long = part.repeat(10_000);
			expect(reasonOf(parseEmail(long))).toBe("too_long");
			expect(reasonOf(parseEmail(`ada@${long}.com`))).toBe("too_long");
			expect(reasonOf(parseUsername(long))).toBe("too_long");
			expect(normalize).not.toHaveBeenCalled();
		},
	);
});

describe("parseUsername", () => {
	it.each([
		["ada", "ada", "ada"],
		["  Ada_L.1815-x ", "Ada_L.1815-x", "ada_l.1815-x"],
		["42", "42", "42"],
		["J\u00f6rg", "J\u00f6rg", "j\u00f6rg"],
		["Jo\u0308rg", "J\u00f6rg", "j\u00f6rg"],
		[
			"\u041b\u044e\u0434\u043c\u0438\u043b\u0430",
			"\u041b\u044e\u0434\u043c\u0438\u043b\u0430",
			"\u043b\u044e\u0434\u043c\u0438\u043b\u0430",
		],
		[
			"\u039f\u0394\u03a5\u03a3\u03a3\u0395\u03a5\u03a3",
			"\u039f\u0394\u03a5\u03a3\u03a3\u0395\u03a5\u03a3",
			"\u03bf\u03b4\u03c5\u03c3\u03c3\u03b5\u03c5\u03c3",
		],
		[
			"\u5c71\u7530\u30bf\u30ed\u30fc\u3055\u3093",
			"\u5c71\u7530\u30bf\u30ed\u30fc\u3055\u3093",
			"\u5c71\u7530\u30bf\u30ed\u30fc\u3055\u3093",
		],
		["\uae40\ucca0\uc218\u91d1", "\uae40\ucca0\uc218\u91d1", "\uae40\ucca0\uc218\u91d1"],
		[
			"\u0645\u062d\u0645\u062f_\u0661\u0662",
			"\u0645\u062d\u0645\u062f_\u0661\u0662",
			"\u0645\u062d\u0645\u062f_\u0661\u0662",
		],
		["\u0628\u0627\u0628\u0643-12", "\u0628\u0627\u0628\u0643-12", "\u0628\u0627\u0628\u0643-12"],
		[
			"\u0938\u0902\u0917\u0940\u0924\u093e",
			"\u0938\u0902\u0917\u0940\u0924\u093e",
			"\u0938\u0902\u0917\u0940\u0924\u093e",
		],
		["\u0e2a\u0e21\u0e0a\u0e32\u0e22", "\u0e2a\u0e21\u0e0a\u0e32\u0e22", "\u0e2a\u0e21\u0e0a\u0e32\u0e22"],
		["\u05d3\u05d5\u05d3", "\u05d3\u05d5\u05d3", "\u05d3\u05d5\u05d3"],
	])("reads %j", (input, value, canonical) => {
		expect(parseUsername(input)).toEqual({ ok: true, kind: "username", value, canonical });
	});

	it.each([
		["", "invalid_username"],
		["   ", "invalid_username"],
		["a b", "invalid_username"],
		["ada@example.com", "invalid_username"],
		[".ada", "invalid_username"],
		["-ada", "invalid_username"],
		["_ada", "invalid_username"],
		["\u0301ada", "invalid_username"],
		["ada!", "invalid_username"],
		["ada/../eve", "invalid_username"],
		["<script>", "invalid_username"],
		["ada\r\neve", "invalid_username"],
		["ada\0", "invalid_username"],
		["\u{1f511}\u{1f511}", "invalid_username"],
		["a", "too_short"],
		["\u{20000}", "too_short"],
		["a".repeat(33), "too_long"],
		["\u0130".repeat(17), "too_long"],
	])("refuses %j: %s", (input, reason) => {
		expect(reasonOf(parseUsername(input))).toBe(reason);
	});

	it.each<[title: string, input: string]>([
		["Latin with a Cyrillic a", "p\u0430ypal"],
		["Latin with a Greek omicron", "g\u03bfogle"],
		["Cyrillic with a Latin o", "\u043c\u043eskva"],
		["Latin with a Cherokee letter", "\u13a0da"],
		["Latin with Han", "ada\u5c71"],
		["Bopomofo with Hangul", "\u3105\uae40"],
		["Latin with Arabic digits", "ada\u0661"],
		["Arabic and Persian digits", "\u0645\u062d\u0645\u062f\u0664\u06f4"],
		["Arabic and ASCII digits", "\u0645\u062d\u0645\u062f\u06614"],
		["a script that is not in common use", "\u13a0\u13a1\u13a2"],
		["an Arabic vowel sign on a Latin letter", "a\u064bda"],
		["the Kelvin sign", "\u212aevin"],
		["a fullwidth letter", "ad\uff41"],
		["a zero-width non-joiner", "ad\u200ca"],
		["a fullwidth digit", "ada\uff11"],
		["a superscript", "ada\u00b2"],
		["a lone surrogate", "ada\udc00"],
		["an ideographic space", "ada\u3000eve"],
	])("refuses %s as confusable [A35]", (_title, input) => {
		expect(reasonOf(parseUsername(input))).toBe("confusable");
	});

	it("counts code points, not code units", () => {
		expect(accepted(parseUsername("\u{20000}".repeat(32))).ok).toBe(true);
		expect(reasonOf(parseUsername("\u{20000}".repeat(33)))).toBe("too_long");
	});
});

describe("parseIdentifier", () => {
	it("takes text with an @ for an e-mail address and other text for a user name", () => {
		expect(parseIdentifier("Ada@example.com")).toEqual(parseEmail("Ada@example.com"));
		expect(parseIdentifier("Ada")).toEqual(parseUsername("Ada"));
		expect(reasonOf(parseIdentifier("ada@"))).toBe("invalid_email");
		expect(reasonOf(parseIdentifier("ada\uff20example.com"))).toBe("confusable");
	});
});
