import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "./lib/main.mjs";

const read = (path) => readFileSync(join(root, path), "utf8");

it("README shows the hand-written route that the tests drive", () => {
	const tested = read("packages/latchkey/test/hand-written-route.ts").replace('"../src/index.ts"', '"latchkey"');
	expect(read("README.md")).toContain(`\`\`\`ts title="session-route.ts"\n${tested}\`\`\``);
});

it("docs/error-codes.md has a section for every code, and no other", async () => {
	const { errorCodes } = await import("../packages/latchkey/src/lib/errors.ts");
	const sections = [...read("docs/error-codes.md").matchAll(/^## (\w+)$/gm)].map(([, code]) => code);
	expect(sections.toSorted()).toEqual(Object.keys(errorCodes).toSorted());
});

it("the package brings a README", () => {
	expect(read("packages/latchkey/README.md")).toContain("createAuth");
});
