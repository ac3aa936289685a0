import { isCommonPassword } from "./common-passwords.ts";

/** What a chosen password is judged by. */
export interface PasswordRules {
	/** In code points after NFC. NIST: 15 where the password is the only factor, never below 8. */
	minLength: number;
	/** In code points after NFC. NIST: at least 64. */
	maxLength: number;
	/**
	 * What somebody who aims at this account would try first: the site's name or host, the person's e-mail address, user
	 * name and names, as they are. Their parts are tried too; parts under 4 characters are not.
	 */
	context: readonly string[];
}

/** Why a password is refused. `invalid`: it holds half a surrogate pair, which no encoding can carry. */
export type PasswordRefusal = "invalid" | "too_short" | "too_long" | "context" | "common";

export type PasswordCheck = { ok: true; normalized: string } | { ok: false; reason: PasswordRefusal };

/** Shorter words turn up in good passwords by chance. In code points. */
const minContextWordLength = 4;

/** More UTF-16 code units than any one code point of NFC is composed of; in Unicode 17 that is 6 (U+16D6A). */
const maxUnitsPerCodePoint = 8;

/**
 * Judges a password that somebody chooses, by length and by how early it would be guessed, never by the kinds of
 * characters in it. `normalized` is the password in NFC and otherwise as it came, and is what to hash; at sign-in the
 * same form is compared. NIST SP 800-63B-4, section 3.1.1.2; OWASP ASVS 5.0, 6.2.
 */
export async function checkPassword(password: string, rules: PasswordRules): Promise<PasswordCheck> {
	// Before NFC, whose cost grows with the input.
	if (password.length > rules.maxLength * maxUnitsPerCodePoint) return { ok: false, reason: "too_long" };
	if (!password.isWellFormed()) return { ok: false, reason: "invalid" };
	const normalized = password.normalize("NFC");
	const length = [...normalized].length;
	if (length < rules.minLength) return { ok: false, reason: "too_short" };
	if (length > rules.maxLength) return { ok: false, reason: "too_long" };
	if (isMadeOf(contextWords(rules.context), normalized.toLowerCase())) return { ok: false, reason: "context" };
	if (await isCommonPassword(normalized)) return { ok: false, reason: "common" };
	return { ok: true, normalized };
}

/** Whether the text is nothing but words of the list, digits and punctuation, with one of the words at least. */
function isMadeOf(words: readonly string[], text: string): boolean {
	const rest = words.reduce((remaining, word) => remaining.replaceAll(word, " "), text);
	return rest !== text && /^[\p{N}\p{P}\p{Sc}\p{Sk}\p{Sm}\s]*$/u.test(rest);
}

/** The longest first, so that a word is not torn apart by a shorter one inside it. */
function contextWords(context: readonly string[]): string[] {
	const names = context.map((text) => text.normalize("NFC").toLowerCase());
	// As it is, each side of the "@", and of these every part and the parts run together ("ada.lovelace": "adalovelace").
	const words = names
		.flatMap((name) => [name, ...name.split("@")])
		.flatMap((name) => {
			const parts = name.split(/[^\p{L}\p{M}\p{N}]+/u);
			return [name, ...parts, parts.join("")];
		});
	const longEnough = words.filter((word) => [...word].length >= minContextWordLength);
	return [...new Set(longEnough)].sort((one, other) => other.length - one.length);
}
