const base =
	"inline-flex min-h-11 items-center justify-center gap-2 rounded-lg px-4 py-2 text-base font-medium leading-6 text-center no-underline transition-colors";

const looks = {
	primary: "filled bg-accent text-on-accent hover:bg-accent-strong",
	secondary: "border border-control bg-surface text-ink hover:bg-sunken",
	danger: "filled bg-danger text-on-danger hover:opacity-90",
	quiet: "text-ink hover:bg-sunken",
} as const;

/** The classes of a button, or of a link that looks like one. */
export function button(look: keyof typeof looks, more = ""): string {
	return `${base} ${looks[look]} ${more}`;
}
