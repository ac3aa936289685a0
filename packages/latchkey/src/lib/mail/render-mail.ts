import { directionOf } from "./languages.ts";
import type { MailBlock, MailContent } from "./templates.ts";

/** Subject, text and HTML of a message. Everything in it is text: nothing of it becomes markup or another header line. */
export function renderMail(
	{ subject, blocks }: MailContent,
	language: string,
): { subject: string; text: string; html: string } {
	return { subject: oneLine(subject), text: toText(blocks), html: toHtml(subject, blocks, language) };
}

function toText(blocks: readonly MailBlock[]): string {
	return `${blocks.map(textOf).join("\n\n")}\n`;
}

function textOf(block: MailBlock): string {
	switch (block.type) {
		case "paragraph":
			return oneLine(block.text);
		case "link":
			return `${oneLine(block.text)}\n${block.url}`;
		case "code":
			return `${oneLine(block.text)}\n\n    ${block.code}`;
		case "facts":
			return block.facts.map(([name, value]) => `${oneLine(name)}: ${oneLine(value)}`).join("\n");
	}
}

// One column, no image, nothing from elsewhere. Colours in both schemes are the mail client's own where it has them.
const style = `:root{color-scheme:light dark;supported-color-schemes:light dark}
body{margin:0;padding:24px 16px;font:16px/1.6 system-ui,-apple-system,"Segoe UI",sans-serif;background:#f8f7f4;color:#1d1f1a}
main{display:block;max-width:34em;margin:0 auto;padding:24px;background:#fff;border:1px solid #e3e0d7;border-radius:12px}
p,dl{margin:0 0 16px}a{color:#1f6b4f;word-break:break-all}
.code{font:600 28px/1.4 ui-monospace,Menlo,Consolas,monospace;letter-spacing:4px}
dt{color:#5b5f55}dd{margin:0 0 8px;overflow-wrap:anywhere}p:last-child{margin:24px 0 0;font-size:14px;color:#5b5f55}
@media(prefers-color-scheme:dark){body{background:#12130f;color:#eeeee8}main{background:#1b1d18;border-color:#31352c}a{color:#7fd3ae}dt,p:last-child{color:#a9ada1}}`;

function toHtml(subject: string, blocks: readonly MailBlock[], language: string): string {
	return `<!DOCTYPE html>
<html lang="${escapeHtml(language)}" dir="${directionOf(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(subject)}</title>
<style>${style}</style>
</head>
<body>
<main>
${blocks.map(htmlOf).join("\n")}
</main>
</body>
</html>
`;
}

function htmlOf(block: MailBlock): string {
	switch (block.type) {
		case "paragraph":
			return `<p>${escapeHtml(block.text)}</p>`;
		case "link":
			return `<p>${escapeHtml(block.text)}<br><a dir="ltr" href="${escapeHtml(block.url)}">${escapeHtml(block.url)}</a></p>`;
		case "code":
			return `<p>${escapeHtml(block.text)}<br><span class="code" dir="ltr">${escapeHtml(block.code)}</span></p>`;
		case "facts":
			return `<dl>${block.facts
				.map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd dir="auto">${escapeHtml(value)}</dd>`)
				.join("")}</dl>`;
	}
}

function escapeHtml(text: string): string {
	return oneLine(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A line break in what a stranger chose must not begin a line, and a hidden character not turn one around. */
function oneLine(text: string): string {
	return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, " ");
}
