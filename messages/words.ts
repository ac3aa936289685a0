import { ar } from "./ar";
import { en, type Messages } from "./en";
import type { Language } from "./languages";

const catalogues: Record<Language, Messages> = { en, ar };

/** Every word in a language. For the server: a component in the browser is given those that it needs. */
export function messagesIn(language: Language): Messages {
	return catalogues[language];
}
