import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type IdentifierResult, parseEmail, parseIdentifier, parseUsername } from "./identifiers.ts";

function accepted(result: IdentifierResult) {
	if (!result.ok) throw new Error(`refused: ${result.reason}`);
	return result;
}

const canonicalOf = (result: IdentifierResult) => accepted(result).canonical;

/** Every code point beyond ASCII that compatibility normalisation turns into text with ASCII in it. */
const asciiLookAlikes: string[] = [];
for (let codePoint = 0x80; codePoint <= 0x10ffff; codePoint++) {
	const character = String.fromCodePoint(codePoint);
	if (/[!-~]/.test(character.normalize("NFKC"))) asciiLookAlikes.push(character);
}

describe("canonical identifiers", () => {
	it("are never reached from a compatibility form of ASCII, wherever it stands [A34] [A35]", () => {
		expect(asciiLookAlikes.length).toBeGreaterThanOrEqual(1266);
		const acceptedOnes = asciiLookAlikes.filter(
			(character) =>
				parseEmail(`a${character}b@example.com`).ok ||
				parseEmail(`ada@a${character}b.com`).ok ||
				parseUsername(`a${character}b`).ok ||
				parseUsername(character.repeat(2)).ok,
		);
		expect(acceptedOnes).toEqual([]);
	});

	it("in ASCII come from ASCII only: no other letter falls on one [A35]", () => {
		const fallen: string[] = [];
		// The planes beyond the first hold no character that changes case into it.
		for (let codePoint = 0x80; codePoint <= 0xffff; codePoint++) {
			const character = String.fromCodePoint(codePoint);
			const email = parseEmail(`${character}@example.com`);
			if (email.ok && /^[\0-\x7f]*$/.test(email.canonical)) fallen.push(character);
		}
		expect(fallen).toEqual([]);
	});

	it("are canonical themselves [A24] [A35]", () => {
		fc.assert(
			fc.property(fc.oneof(email, username), (input) => {
				const first = accepted(parseIdentifier(input));
				expect(parseIdentifier(first.canonical)).toEqual({ ...first, value: first.canonical });
				expect(parseIdentifier(first.value)).toEqual(first);
			}),
		);
	});

	it("are canonical themselves, for any text that is accepted [A24] [A35]", () => {
		const anything = fc.string({
			unit: fc.oneof(
				fc.constantFrom("a", "K", ".", "@", "1", "-"),
				fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
			),
		});
		fc.assert(
			fc.property(
				fc.oneof(
					anything,
					anything.map((text) => `${text}@example.com`),
				),
				(input) => {
					const result = parseIdentifier(input);
					if (!result.ok) return;
					expect(parseIdentifier(result.canonical)).toEqual({ ...result, value: result.canonical });
				},
			),
			{ numRuns: 2000 },
		);
	});

	it("are one for every mixture of case [A24] [A35]", () => {
		fc.assert(
			fc.property(fc.oneof(email, username), fc.array(fc.boolean(), { minLength: 1 }), (input, flips) => {
				const flipped = Array.from(input, (character, index) =>
					flips[index % flips.length] ? otherCase(character) : character,
				).join("");
				expect(canonicalOf(parseIdentifier(flipped))).toBe(canonicalOf(parseIdentifier(input)));
			}),
		);
	});

	it.each([
		["\u1f48\u03b4\u03c5\u03c3\u03c3\u03b5\u03cd\u03c2", "\u1f48\u0394\u03a5\u03a3\u03a3\u0395\u038e\u03a3"],
		["\u03bf\u03b4\u03bf\u03c3", "\u03bf\u03b4\u03bf\u03c2"],
		["J\u030con", "\u01f0on"],
		["\u0130pek", "i\u0307pek"],
	])("are one for %s and %s [A24] [A35]", (one, other) => {
		expect(canonicalOf(parseUsername(one))).toBe(canonicalOf(parseUsername(other)));
		expect(canonicalOf(parseEmail(`${one}@example.com`))).toBe(canonicalOf(parseEmail(`${other}@example.com`)));
	});

	it("are one for NFC and NFD [A24] [A35]", () => {
		fc.assert(
			fc.property(fc.oneof(email, username), (input) => {
				expect(parseIdentifier(input.normalize("NFD"))).toEqual(parseIdentifier(input.normalize("NFC")));
			}),
		);
	});

	it("are one for the punycode and the Unicode spelling of a domain [A24] [A35]", () => {
		fc.assert(
			fc.property(localPart, domain, (local, host) => {
				const canonical = canonicalOf(parseEmail(`${local}@${host}`));
				const punycode = canonical.slice(canonical.indexOf("@") + 1);
				expect(punycode).toMatch(/^[a-z0-9.-]+$/);
				expect(canonicalOf(parseEmail(`${local}@${punycode}`))).toBe(canonical);
				expect(canonicalOf(parseEmail(`${local}@${punycode.toUpperCase()}`))).toBe(canonical);
			}),
		);
	});

	it("differ where the text differs in more than case and normalisation [A35]", () => {
		const people = [
			"ada@example.com",
			"adal@example.com",
			"ada@example.org",
			"ad\u00e1@example.com",
			"\u0131da@example.com",
			"ida@example.com",
			"stra\u00dfe@example.com",
			"strasse@example.com",
			"a.da@example.com",
			"ada+x@example.com",
			"ada@b\u00fccher.de",
			"ada@bucher.de",
			"ada@fa\u00df.de",
			"ada@fass.de",
		];
		expect(new Set(people.map((person) => canonicalOf(parseEmail(person)))).size).toBe(people.length);
	});
});

/** The letter in its other case, where that is one character and leads back. */
function otherCase(character: string): string {
	const other = character === character.toLowerCase() ? character.toUpperCase() : character.toLowerCase();
	const back = other === other.toLowerCase() ? other.toUpperCase() : other.toLowerCase();
	return [...other].length === 1 && back === character ? other : character;
}

const letters = "abcxyzABCXYZ\u00e4\u00d6\u00fc\u00e9\u00c7\u0142\u1e69\u01d6\u01b0\u1ec7\u00df\u00f8";
const greek = "\u03b1\u03b2\u0393\u0394\u03c3\u03a3\u03af\u1f00\u1fb3";
const cyrillic = "\u0430\u0431\u0412\u0413\u0439\u0401\u0457";

const word = (alphabet: string, maxLength: number) =>
	fc.string({ unit: fc.constantFrom(...alphabet), minLength: 2, maxLength });

const localPart = fc
	.array(word(`${letters}${greek}${cyrillic}0189+_-`, 6), { minLength: 1, maxLength: 3 })
	.map((atoms) => atoms.join("."));
const domain = fc
	.tuple(fc.array(word(`${letters}0189`, 6), { minLength: 1, maxLength: 3 }), fc.constantFrom("com", "De", "xn--p1ai"))
	.map(([labels, top]) => [...labels, top].join("."));
const email = fc.tuple(localPart, domain).map((parts) => parts.join("@"));
const username = fc
	.tuple(fc.constantFrom(letters, greek, cyrillic), fc.nat({ max: 99 }))
	.chain(([alphabet, number]) => word(alphabet, 12).map((text) => `${text}_${number}`));
