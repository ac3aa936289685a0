/**
 * A page that goes on to another site by itself, without a script. Its own policy lets nothing else happen on it.
 * The name in it is a link for browsers that are told not to follow.
 */
export function leavingPage(url: string, name: string): { html: string; headers: Readonly<Record<string, string>> } {
	const target = escapeHtml(url);
	const html = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="0;url=${target}">
<title>${escapeHtml(name)}</title>
</head>
<body>
<main><h1><a href="${target}">${escapeHtml(name)}</a></h1></main>
</body>
</html>`;
	return { html, headers: { "referrer-policy": "no-referrer" } };
}

export function escapeHtml(text: string): string {
	const entities: Readonly<Record<string, string>> = {
		"&": "&amp;",
		"<": "&lt;",
		">": "&gt;",
		'"': "&quot;",
		"'": "&#39;",
	};
	return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
