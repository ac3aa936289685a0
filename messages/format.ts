import type { Plural } from "./en";

/** Puts values into the places that a text names: `fill("Hello, {name}", { name })`. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
	return text.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}

/** The form of a text that its language uses with a number. */
export function plural(language: string, forms: Plural, count: number): string {
	const form = forms[new Intl.PluralRules(language).select(count)] ?? forms.other;
	return fill(form, { count: new Intl.NumberFormat(language).format(count) });
}
