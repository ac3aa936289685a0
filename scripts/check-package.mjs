/**
 * The package as its users get it: builds the library, packs it, and unpacks it into an empty project. Promises that
 * every subpath of `exports` loads in plain Node and type-checks, that the engine needs none of its optional peers, that
 * whatever it imports is declared, that the tarball holds no tests, that publint and attw find nothing, and that the
 * command line runs.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { runNpm } from "./lib/install.mjs";
import { main, root, Stop } from "./lib/main.mjs";
import { findNode } from "./lib/node.mjs";
import { capture } from "./lib/run.mjs";

const source = join(root, "packages", "latchkey");
const manifest = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
const entries = Object.keys(manifest.exports).filter((entry) => entry !== "./package.json");
const node = findNode(root);

await main(async () => {
	const project = mkdtempSync(join(tmpdir(), "latchkey package "));
	try {
		await build();
		const tarball = pack(project);
		await unpack(tarball, project);
		const files = await checkContents(tarball, project);
		checkDeclared(project, files);
		await checkImports(project);
		await checkTypes(project);
		await checkCommandLine(project);
		await must("publint", installed("publint/src/cli.js"), "run", tarball, "--strict");
		// Typed for ES modules only, which is what the package is.
		const attw = ["--profile", "esm-only", "--no-definitely-typed", "--no-emoji"];
		await must("attw", installed("@arethetypeswrong/cli/dist/index.js"), tarball, ...attw);
	} finally {
		rmSync(project, { recursive: true, force: true });
	}
});

async function build() {
	rmSync(join(source, "dist"), { recursive: true, force: true });
	await must("building the library", installed("typescript/bin/tsc"), "-p", join(source, "tsconfig.build.json"));
}

function pack(project) {
	const { ok, output } = runNpm(root, ["pack", "--ignore-scripts", "--pack-destination", project], source);
	const file = readdirSync(project).find((name) => name.endsWith(".tgz"));
	if (!ok || file === undefined) throw new Stop(`npm pack failed:\n${output}`);
	return join(project, file);
}

/** As an install would leave it, but with nothing downloaded: the dependencies are those of this repository. */
async function unpack(tarball, project) {
	const target = join(project, "node_modules", manifest.name);
	mkdirSync(target, { recursive: true });
	await run("unpacking", "tar", ["-xzf", tarball, "-C", target, "--strip-components=1"], project);
	writeFileSync(join(project, "package.json"), '{ "name": "consumer", "private": true, "type": "module" }\n');
	link(project, Object.keys(manifest.dependencies ?? {}));
}

async function checkContents(tarball, project) {
	const names = (await run("listing", "tar", ["-tzf", tarball], project)).trim().split(/\r?\n/);
	const files = names.map((name) => name.replace(/^package\//, ""));
	const unwanted = files.filter((file) =>
		/\.test\.|(^|\/)(contract|fixtures)\/|(?<!\.d)\.tsx?$|(^|\/)\.env/.test(file),
	);
	if (unwanted.length > 0) throw new Stop(`These do not belong in the package: ${unwanted.join(", ")}`);
	const missing = ["LICENSE", "package.json", "bin/latchkey.js"].filter((file) => !files.includes(file));
	if (missing.length > 0) throw new Stop(`These are missing from the package: ${missing.join(", ")}`);
	const dependencies = Object.keys(manifest.dependencies ?? {}).length;
	if (dependencies > 9) throw new Stop(`The package has ${dependencies} dependencies; they stay in single digits.`);
	return files;
}

/** Also what is imported late, which no import of an entry would miss. */
function checkDeclared(project, files) {
	const declared = new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }));
	for (const file of files.filter((name) => /^dist\/.*\.(js|d\.ts)$/.test(name))) {
		const code = readFileSync(join(project, "node_modules", manifest.name, file), "utf8");
		for (const [, specifier] of code.matchAll(/(?:\bfrom\s+|\bimport\s*\(?\s*)"([^".][^"]*)"/g)) {
			const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
			if (specifier.startsWith("node:") || declared.has(name)) continue;
			throw new Stop(`${file} imports ${name}, which package.json does not declare.`);
		}
	}
}

async function checkImports(project) {
	// The engine first, while no peer is there: it must not need one.
	await importEntry(".", project);
	link(project, [...Object.keys(manifest.peerDependencies ?? {}), "react-dom"]);
	for (const entry of entries) await importEntry(entry, project);
}

async function importEntry(entry, project) {
	const name = nameOf(entry);
	const script = `if (Object.keys(await import("${name}")).length === 0) throw new Error("${name} exports nothing")`;
	await run(`importing ${name}`, node, ["--input-type=module", "--eval", script], project);
}

async function checkTypes(project) {
	link(project, ["@types/node", "@types/react", "@types/react-dom"]);
	const options = { module: "nodenext", target: "es2023", lib: ["es2024", "dom", "dom.iterable"], jsx: "react-jsx" };
	const compilerOptions = { ...options, strict: true, noEmit: true, exactOptionalPropertyTypes: true, types: ["node"] };
	for (const [index, entry] of entries.entries()) {
		const file = `entry-${index}.ts`;
		writeFileSync(join(project, file), `import * as entry from "${nameOf(entry)}";\n\nexport const used = entry;\n`);
		// Next.js's own declarations do not pass without skipLibCheck; ours alone must.
		const config = { compilerOptions: { ...compilerOptions, skipLibCheck: entry !== "." }, files: [file] };
		writeFileSync(join(project, "tsconfig.json"), JSON.stringify(config));
		await must(`types of ${nameOf(entry)}`, installed("typescript/bin/tsc"), "-p", project);
	}
}

async function checkCommandLine(project) {
	const program = join(project, "node_modules", manifest.name, manifest.bin.latchkey);
	const output = await run("latchkey --version", node, [program, "--version"], project);
	if (output.trim() !== manifest.version) throw new Stop(`latchkey --version says ${output}`);
}

function link(project, names) {
	for (const name of names) {
		const place = join(project, "node_modules", name);
		mkdirSync(dirname(place), { recursive: true });
		symlinkSync(installed(name), place, "junction");
	}
}

async function must(what, program, ...args) {
	return await run(what, node, [program, ...args], root);
}

async function run(what, command, args, cwd) {
	const { code, output } = await capture(command, args, { cwd });
	if (code !== 0) throw new Stop(`${what} failed:\n${output.trimEnd()}`);
	return output;
}

function nameOf(entry) {
	return `${manifest.name}${entry.slice(1)}`;
}

function installed(name) {
	return join(root, "node_modules", name);
}
