import { describe, expect, it } from "vitest";
import { openTestAuth, signedUp } from "../../../test/harness.ts";
import { AuthError } from "../errors.ts";
import { lazyBffHandler } from "./lazy-bff-handler.ts";

const options = { upstreams: { notes: { url: "http://127.0.0.1:9" } } };
const ask = (cookie: string) =>
	new Request("http://localhost:3000/api/bff/nothing", { headers: { "sec-fetch-site": "same-origin", cookie } });
const codeOf = async (response: Response) => [response.status, ((await response.json()) as { code: string }).code];

describe("the handler that the first request loads", () => {
	it.each([
		["load", [500, "server_error"]],
		["open", [503, "store_unavailable"]],
	])("[A39] is tried again where it failed to %s, and answers meanwhile", async (failing, expected) => {
		const auth = openTestAuth();
		const browser = await signedUp(auth);
		let fails = true;
		const engine = async () => {
			if (fails && failing === "open") throw new AuthError("store_unavailable");
			return auth.engine();
		};
		const load = async () => {
			if (fails && failing === "load") throw new Error("a part of the program is missing");
			return import("./bff-handler.ts");
		};
		const bff = lazyBffHandler({ engine, logger: () => {} }, options, load);
		const cookie = browser.cookieHeader();
		expect(await codeOf(await bff(ask(cookie)))).toEqual(expected);
		fails = false;
		expect(await codeOf(await bff(ask(cookie)))).toEqual([404, "not_found"]);
	});

	it("says at once what is wrong with its options", () => {
		const upstreams = { notes: { url: "http://api.example.com" } };
		const context = { engine: () => Promise.reject(new Error("not opened")), logger: () => {} };
		expect(() => lazyBffHandler(context, { upstreams })).toThrow(/^bff: /);
	});
});
