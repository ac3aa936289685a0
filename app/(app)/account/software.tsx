import { fill } from "@/messages/format";
import type { readMessages } from "../../preferences/preferences";
import { ComputerIcon, PhoneIcon, TerminalIcon } from "../../ui/icons";
import { readUserAgent } from "./user-agent";

type Words = Awaited<ReturnType<typeof readMessages>>["m"]["devices"];

/** Browser and system in words, such as "Firefox on Windows". */
export function softwareName(words: Words, userAgent: string | null): string {
	const { browser, system, kind } = readUserAgent(userAgent);
	if (kind === "program") return browser === null ? words.unknown : fill(words.program, { name: browser });
	if (browser !== null && system !== null) return fill(words.on, { browser, system });
	return browser ?? system ?? words.unknown;
}

export function SoftwareIcon({ userAgent }: { userAgent: string | null }) {
	const { kind } = readUserAgent(userAgent);
	if (kind === "program") return <TerminalIcon />;
	return kind === "phone" ? <PhoneIcon /> : <ComputerIcon />;
}

/** How long ago, in the roundest unit that fits. */
export function timeAgo(language: string, at: string, now: number): string {
	const seconds = Math.min(0, Math.round((Date.parse(at) - now) / 1000));
	const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
	if (seconds > -60) return format.format(0, "minute");
	if (seconds > -3600) return format.format(Math.round(seconds / 60), "minute");
	if (seconds > -86_400) return format.format(Math.round(seconds / 3600), "hour");
	return format.format(Math.round(seconds / 86_400), "day");
}
