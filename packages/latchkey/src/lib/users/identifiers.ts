import { domainToASCII, domainToUnicode } from "node:url";

/** A name that somebody signs in with. */
export interface Identifier {
	kind: "email" | "username";
	/** As typed, in NFC and without white space around it. What is shown, and where mail goes. */
	value: string;
	/** What is compared and unique: two people cannot have the same, however each of them typed it. */
	canonical: string;
}

/** Why text is not an identifier. `confusable`: it could pass for another one. */
export type IdentifierRefusal = "invalid_email" | "invalid_username" | "too_long" | "too_short" | "confusable";

export type IdentifierResult = ({ ok: true } & Identifier) | { ok: false; reason: IdentifierRefusal };

/** Longer input is refused unread, in UTF-16 code units. No identifier comes near it. */
const maxInputLength = 1024;

/** RFC 5321, sections 4.5.3.1.1 and 4.5.3.1.3 (a path of 256 octets without its angle brackets), in octets of UTF-8. */
const maxLocalPartOctets = 64;
const maxEmailOctets = 254;

/** In code points. */
const minUsernameLength = 2;
const maxUsernameLength = 32;

/**
 * Reads what somebody typed to sign in: text with an `@` as an e-mail address, other text as a user name, which has none.
 */
export function parseIdentifier(input: string): IdentifierResult {
	return input.includes("@") ? parseEmail(input) : parseUsername(input);
}

/**
 * Reads an e-mail address: a dot-atom (RFC 5322, section 3.2.3, with the letters, marks and digits of RFC 6531), one `@`,
 * and a domain of at least two labels. No quoted strings, comments, display names or address literals: what two mail
 * systems could read differently is not an address here.
 *
 * Case variants, NFC and NFD, and the punycode and Unicode spellings of a domain share one `canonical`. Mail goes to
 * `value`, of which the canonical form is a comparison key and nothing else.
 */
export function parseEmail(input: string): IdentifierResult {
	const text = prepare(input);
	if (typeof text !== "string") return text;
	const [localPart = "", typedDomain = "", ...more] = text.split("@");
	const domain = asciiDomain(typedDomain);
	if (more.length > 0 || !isDotAtom(localPart) || domain === null) return refuse("invalid_email");
	const canonicalLocalPart = comparisonForm(localPart);
	const canonical = `${canonicalLocalPart}@${domain}`;
	const fits =
		octets(localPart) <= maxLocalPartOctets &&
		octets(canonicalLocalPart) <= maxLocalPartOctets &&
		octets(text) <= maxEmailOctets &&
		octets(canonical) <= maxEmailOctets;
	return fits ? { ok: true, kind: "email", value: text, canonical } : refuse("too_long");
}

/**
 * Reads a user name: 2 to 32 letters, marks and digits of one script and `.`, `_`, `-`, beginning with a letter or a
 * digit. The scripts are those in common modern use (UAX #31, table 5), with Japanese, Korean and Bopomofo mixed
 * with Han as they are written; all digits are of one system. Names that are alike within one script (`rn` and `m`) are
 * not recognised.
 */
export function parseUsername(input: string): IdentifierResult {
	const text = prepare(input);
	if (typeof text !== "string") return text;
	if (!/^[\p{L}\p{Nd}][\p{L}\p{M}\p{Nd}._-]*$/u.test(text)) return refuse("invalid_username");
	if (!singleScripts.some((script) => script.test(text)) || digitSystems(text) > 1) return refuse("confusable");
	const canonical = comparisonForm(text);
	if ([...text].length < minUsernameLength) return refuse("too_short");
	if (Math.max([...text].length, [...canonical].length) > maxUsernameLength) return refuse("too_long");
	return { ok: true, kind: "username", value: text, canonical };
}

/** The text in NFC without ASCII white space around it, if every character in it is what it looks like. */
function prepare(input: string): string | { ok: false; reason: IdentifierRefusal } {
	if (input.length > maxInputLength) return refuse("too_long");
	const trimmed = input.replace(/^[\t-\r ]+|[\t-\r ]+$/g, "");
	return isConfusable(trimmed) ? refuse("confusable") : trimmed.normalize("NFC");
}

/**
 * Whether text holds what can pass for something else: characters that nobody sees, spaces other than ASCII's, unassigned
 * code points, and every compatibility form. Those turn into other text sooner or later, in a database's collation or a
 * mail system: U+212A lower-cases to "k", U+017F upper-cases to "S", U+FF20 becomes "@".
 */
function isConfusable(text: string): boolean {
	if (text.normalize("NFKC") !== text.normalize("NFC")) return true;
	// One by one and before NFC, which itself takes some to ASCII (U+212A, U+1FEF).
	const beyondAscii = text.match(/[^\0-\x7f]/gu) ?? [];
	return beyondAscii.some(
		(character) =>
			/[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u.test(character) || /[\0-\x7f]/.test(character.normalize("NFKC")),
	);
}

/**
 * The lower-case form for comparison, the same when applied again. Lower, never upper: upper-casing brings "\u0131" and
 * "\u00df" to ASCII. Character by character, because a final sigma depends on its neighbours: "\u03a3" is "\u03c3" everywhere.
 */
function comparisonForm(text: string): string {
	return Array.from(text.normalize("NFKC"), (character) => character.toLowerCase())
		.join("")
		.replaceAll("\u03c2", "\u03c3")
		.normalize("NFC");
}

function isDotAtom(text: string): boolean {
	return text
		.split(".")
		.every((atom) => /^[\p{L}\p{Nd}!#$%&'*+/=?^_`{|}~-][\p{L}\p{M}\p{Nd}!#$%&'*+/=?^_`{|}~-]*$/u.test(atom));
}

/** The domain in lower-case ASCII (UTS #46), or `null` when it is not a name in the DNS of at least two labels. */
function asciiDomain(domain: string): string | null {
	// domainToASCII is a URL's host parser: it would cut at "/", decode "%41" and read "0x7f.1" as an IPv4 address.
	if (!isDomainName(domain)) return null;
	const ascii = domainToASCII(domain);
	const labels = ascii.split(".");
	const isHostName = labels.length >= 2 && labels.every((label) => /^(?!-)[a-z0-9-]{1,63}(?<!-)$/.test(label));
	if (!isHostName || !/^[a-z]/.test(labels.at(-1)!)) return null;
	// What domainToUnicode does not decode is not valid by UTS #46: no punycode, or punycode of what could pass for other text.
	const unicode = domainToUnicode(ascii);
	return isDomainName(unicode) && !/(?:^|\.)xn--/.test(unicode) ? ascii : null;
}

function isDomainName(text: string): boolean {
	return /^[\p{L}\p{Nd}][\p{L}\p{M}\p{Nd}.-]*$/u.test(text);
}

/** How many systems of digits a text mixes. Each system is ten code points in a row, from its zero on. */
function digitSystems(text: string): number {
	return new Set(Array.from(text.match(/\p{Nd}/gu) ?? [], zeroOf)).size;
}

function zeroOf(digit: string): number {
	let zero = digit.codePointAt(0)!;
	while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--;
	return zero;
}

function octets(text: string): number {
	return Buffer.byteLength(text, "utf8");
}

function refuse(reason: IdentifierRefusal): { ok: false; reason: IdentifierRefusal } {
	return { ok: false, reason };
}

const scripts = [
	...["Latin", "Cyrillic", "Greek", "Arabic", "Hebrew", "Armenian", "Georgian", "Ethiopic", "Thaana"],
	...["Devanagari", "Bengali", "Gujarati", "Gurmukhi", "Kannada", "Malayalam", "Oriya", "Sinhala", "Tamil", "Telugu"],
	...["Thai", "Lao", "Khmer", "Myanmar", "Tibetan"],
	...["Han|Hiragana|Katakana", "Han|Hangul", "Han|Bopomofo"],
];

/** One expression for each script, which matches a user name that is written in it; ASCII digits go with every script. */
const singleScripts = scripts.map((script) => {
	const characters = script.split("|").map((name) => `\\p{Script_Extensions=${name}}`);
	return new RegExp(`^[0-9._\\-\\p{Script_Extensions=Inherited}${characters.join("")}]+$`, "u");
});
