import { escapeHtml } from "../oauth/leaving-page.ts";
import type { ExamplePerson } from "./example-people.ts";

/** Who to be. */
export function choicePage(people: readonly ExamplePerson[]): string {
	const buttons = people.map(
		({ sub, name, note }) =>
			`<button name="person" value="${escapeHtml(sub)}"><b>${escapeHtml(name)}</b><br>${escapeHtml(note)}</button>`,
	);
	return page(
		"Who are you today?",
		`<p>This is the example provider. It runs on this machine for development, and lets you be anybody here without a password.</p>
<form method="post">${buttons.join("\n")}<button name="person" value="" class="quiet">Cancel</button></form>`,
	);
}

/** Asks before the session here ends too. `form` is the provider's own, without a button. */
export function leavePage(form: string): string {
	return page(
		"Sign out here too?",
		`${form}
<p>The site has signed you out, or is about to. The example provider still knows who you are.</p>
<p><button form="op.logoutForm" name="logout" value="yes">Sign out</button> <button form="op.logoutForm" class="quiet">Stay</button></p>`,
	);
}

export function leftPage(): string {
	return page("Signed out", "<p>The example provider does not know who you are any more.</p>");
}

export function errorPage(code: string): string {
	return page("That did not work", `<p>The example provider refused the request: <code>${escapeHtml(code)}</code></p>`);
}

function page(title: string, body: string): string {
	return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – Example provider</title>
<style>
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
main { max-inline-size: 26rem; margin: 4rem auto; padding-inline: 1rem; }
h1 { font-size: 1.5rem; line-height: 1.2; }
form { display: grid; gap: 0.75rem; }
button { font: inherit; text-align: start; min-block-size: 2.75rem; padding: 0.5rem 1rem; border: 1px solid GrayText; border-radius: 0.5rem; }
.quiet { text-align: center; }
</style>
</head>
<body><main><h1>${title}</h1>${body}</main></body>
</html>`;
}
