import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";

const main = JSON.stringify(new URL("main.mjs", import.meta.url).href);

/** Runs a script of its own whose work throws. */
function fails(thrown) {
	const script = `import { main, Stop } from ${main}; await main(async () => { throw ${thrown}; });`;
	return spawnSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" });
}

describe("a script that cannot go on", () => {
	it("says in one line what the person at the keyboard can put right", () => {
		const { status, stderr } = fails('new Stop("Do this.", 2)');
		expect([status, stderr]).toEqual([2, "Do this.\n"]);
	});

	it.each(["EACCES", "EROFS", "ENOSPC"])("says in one line that it may not write (%s)", (code) => {
		const { status, stderr } = fails(`Object.assign(new Error("open"), { code: "${code}", path: "/some where/x" })`);
		expect(status).toBe(1);
		expect(stderr).toMatch(/^\/some where\/x cannot be written \([A-Z]+\)\. .+\n$/);
	});

	it("hides no mistake of ours", () => {
		expect(fails('new TypeError("a bug")').stderr).toContain("TypeError: a bug\n    at ");
	});
});
