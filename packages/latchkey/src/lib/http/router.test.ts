import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { openTestAuth } from "../../../test/harness.ts";
import { type HttpMethod, type Route, route } from "./route.ts";
import { Router } from "./router.ts";

function endpoint(method: HttpMethod, path: string): Route {
	return route({
		method,
		path,
		summary: `${method} ${path}`,
		access: "public",
		responses: { 200: z.unknown() },
		handle: async () => ({ status: 200, body: undefined }),
	});
}

const router = new Router([
	endpoint("GET", ""),
	endpoint("POST", ""),
	endpoint("DELETE", ""),
	endpoint("GET", "/sessions"),
	endpoint("DELETE", "/sessions/{id}"),
	endpoint("GET", "/sessions/mine"),
	endpoint("PUT", "/users/{user}/passkeys/{passkey}"),
]);

describe("the router", () => {
	it("finds a path and its methods", () => {
		const match = router.match("");
		expect([...match!.routes.keys()]).toEqual(["GET", "POST", "DELETE"]);
		expect(match!.params).toEqual({});
	});

	it("names every method that a path answers, HEAD where there is GET", () => {
		expect(router.match("")!.allow).toBe("GET, POST, DELETE, HEAD, OPTIONS");
		expect(router.match("/sessions/1")!.allow).toBe("DELETE, OPTIONS");
	});

	it("reads the values of a path's names", () => {
		expect(router.match("/users/ada/passkeys/k-1_2")!.params).toEqual({ user: "ada", passkey: "k-1_2" });
	});

	it("prefers a path that is written out", () => {
		expect([...router.match("/sessions/mine")!.routes.keys()]).toEqual(["GET"]);
	});

	it.each([
		"/",
		"//",
		"/sessions/",
		"//sessions",
		"/Sessions",
		"/sessions/1/",
		"/sessions//",
		"/sessions/1/2",
		"/sessions/.",
		"/sessions/..",
		"/sessions/../users",
		"/sessions/%2e%2e",
		"/sessions/a%2fb",
		"/sessions/a b",
		"/sessions/a.b",
		"/sessions/{id}/x",
		"/sessions/é",
		"/sessions/a;b",
		`/sessions/${"a".repeat(601)}`,
		"/users/ada/passkeys",
		"sessions",
		"/__proto__",
		"/constructor",
	])("does not know %j: paths match exactly, with no normalisation to disagree about [A16]", (path) => {
		expect(router.match(path)).toBeNull();
	});

	it("hands on nothing but what an id can be made of", () => {
		fc.assert(
			fc.property(fc.string({ unit: "grapheme" }), (text) => {
				const match = router.match(`/sessions/${text}`);
				if (match !== null && text !== "mine") expect(match.params.id).toMatch(/^[A-Za-z0-9_-]{1,600}$/);
			}),
			{ numRuns: 500 },
		);
	});

	it("does not take two routes for one method and path", () => {
		expect(() => new Router([endpoint("GET", "/a"), endpoint("GET", "/a")])).toThrow("Two routes for GET /a");
	});
});

describe("methods", () => {
	it("answers 405 with Allow to what a path does not do, and 404 to what is no path", async () => {
		const browser = openTestAuth().browser();
		const wrong = await browser.request("PUT", "/api/auth");
		expect([wrong.status, wrong.body.code]).toEqual([405, "method_not_allowed"]);
		expect(wrong.headers.get("allow")).toBe("POST, GET, DELETE, HEAD, OPTIONS");
		for (const path of ["/api/auth/", "/api/auth/nothing", "/api/authx", "/api", "/api/auth//sessions"]) {
			expect((await browser.get(path)).body.code).toBe("not_found");
		}
	});

	it("answers OPTIONS with Allow and HEAD as GET without a body", async () => {
		const browser = openTestAuth().browser();
		const options = await browser.request("OPTIONS", "/api/auth");
		expect([options.status, options.headers.get("allow")]).toEqual([204, "POST, GET, DELETE, HEAD, OPTIONS"]);
		const head = await browser.request("HEAD", "/api/auth");
		expect([head.status, head.body]).toEqual([200, ""]);
		expect(head.headers.get("cache-control")).toBe("no-store");
	});
});
