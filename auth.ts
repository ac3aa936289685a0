import { createAuth, emailCode, passkey, password } from "latchkey/next";
import { isLanguage } from "./messages/languages";

export const auth = createAuth({
	name: "Latchkey",
	methods: [password(), emailCode(), passkey()],
	pages: { afterSignIn: "/dashboard" },
	mail: { language: ({ headers }) => chosenLanguage(headers.get("cookie") ?? "") },
});

/** What the visitor has chosen on the page of preferences; else the library goes by what the browser asks for. */
function chosenLanguage(cookies: string): string | null {
	const language = /(?:^|; )language=(\w+)/.exec(cookies)?.[1];
	return isLanguage(language) ? language : null;
}
