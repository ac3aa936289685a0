/**
 * Type-checks the code in both READMEs and docs: every block that says `title="path"` becomes that file of a small project, one
 * project for each document, against the library's source. A snippet that does not compile fails, with its document.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { main, root, Stop } from "./lib/main.mjs";
import { findNode } from "./lib/node.mjs";
import { capture } from "./lib/run.mjs";

const fence = /^```(tsx?) title="([^"]+)"\n([\s\S]*?)^```$/gm;

const source = "../../../packages/latchkey/src";
const project = {
	extends: "../../../tsconfig.json",
	compilerOptions: {
		incremental: false,
		paths: {
			latchkey: [`${source}/index.ts`],
			"latchkey/next": [`${source}/next.ts`],
			"latchkey/passkeys": [`${source}/passkeys.ts`],
			"latchkey/react": [`${source}/react.tsx`],
			"latchkey/testing": [`${source}/testing.ts`],
			"@/*": ["./*"],
		},
	},
	include: ["**/*.ts", "**/*.tsx"],
	exclude: ["node_modules"],
};

await main(async () => {
	const documents = [
		"README.md",
		"packages/latchkey/README.md",
		...readdirSync(join(root, "docs")).map((name) => `docs/${name}`),
	];
	let count = 0;
	for (const document of documents.filter((name) => name.endsWith(".md"))) count += await check(document);
	if (count === 0) throw new Stop("No snippet was found in the READMEs and docs.");
	console.log(`${count} snippets compile.`);
	return 0;
});

async function check(document) {
	const snippets = [...readFileSync(join(root, document), "utf8").matchAll(fence)];
	if (snippets.length === 0) return 0;
	const folder = join(root, ".latchkey", "snippets", document.replaceAll(/\W/g, "-"));
	rmSync(folder, { recursive: true, force: true });
	const files = {
		"auth.ts":
			'import { createAuth, password } from "latchkey/next";\n\nexport const auth = createAuth({ methods: [password()] });\n',
	};
	for (const [, , title, code] of snippets) files[title] = code;
	for (const [path, code] of Object.entries(files)) write(join(folder, path), code);
	write(join(folder, "tsconfig.json"), JSON.stringify(project));
	symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "dir");
	const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
	const { code, output } = await capture(findNode(root), [tsc, "-p", folder], { cwd: root });
	if (code !== 0) throw new Stop(`${document}:\n${output}`);
	return snippets.length;
}

function write(path, text) {
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, text);
}
