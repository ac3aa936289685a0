import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { safeRedirect } from "./redirect.ts";

const origin = "https://example.com";
const fallback = "/fallback";

const redirect = (target: unknown) => safeRedirect(target, { origin, fallback });

function expectOnThisSite(path: string): void {
	expect(path).toMatch(/^\/(?![/\\])/);
	expect(new URL(path, origin).origin).toBe(origin);
	// Some browsers and proxies resolve against the page instead, or decode once more.
	expect(new URL(path, `${origin}/deep/page`).origin).toBe(origin);
	expect(new URL(path, origin).pathname).not.toMatch(/^\/api(\/|$)/i);
}

/** Ways to write "to another host"; each is tried with every host and ending below. */
const departures = [
	"//{host}",
	"///{host}",
	"////{host}",
	"/\\{host}",
	"\\/{host}",
	"\\\\{host}",
	"\\{host}",
	"/\t/{host}",
	"/\n/{host}",
	"/\r/{host}",
	"/\r\n/{host}",
	"\t//{host}",
	"\n//{host}",
	" //{host}",
	"\u0000//{host}",
	"/\u0000/{host}",
	"/\u001f/{host}",
	"/\u007f\\{host}",
	"/\u0085/\\{host}",
	"/.//{host}",
	"/..//{host}",
	"/./\\{host}",
	"/x/..//{host}",
	"/x/../..//{host}",
	"/%2e//{host}",
	"/%2e%2e//{host}",
	"/x/%2E%2e//{host}",
	"/.%2e//{host}",
	"/x/.%2E//{host}/..",
	"http:{host}",
	"https:{host}",
	"http:/{host}",
	"https:/{host}",
	"https:\\{host}",
	"https:///{host}",
	"https://{host}",
	"http://{host}",
	"HTTPS://{host}",
	"hTtPs:\\\\{host}",
	"ftp://{host}",
	"ws://{host}",
	"blob:https://{host}",
	"https://example.com@{host}",
	"https://example.com:443@{host}",
	"https://example.com%40{host}",
	"https://example.com\\@{host}",
	"https://example.com.{host}",
	"https://example.com\u3002{host}",
	"https://example.com%2e{host}",
	"https://example.com%00.{host}",
	"https://example.com://{host}",
	"https://example.com//{host}",
	"https://example.com/\\{host}",
	"https://example.com/\t/{host}",
	"https://example.com/.//{host}",
	"https://example.com/x/..//{host}",
	"https://example.com\t@{host}",
	"https://user:password@{host}",
	"\uff0f\uff0f{host}",
	"\u2215\u2215{host}",
	"\u2044\u2044{host}",
	"\u29f8\u29f8{host}",
	"\ufeff//{host}",
	"\u00a0//{host}",
	"\u200b//{host}",
	"\u2028//{host}",
	"//\uff45vil.{host}",
	"{host}",
	"@{host}",
	"?//{host}",
	"#//{host}",
	";//{host}",
	".//{host}",
	"..//{host}",
	"x//{host}",
	"%2f%2f{host}",
	"%5c%5c{host}",
	"%09//{host}",
] as const;

const hosts = [
	"evil.com",
	"evil.com/account",
	"evil\u3002com",
	"127.0.0.1:8080",
	"[::1]",
	"example.com.evil.io",
] as const;

/** Targets that are hostile as they stand. */
const singles = [
	"",
	" ",
	"/\t/..//evil.com",
	"javascript:alert(1)",
	"JaVaScRiPt:alert(1)",
	"java\nscript:alert(1)",
	"\u0001javascript:alert(1)",
	"javascript://example.com/%0aalert(1)",
	"javascript:/\\evil",
	"data:text/html,<script>alert(1)</script>",
	"data:text/html;base64,PHNjcmlwdD4=",
	"vbscript:msgbox(1)",
	"file:///etc/passwd",
	"about:blank",
	"mailto:someone@evil.com",
	"null",
	"undefined",
	"//",
	"///",
	"/\\",
	"\\",
	"/.//",
	"/x/..//",
	"https://",
	"https:",
	"https://example.co",
	"https://example.comx",
	"https://example.com.",
	"https://example.com:444",
	"https://example.com:444/account",
	"https://www.example.com/account",
	"https://example.com@/account",
	"https://@example.com/account",
	"https://evil@example.com/account",
	"http://example.com/account",
	"//example.com/account",
	"https:example.com/account",
	"/api",
	"/api/",
	"/api/auth",
	"/api/auth?x=1",
	"/api#x",
	"/API/auth",
	"/%61pi/auth",
	"/%41PI/auth",
	"/api%2fauth",
	"/./api/auth",
	"/x/../api/auth",
	"/x/%2e%2e/api/auth",
	"https://example.com/api/auth",
	"/%",
	"/%zz",
	"/%ff",
	"/%c0%af%c0%afevil.com",
	"/account\r\nSet-Cookie: session=planted",
	"/account\u0000",
	"/account\\..\\..\\evil.com",
];

const tooLong = [`/${"a".repeat(2048)}`, `/${"\u00e9".repeat(1000)}`, `/?${"/".repeat(1_000_000)}`];

/** What a query string, a form or JSON can turn a parameter into. */
const notStrings: readonly unknown[] = [
	undefined,
	null,
	true,
	0,
	42n,
	[],
	["/account"],
	["//evil.com"],
	{},
	{ toString: () => "//evil.com" },
	{ pathname: "/account" },
	new URL("https://example.com/account"),
	Object("/account"),
	Symbol("/account"),
	() => "/account",
];

describe("safeRedirect", () => {
	const corpus = departures.flatMap((departure) => hosts.map((host) => departure.replace("{host}", host)));

	it("has a corpus of hundreds of hostile targets", () => {
		expect(new Set([...corpus, ...singles]).size).toBeGreaterThan(500);
	});

	it.each(corpus)("does not leave the site for %j [A12] [ASVS 3.7.2]", (target) => {
		expect(redirect(target)).toBe(fallback);
	});

	it.each(singles)("refuses %j [A12] [ASVS 3.7.2]", (target) => {
		expect(redirect(target)).toBe(fallback);
	});

	it("refuses what is over 2048 characters, before or after percent-encoding [A12]", () => {
		for (const target of tooLong) expect(redirect(target)).toBe(fallback);
	});

	it("refuses what is not a string [A12]", () => {
		for (const target of notStrings) expect(redirect(target)).toBe(fallback);
	});

	it.each([
		["/", "/"],
		["/account", "/account"],
		["/account/", "/account/"],
		["/account?tab=sessions&sort=asc#top", "/account?tab=sessions&sort=asc#top"],
		["/a//b", "/a//b"],
		["/apiary", "/apiary"],
		["/docs/api/auth", "/docs/api/auth"],
		["/x/../account", "/account"],
		["/search?q=https://evil.com//", "/search?q=https://evil.com//"],
		["/search?q=%0d%0a", "/search?q=%0d%0a"],
		["/search?q=a b", "/search?q=a%20b"],
		["/@someone", "/@someone"],
		["/:443", "/:443"],
		["/stra\u00dfe?n=\u00e9", "/stra%C3%9Fe?n=%C3%A9"],
		["/%2f%2fevil.com", "/%2f%2fevil.com"],
		["/%5cevil.com", "/%5cevil.com"],
		["/%09/evil.com", "/%09/evil.com"],
		["/\uff0f\uff0fevil.com", "/%EF%BC%8F%EF%BC%8Fevil.com"],
		["https://example.com", "/"],
		["https://example.com/", "/"],
		["https://example.com/account?x=1#y", "/account?x=1#y"],
		[`/${"a".repeat(2047)}`, `/${"a".repeat(2047)}`],
	])("keeps %j", (target, path) => {
		expect(redirect(target)).toBe(path);
		expectOnThisSite(path);
	});

	it("keeps the port of the origin apart", () => {
		const local = { origin: "http://localhost:3000", fallback };
		expect(safeRedirect("http://localhost:3000/x", local)).toBe("/x");
		expect(safeRedirect("http://localhost:30000/x", local)).toBe(fallback);
		expect(safeRedirect("http://localhost/x", local)).toBe(fallback);
		expect(safeRedirect("http:/evil.com", local)).toBe(fallback);
		expect(safeRedirect("http:evil.com", local)).toBe(fallback);
	});

	it("stays on this site whatever it is given [A12] [ASVS 3.7.2]", () => {
		const part = fc.oneof(
			{
				weight: 4,
				arbitrary: fc.constantFrom(
					...["/", "\\", ".", "..", "%2e", "%2f", "%5c", "\t", "\n", " ", "@", ":", "?", "#", "api", "evil.com"],
					...[
						"https:",
						"http:",
						"//",
						"javascript:",
						"\uff0f",
						"\u3002",
						"\u2028",
						"\u200b",
						"%",
						"xn--",
						"[::1]",
						"/x",
					],
				),
			},
			{ weight: 1, arbitrary: fc.string({ unit: "binary" }) },
		);
		const start = fc.constantFrom("", "/", "/", origin, `${origin}/`);
		fc.assert(
			fc.property(start, fc.array(part), (first, parts) => expectOnThisSite(redirect(first + parts.join("")))),
			{ numRuns: 3000 },
		);
	});

	it("gives the same answer for its own answer", () => {
		fc.assert(
			fc.property(fc.webPath({ size: "medium" }), (path) => {
				expect(redirect(redirect(path))).toBe(redirect(path));
			}),
		);
	});
});
