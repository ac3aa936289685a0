import {
	apple,
	createAuth,
	emailCode,
	exampleProvider,
	facebook,
	github,
	google,
	microsoft,
	passkey,
	password,
} from "latchkey/next";
import { isLanguage } from "./messages/languages";

// A provider is offered once its variables are set; the example provider on this machine only.
export const auth = createAuth({
	name: "Latchkey",
	methods: [
		password(),
		emailCode(),
		passkey(),
		google(),
		github(),
		apple(),
		microsoft(),
		facebook(),
		exampleProvider(),
	],
	// With `required` nothing is made of a sign-up before its address is proven. A variable can only ask for more.
	emailVerification: process.env.EMAIL_VERIFICATION === "required" ? "required" : "optional",
	// Whoever has a second step may choose not to be asked for it on a device of their own.
	trustedDevices: { days: 30 },
	pages: { afterSignIn: "/dashboard" },
	mail: { language: ({ headers }) => chosenLanguage(headers.get("cookie") ?? "") },
});

/** What the visitor has chosen on the page of preferences; else the library goes by what the browser asks for. */
function chosenLanguage(cookies: string): string | null {
	const language = /(?:^|; )language=(\w+)/.exec(cookies)?.[1];
	return isLanguage(language) ? language : null;
}
