import type { Language } from "@/messages/languages";

/** A moment in words; in the server's zone, which it names. */
export function longTime(language: Language, time: Date | string): string {
	const format = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });
	return `${format.format(new Date(time))} UTC`;
}
