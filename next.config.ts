import type { NextConfig } from "next";
import { defaultLanguage, languages, preferring, themes } from "./messages/languages";

const config: NextConfig = {
	cacheComponents: true,
	partialPrefetching: true,
	poweredByHeader: false,
	typedRoutes: true,
	// Two root layouts have no common one to draw a missing page in.
	experimental: { globalNotFound: true },
	async headers() {
		return [
			{ source: "/:path*", headers: everywhere },
			{ source: "/:path*", has: [{ type: "header", key: "x-forwarded-proto", value: "https" }], headers: [onlyHttps] },
			...["/", "/welcome/:path*"].map((source) => ({
				source,
				headers: [{ key: "Content-Security-Policy", value: staticPagePolicy }],
			})),
		];
	},
	async rewrites() {
		return {
			beforeFiles: landingPages(),
			// What nothing else answers to; so written, it makes not every address one that a link may name.
			fallback: [{ source: "/:path(.{0,})", destination: "/missing" }],
		};
	},
};

const everywhere = [
	{ key: "X-Content-Type-Options", value: "nosniff" },
	{ key: "X-Frame-Options", value: "DENY" },
	// Addresses can hold what others need not know. Forms keep their Origin.
	{ key: "Referrer-Policy", value: "same-origin" },
	{ key: "Cross-Origin-Opener-Policy", value: "same-origin" },
	{ key: "Cross-Origin-Resource-Policy", value: "same-origin" },
	{
		key: "Permissions-Policy",
		value: ["camera", "microphone", "geolocation", "payment", "usb", "display-capture", "browsing-topics"]
			.map((feature) => `${feature}=()`)
			.join(", "),
	},
];

const onlyHttps = { key: "Strict-Transport-Security", value: "max-age=63072000; includeSubDomains" };

/**
 * For pages that are prerendered: a nonce cannot stand in what was made before the request, so inline scripts are let
 * in. No password is typed there and nothing of an account shown; the pages where that happens get theirs in proxy.ts.
 */
const staticPagePolicy = [
	"default-src 'self'",
	// React in development evaluates text to show where an error came from.
	`script-src 'self' 'unsafe-inline'${process.env.NODE_ENV === "development" ? " 'unsafe-eval'" : ""}`,
	"style-src 'self' 'unsafe-inline'",
	"img-src 'self' data:",
	"object-src 'none'",
	"base-uri 'none'",
	"form-action 'self'",
	"frame-ancestors 'none'",
].join("; ");

/** Shows at `/` the prerendered page in the language and colours that were chosen, without a script and without waiting. */
function landingPages() {
	const all = Object.keys(languages) as (keyof typeof languages)[];
	const byLanguage = [
		...all.map((language) => ({ language, has: [{ type: "cookie" as const, key: "language", value: language }] })),
		...all.map((language) => ({
			language,
			has: [{ type: "header" as const, key: "accept-language", value: preferring(language) }],
		})),
		{ language: defaultLanguage, has: [] },
	];
	return byLanguage.flatMap(({ language, has }) => [
		...themes.map((theme) => ({
			source: "/",
			has: [...has, { type: "cookie" as const, key: "theme", value: theme }],
			destination: `/welcome/${language}/${theme}`,
		})),
		{ source: "/", ...(has.length > 0 && { has }), destination: `/welcome/${language}/system` },
	]);
}

export default config;
