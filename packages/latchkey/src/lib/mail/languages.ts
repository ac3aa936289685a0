/** The languages that there are words for. */
export const languages = ["en", "ar"] as const;

export type MailLanguage = (typeof languages)[number];

const rightToLeft: ReadonlySet<string> = new Set(["ar", "he", "fa", "ur", "ps", "yi"]);

/** The language of a tag if there are words for it, or else English. */
export function knownLanguage(tag: string | null): MailLanguage {
	return languages.find((language) => language === primaryLanguage(tag ?? "")) ?? "en";
}

/** The first of the languages of an `Accept-Language` header that there are words for (RFC 9110, section 12.5.4). */
export function preferredLanguage(acceptLanguage: string | null): MailLanguage {
	const wanted = (acceptLanguage ?? "").slice(0, 200).split(",").map(primaryLanguage);
	return knownLanguage(wanted.find((tag) => languages.some((language) => language === tag)) ?? null);
}

export function directionOf(language: string): "ltr" | "rtl" {
	return rightToLeft.has(primaryLanguage(language)) ? "rtl" : "ltr";
}

function primaryLanguage(tag: string): string {
	return (/^\s*([a-z]{2,3})\b/i.exec(tag)?.[1] ?? "").toLowerCase();
}
