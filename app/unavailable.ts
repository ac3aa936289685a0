import type { NextRequest } from "next/server";
import { isLanguage, isTheme, languages, preferredLanguage } from "../messages/languages";
import { messagesIn } from "../messages/words";

/**
 * A page that stands by itself: what proxy.ts shows while the store is out of reach and nothing else can be drawn. In
 * the visitor's language and colours, and without any script.
 */
export function unavailablePage({ cookies, headers }: NextRequest, retryAfterSeconds: string): Response {
	const chosen = cookies.get("language")?.value;
	const language = isLanguage(chosen) ? chosen : preferredLanguage(headers.get("accept-language"));
	const theme = cookies.get("theme")?.value;
	const scheme = isTheme(theme) && theme !== "system" ? theme : "light dark";
	const words = messagesIn(language).failure;
	const html = `<!DOCTYPE html>
<html lang="${language}" dir="${languages[language].direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${words.title} – Latchkey</title>
<style>${style(scheme)}</style>
</head>
<body>
<main>
<h1>${words.title}</h1>
<p>${words.text}</p>
<form><button type="submit">${words.retry}</button></form>
</main>
</body>
</html>`;
	return new Response(html, {
		status: 503,
		headers: {
			"content-type": "text/html; charset=utf-8",
			"cache-control": "no-store",
			"retry-after": retryAfterSeconds,
			"content-security-policy":
				"default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
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
button { font: inherit; font-weight: 500; min-block-size: 2.75rem; padding-inline: 1rem; border: 1px solid transparent;
	border-radius: 0.5rem; background: light-dark(#1f6b4f, #7fd3ae); color: light-dark(#fff, #0c1d15); }
button:focus-visible { outline: 2px solid light-dark(#1f6b4f, #7fd3ae); outline-offset: 2px; }`;
}
