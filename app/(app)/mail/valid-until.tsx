import type { Messages } from "@/messages/en";
import { fill } from "@/messages/format";
import type { Language } from "@/messages/languages";
import { longTime } from "./long-time";

interface ValidUntilProps {
	time: Date;
	language: Language;
	words: Messages["mail"];
}

export function ValidUntil({ time, language, words }: ValidUntilProps) {
	return <p className="text-sm text-muted">{fill(words.validUntil, { time: longTime(language, time) })}</p>;
}
