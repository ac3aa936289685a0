/** What a notice calls a device: browser and system where the user agent says so, or else its own words, cut. */
export function deviceName(userAgent: string, on: string): string {
	const browser = nameIn(userAgent, browsers);
	const system = nameIn(userAgent, systems);
	if (browser !== null && system !== null) return on.replace("{browser}", browser).replace("{system}", system);
	return userAgent.length > 80 ? `${userAgent.slice(0, 80)}…` : userAgent;
}

// In this order: each of them also calls itself by names that come after it.
const browsers: readonly (readonly [name: string, mark: RegExp])[] = [
	["Edge", /\bEdg(?:e|A|iOS)?\//],
	["Opera", /\bOPR\//],
	["Samsung Internet", /\bSamsungBrowser\//],
	["Firefox", /\b(?:Firefox|FxiOS)\//],
	["Chrome", /\b(?:Chrome|CriOS)\//],
	["Safari", /\bVersion\/[\d.]+.*\bSafari\//],
];

const systems: readonly (readonly [name: string, mark: RegExp])[] = [
	["iPhone", /\biPhone\b/],
	["iPad", /\biPad\b/],
	["Android", /\bAndroid\b/],
	["Windows", /\bWindows\b/],
	["macOS", /\bMac OS X\b/],
	["ChromeOS", /\bCrOS\b/],
	["Linux", /\bLinux\b/],
];

function nameIn(userAgent: string, names: readonly (readonly [name: string, mark: RegExp])[]): string | null {
	return names.find(([, mark]) => mark.test(userAgent))?.[0] ?? null;
}
