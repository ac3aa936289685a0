import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
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

const folderOf = (folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`);
const documents = [".", "docs", "decisions"].flatMap(folderOf).concat("bench/README.md", "packages/latchkey/README.md");

it.each(documents.filter((path) => path.endsWith(".md")))("every link of %s leads somewhere", (document) => {
	const text = read(document).replaceAll(/^```[\s\S]*?^```/gm, "");
	const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link).filter((link) => !/^https?:/.test(link));
	const dead = links.filter((link) => {
		const [path, anchor] = link.split("#");
		const target = path === "" ? document : join(dirname(document), path);
		return !existsSync(join(root, target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
	});
	expect(dead).toEqual([]);
});

/** The headings of a document, as the places where they can be linked to. */
function anchorsOf(document) {
	const headings = [...read(document).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading.toLowerCase());
	return headings.map((heading) => heading.replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-"));
}
