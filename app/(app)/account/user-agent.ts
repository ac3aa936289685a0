/** What a User-Agent says of itself, as far as a person can use it. Names are those of the makers, in every language. */
export interface Software {
	readonly browser: string | null;
	readonly system: string | null;
	readonly kind: "computer" | "phone" | "program";
}

// The first that fits counts: each browser also names those that it wants to be taken for.
const browsers: readonly (readonly [RegExp, string])[] = [
	[/\bEdg(?:e|A|iOS)?\//, "Edge"],
	[/\bOPR\/|\bOpera\b/, "Opera"],
	[/\bSamsungBrowser\//, "Samsung Internet"],
	[/\bVivaldi\//, "Vivaldi"],
	[/\bYaBrowser\//, "Yandex"],
	[/\bFirefox\/|\bFxiOS\//, "Firefox"],
	[/\bHeadlessChrome\/|\bChrome\/|\bCriOS\//, "Chrome"],
	[/\bVersion\/[\d.]+ .*Safari\//, "Safari"],
];

const systems: readonly (readonly [RegExp, string, Software["kind"]])[] = [
	[/\biPad\b/, "iPad", "phone"],
	[/\biPhone\b/, "iPhone", "phone"],
	[/\bAndroid\b/, "Android", "phone"],
	[/\bWindows\b/, "Windows", "computer"],
	[/\bMacintosh\b|\bMac OS X\b/, "macOS", "computer"],
	[/\bCrOS\b/, "ChromeOS", "computer"],
	[/\bLinux\b|\bX11\b/, "Linux", "computer"],
];

export function readUserAgent(userAgent: string | null): Software {
	const text = userAgent ?? "";
	const browser = browsers.find(([pattern]) => pattern.test(text))?.[1] ?? null;
	const system = systems.find(([pattern]) => pattern.test(text));
	if (browser !== null || system !== undefined) {
		return { browser, system: system?.[1] ?? null, kind: system?.[2] ?? "computer" };
	}
	// A program names itself first, such as "curl/8.5.0".
	const program = /^([\w.-]{1,40})(?:\/|$)/.exec(text)?.[1] ?? null;
	return { browser: program, system: null, kind: "program" };
}
