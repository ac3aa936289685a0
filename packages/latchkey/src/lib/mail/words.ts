import { knownLanguage, type MailLanguage } from "./languages.ts";
import { ar } from "./words-ar.ts";
import { en, type MailWords } from "./words-en.ts";

const catalogues: Readonly<Record<MailLanguage, MailWords>> = { en, ar };

/** The words in a language, or else in English. */
export function wordsIn(language: string | null): MailWords & { readonly language: MailLanguage } {
	const known = knownLanguage(language);
	return { ...catalogues[known], language: known };
}
