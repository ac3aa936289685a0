import { describe, expect, it } from "vitest";
import * as z from "zod";
import { LazyRouter } from "./lazy-router.ts";
import { type Route, type RouteGroup, route } from "./route.ts";

function endpoint(path: string): Route {
	return route({
		method: "GET",
		path,
		summary: path,
		access: "public",
		responses: { 200: z.unknown() },
		handle: async () => ({ status: 200, body: undefined }),
	});
}

/** A group that counts how often it is loaded. */
function group(under: readonly string[], paths: readonly string[]) {
	const counted = {
		loads: 0,
		under,
		async load() {
			counted.loads++;
			return paths.map(endpoint);
		},
	};
	return counted satisfies RouteGroup;
}

describe("the router of groups", () => {
	it("loads a group with the first request for one of its paths, and no other", async () => {
		const [resource, keys, cards] = [group([""], [""]), group(["keys"], ["/keys/{id}"]), group(["cards"], ["/cards"])];
		const router = new LazyRouter([resource, keys, cards]);
		expect((await router.match("/keys/7"))?.params).toEqual({ id: "7" });
		await Promise.all([router.match("/keys/8"), router.match("/keys"), router.match("/nothing")]);
		expect([resource.loads, keys.loads, cards.loads]).toEqual([0, 1, 0]);
	});

	it("loads a group once for any number of first requests at once", async () => {
		const keys = group(["keys"], ["/keys"]);
		const router = new LazyRouter([keys]);
		const matches = await Promise.all(Array.from({ length: 8 }, () => router.match("/keys")));
		expect(matches.every((match) => match !== null)).toBe(true);
		expect(keys.loads).toBe(1);
	});

	it("finds what several groups have under one segment", async () => {
		const router = new LazyRouter([group(["keys"], ["/keys"]), group(["keys", "cards"], ["/keys/{id}", "/cards"])]);
		expect(await router.match("/keys")).not.toBeNull();
		expect(await router.match("/keys/7")).not.toBeNull();
		expect(await router.match("/cards")).not.toBeNull();
	});

	it.each([
		...["/", "//", "//keys", "/keys/", "/keys//", "/Keys", "/keys%2f7", "/%6beys", "/keys;a", "/keys/..", "keys"],
		...["/__proto__", "/constructor", "/toString/x", "/keys/%37", "/keys/{id}", "/{id}", `/${"x".repeat(10_000)}`],
	])("finds nothing by another spelling of a path: %j", async (path) => {
		const router = new LazyRouter([group([""], [""]), group(["keys"], ["/keys/{id}"])]);
		expect(await router.match(path)).toBeNull();
	});

	it("tries again what could not be loaded", async () => {
		let failures = 1;
		const router = new LazyRouter([
			{
				under: ["keys"],
				async load() {
					if (failures-- > 0) throw new Error("no such file");
					return [endpoint("/keys")];
				},
			},
		]);
		await expect(router.match("/keys")).rejects.toThrow("no such file");
		expect(await router.match("/keys")).not.toBeNull();
	});

	it("refuses a route that no request would find", async () => {
		const router = new LazyRouter([group(["keys"], ["/keys", "/cards"])]);
		await expect(router.match("/keys")).rejects.toThrow("GET /cards is in a group under keys");
	});

	it("names every route, in the order of the groups", async () => {
		const router = new LazyRouter([group(["b"], ["/b"]), group(["a", ""], ["", "/a"])]);
		expect((await router.routes()).map(({ path }) => path)).toEqual(["/b", "", "/a"]);
	});
});
