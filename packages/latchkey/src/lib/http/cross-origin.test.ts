import { describe, expect, it } from "vitest";
import { isSameOrigin } from "./cross-origin.ts";

const site = { origin: "https://example.com", cookieNames: ["__Host-session", "__Host-transaction-"] };
const session = { cookie: "theme=dark; __Host-session=eyJ0.e30.c2ln" };

const judge = (headers: HeadersInit) => isSameOrigin(new Headers(headers), site);

describe("isSameOrigin", () => {
	it.each<[title: string, headers: Record<string, string>]>([
		["our own page, with a session", { "sec-fetch-site": "same-origin", origin: "https://example.com", ...session }],
		["our own page under a no-referrer policy", { "sec-fetch-site": "same-origin", origin: "null", ...session }],
		["an old browser's fetch from our own page", { origin: "https://example.com", ...session }],
		["curl, signing in", {}],
		["curl, with a foreign cookie", { cookie: "theme=dark; session=x; trap=__Host-session=x" }],
		["curl, with a session and our Origin", { origin: "https://example.com", ...session }],
	])("accepts %s [ASVS 3.5.1]", (_title, headers) => {
		expect(judge(headers)).toBe(true);
	});

	it.each([
		"cross-site",
		"same-site",
		"none",
		"",
		"SAME-ORIGIN",
		"same-origin, cross-site",
		"same-origin;x",
		"garbage",
	])("refuses Sec-Fetch-Site %j, whatever else the request says [A19] [ASVS 3.5.1] [ASVS 3.5.2]", (fetchSite) => {
		expect(judge({ "sec-fetch-site": fetchSite })).toBe(false);
		expect(judge({ "sec-fetch-site": fetchSite, ...session })).toBe(false);
		expect(judge({ "sec-fetch-site": fetchSite, origin: "https://example.com", ...session })).toBe(false);
	});

	it.each([
		"null",
		"",
		"*",
		"https://evil.com",
		"https://evilexample.com",
		"https://example.com.evil.io",
		"https://fooaexample.com",
		"https://exampleXcom",
		"https://www.example.com",
		"https://example.co",
		"https://example.com.",
		"https://example.com/",
		"https://example.com:443",
		"https://example.com:8443",
		"https://EXAMPLE.com",
		"https://user@example.com",
		"https://example.com@evil.com",
		"https://example.com, https://evil.com",
		"https://example.com https://evil.com",
		"http://example.com",
		"//example.com",
		"example.com",
	])("refuses the Origin %j, signed in or not [A13] [A19] [ASVS 3.5.1]", (origin) => {
		expect(judge({ origin })).toBe(false);
		expect(judge({ origin, ...session })).toBe(false);
	});

	it.each([
		"__Host-session=x",
		"theme=dark; __Host-session=x",
		"__Host-session=x; __Host-session=y",
		"__Host-session",
		"__Host-session=",
		'__Host-session="x"',
		"theme=dark;\t__Host-session=x",
		"__Host-transaction-7f3a=x",
	])("refuses a request with the cookie %j that does not say where it comes from [A19] [ASVS 3.5.1]", (cookie) => {
		expect(judge({ cookie })).toBe(false);
	});

	it("refuses a header that was sent twice [A19]", () => {
		expect(
			judge([
				["sec-fetch-site", "same-origin"],
				["sec-fetch-site", "same-origin"],
			]),
		).toBe(false);
		expect(
			judge([
				["origin", "https://example.com"],
				["origin", "https://example.com"],
			]),
		).toBe(false);
	});
});
