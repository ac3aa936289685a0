import { describe, expect, it } from "vitest";
import { callBff as call, openBff, testUpstream } from "./fixtures/open-bff.ts";
import type { Upstream } from "./upstream.ts";

const upstream = testUpstream();
const { seen } = upstream;
const open = (options: Partial<Upstream> = {}) => openBff(upstream, options);

describe("a path below an upstream", () => {
	it.each([
		...["", "other/1", "notes/../admin", "notes/%2e%2e/admin", "notes/..%2fadmin", "notes/a%5c..%5cb", "notes//evil"],
		...["notes/%252e%252e/admin", "notes/..%252fadmin", "notes/%255c..", "notes/..", "notes/%7f"],
		...["notes/..;/admin", "notes/..;a=b/admin", "notes/..%3b/admin", "notes/a/.;x", "notes/%c0%ae%c0%ae/admin"],
		...["notes/%u002e%u002e/admin", "notes/%ff", "notes/%"],
		...["notes/%2E%2E%2Fadmin", "notes/a%00b", "notes/%0d%0aX:1", "__proto__/x", "constructor/x", "NOTES/1"],
	])("[A37] calls nothing but what is listed: %j", async (path) => {
		const { browser, bff } = await open();
		const response = await call(bff, browser, path);
		expect(response.status).toBe(404);
		expect(seen).toEqual([]);
	});

	it.each([
		...[
			"notes/projects/group%2Fproject/issues",
			"notes/projects/group%2fsub%2Fproject",
			"notes/a%2F",
			"notes/..a%2F.b",
		],
		...["notes/files/src%2Fmain.ts/raw", "notes/a%2Fb?path=..%2F"],
	])("passes a slash on that is part of a name, as it is, where the upstream takes it: %j", async (path) => {
		const { browser, bff } = await open({ encodedSlashes: true });
		expect((await call(bff, browser, path)).status).toBe(200);
		expect(seen.map(({ url }) => url)).toEqual([path.replace("notes", "/v1")]);
		const closed = await open();
		expect((await call(closed.bff, closed.browser, path)).status).toBe(404);
		expect(seen).toHaveLength(1);
	});

	// To a server that reads the slash as one, it must lead nowhere that the path could not name plainly.
	it.each([
		...[
			"notes/..%2Fadmin",
			"notes/a%2F..%2F..%2Fadmin",
			"notes/a%2F../admin",
			"notes/a/..%2Fadmin",
			"notes/%2F..",
			"notes/a%2F..",
		],
		...[
			"notes/.%2Fa",
			"notes/a%2F.%2Fb",
			"notes/a%2F..;%2Fadmin",
			"notes/a%2F..%3Bx%2Fadmin",
			"notes/a%2F..;b=c/admin",
		],
		...[
			"notes/%2Fevil.example",
			"notes/%2F%2Fevil.example",
			"notes/a%2F%2Fb",
			"notes/a%2F/b",
			"notes/a/%2Fb",
			"notes%2Fadmin",
		],
		...[
			"notes%2F..%2Fadmin",
			"notes/a%252Fb",
			"notes/a%252F..%252Fadmin",
			"notes/a%5C..%5Cadmin",
			"notes/a%2F%2E%2E%2Fadmin",
		],
		...["notes/a%2F%c0%ae%c0%ae%2Fadmin", "notes/a%c0%afb", "notes/a%2F%00b", "notes/a%2F%0d%0aX:1", "notes/a%u002Fb"],
	])("[A37] lets no encoded slash lead elsewhere, also where the upstream takes it: %j", async (path) => {
		const { browser, bff } = await open({ encodedSlashes: true });
		expect((await call(bff, browser, path)).status).toBe(404);
		expect(seen).toEqual([]);
	});
});
