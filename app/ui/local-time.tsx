"use client";

import { useFormWords } from "./form-words";
import { useHydrated } from "./hydrated";

/** A moment, in UTC where the visitor's time zone is not known (on the server), and else in theirs. */
export function LocalTime({ at, style = "long" }: { at: string; style?: "long" | "day" }) {
	const { language } = useFormWords();
	const zone = useHydrated() ? {} : { timeZone: "UTC" };
	const moment = new Date(at);
	const format: Intl.DateTimeFormatOptions =
		style === "day" ? { dateStyle: "long" } : { dateStyle: "medium", timeStyle: "short" };
	const text = new Intl.DateTimeFormat(language, { ...format, ...zone }).format(moment);
	return <time dateTime={at}>{"timeZone" in zone && style === "long" ? `${text} UTC` : text}</time>;
}
