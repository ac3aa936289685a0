import { cookies, headers } from "next/headers";
import { cache } from "react";
import { isLanguage, isTheme, type Language, preferredLanguage, type Theme } from "@/messages/languages";
import { messagesIn } from "@/messages/words";

export interface Preferences {
	readonly language: Language;
	readonly theme: Theme;
}

/** What the visitor has chosen, or else what the browser asks for. */
export const readPreferences = cache(async (): Promise<Preferences> => {
	const chosen = await cookies();
	const language = chosen.get("language")?.value;
	const theme = chosen.get("theme")?.value;
	return {
		language: isLanguage(language) ? language : preferredLanguage((await headers()).get("accept-language")),
		theme: isTheme(theme) ? theme : "system",
	};
});

/** The words for this request, and the language they are in. */
export async function readMessages() {
	const { language } = await readPreferences();
	return { language, m: messagesIn(language) };
}
