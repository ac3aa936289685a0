import type { NextRequest } from "next/server";
import type { Messages } from "../messages/en";
import { isLanguage, isTheme, languages, preferredLanguage } from "../messages/languages";
import { messagesIn } from "../messages/words";

interface StandalonePage {
	status: number;
	title: (words: Messages) => string;
	/** HTML, of the application's own words alone. */
	body: (words: Messages) => string;
	headers?: Record<string, string>;
}

/** A page that stands by itself, in the visitor's language and colours, and without any script. */
export function standalonePage(
	{ cookies, headers: asked }: NextRequest,
	{ status, title, body, headers = {} }: StandalonePage,
): Response {
	const chosen = cookies.get("language")?.value;
	const language = isLanguage(chosen) ? chosen : preferredLanguage(asked.get("accept-language"));
	const theme = cookies.get("theme")?.value;
	const scheme = isTheme(theme) && theme !== "system" ? theme : "light dark";
	const words = messagesIn(language);
	const html = `<!DOCTYPE html>
<html lang="${language}" dir="${languages[language].direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title(words)} – Latchkey</title>
<style>${style(scheme)}</style>
</head>
<body>
<main>
<h1>${title(words)}</h1>
${body(words)}
</main>
</body>
</html>`;
	return new Response(html, {
		status,
		headers: {
			"content-type": "text/html; charset=utf-8",
			"cache-control": "no-store",
			"content-security-policy":
				"default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
			...headers,
		},
	});
}

function style(scheme: string): string {
	return `
:root { color-scheme: ${scheme}; background: light-dark(#f8f7f4, #12130f); color: light-dark(#1d1f1a, #eeeee8);
	font: 1rem/1.6 system-ui, sans-serif; }
body { margin: 0; }
main { max-inline-size: 26rem; margin: 4rem auto; padding-inline: 1rem; }
h1 { font-size: 1.5rem; line-height: 1.2; }
button, a { display: inline-flex; align-items: center; font: inherit; font-weight: 500; min-block-size: 2.75rem; padding-inline: 1rem;
	border: 1px solid transparent; border-radius: 0.5rem; text-decoration: none; background: light-dark(#1f6b4f, #7fd3ae); color: light-dark(#fff, #0c1d15); }
button:focus-visible, a:focus-visible { outline: 2px solid light-dark(#1f6b4f, #7fd3ae); outline-offset: 2px; }`;
}
