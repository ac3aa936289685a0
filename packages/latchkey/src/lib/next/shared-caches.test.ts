import { describe, expect, it } from "vitest";
import { keepFromSharedCaches } from "./shared-caches.ts";

function kept(wished: Record<string, string>): Record<string, string> {
	const headers = new Headers(wished);
	keepFromSharedCaches(headers);
	return Object.fromEntries(headers);
}

describe("what was answered to one person [A42] [ASVS 14.2.5]", () => {
	it.each([
		"",
		"public, max-age=60",
		"s-maxage=600",
		"private, s-maxage=600",
		"no-store, public",
		// Each of these a shared cache may keep: nothing forbids it to.
		"max-age=600",
		"max-age=31536000, immutable",
		"must-revalidate, max-age=1",
		"no-cache",
		"stale-while-revalidate=60",
		'private="set-cookie", max-age=600',
	])("is kept from shared caches though its handler says %j", (wished) => {
		expect(kept({ "cache-control": wished })).toEqual({ "cache-control": "private, no-store" });
	});

	it.each(["private", "Private, Max-Age=60", "no-store", "private, no-cache", "max-age=60 , private"])(
		"may stay in the person's own browser as the handler says: %j",
		(wished) => {
			expect(kept({ "cache-control": wished })).toEqual({ "cache-control": wished });
		},
	);

	it("says nothing else to the caches in between", () => {
		const wished = {
			"cache-control": "private",
			"cdn-cache-control": "max-age=600",
			"vercel-cdn-cache-control": "max-age=600",
			"surrogate-control": "max-age=600",
		};
		expect(kept(wished)).toEqual({ "cache-control": "private" });
		expect(kept({ "cdn-cache-control": "max-age=600" })).toEqual({ "cache-control": "private, no-store" });
	});
});
