/** The languages of the application, each by its own name and with the way it is written. */
export const languages = {
	en: { name: "English", direction: "ltr" },
	ar: { name: "العربية", direction: "rtl" },
} as const;

export type Language = keyof typeof languages;

export const themes = ["system", "light", "dark"] as const;

export type Theme = (typeof themes)[number];

export const defaultLanguage: Language = "en";

export function isLanguage(value: unknown): value is Language {
	return typeof value === "string" && Object.hasOwn(languages, value);
}

export function isTheme(value: unknown): value is Theme {
	return themes.some((theme) => theme === value);
}

/** The first of the visitor's languages that we have, by the order in which a browser names them. */
export function preferredLanguage(acceptLanguage: string | null): Language {
	const wanted = (acceptLanguage ?? "").split(",").map((range) => range.trim().split(/[-;]/)[0]!.toLowerCase());
	return wanted.find(isLanguage) ?? defaultLanguage;
}

/** For `has: [{ type: "header" }]` in next.config.ts: the Accept-Language values that {@link preferredLanguage} reads as this. */
export function preferring(language: Language): string {
	const anyOfOurs = `(?:${Object.keys(languages).join("|")})(?:[-;,\\s]|$)`;
	return `(?:(?!${anyOfOurs})[^,]*,\\s*)*${language}(?:[-;,\\s].*)?`;
}
