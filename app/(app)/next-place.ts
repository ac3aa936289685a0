/** Where to go after a form, as the page's address says; judged by the library when the form is answered. */
export function nextOf(value: string | string[] | undefined): string {
	return typeof value === "string" ? value : "";
}

/** A page's address that passes it on. */
export function withNext<Path extends string>(path: Path, next: string): Path | `${Path}?next=${string}` {
	return next === "" ? path : `${path}?next=${encodeURIComponent(next)}`;
}
