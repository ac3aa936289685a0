import { ar } from "./words-ar.ts";
import { en, type MailWords } from "./words-en.ts";

const catalogues: Readonly<Record<string, MailWords>> = { en, ar };

export const defaultLanguage = "en";

const rightToLeft: ReadonlySet<string> = new Set(["ar", "he", "fa", "ur", "ps", "yi"]);

/** The words in a language, or else in English. */
export function wordsIn(language: string | null): MailWords & { readonly language: string } {
	const primary = primaryLanguage(language ?? "");
	const known = Object.hasOwn(catalogues, primary) ? primary : defaultLanguage;
	return { ...catalogues[known]!, language: known };
}

/** The first of the languages of an `Accept-Language` header that there are words for (RFC 9110, section 12.5.4). */
export function preferredLanguage(acceptLanguage: string | null): string {
	const wanted = (acceptLanguage ?? "").slice(0, 200).split(",").map(primaryLanguage);
	return wanted.find((language) => Object.hasOwn(catalogues, language)) ?? defaultLanguage;
}

export function directionOf(language: string): "ltr" | "rtl" {
	return rightToLeft.has(primaryLanguage(language)) ? "rtl" : "ltr";
}

function primaryLanguage(tag: string): string {
	return (/^\s*([a-z]{2,3})\b/i.exec(tag)?.[1] ?? "").toLowerCase();
}
