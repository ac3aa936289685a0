/** What the server entry weighs, bundled and minified: to import, and compressed. */
import { readFileSync, symlinkSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { root } from "../../scripts/lib/main.mjs";
import { median, takeTurns } from "../lib/statistics.mjs";
import { startClient, temporaryFolder } from "../lib/workshop.mjs";

export const title = "The server entry, bundled and minified";

const budgets = { importMs: 80, gzipKb: 80 };
const source = join(root, "packages", "latchkey", "src");

export async function measure({ quick }) {
	const folder = temporaryFolder();
	symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
	const bundles = {
		latchkey: await bundle("index", folder),
		"latchkey/next": await bundle("next", folder),
	};
	const times = await takeTurns(
		{
			nothing: { entry: "data:text/javascript,", first: [] },
			latchkey: { entry: bundles.latchkey.entry, first: [] },
			"latchkey/next": { entry: bundles["latchkey/next"].entry, first: ["next/headers.js", "next/server.js", "react"] },
		},
		quick ? 5 : 15,
		importTime,
	);
	const rows = Object.entries(bundles).flatMap(([name, { main, late, list }]) => [
		weight(`${name}: what an import loads`, main),
		{
			...weight(`${name}: with what loads at first use, the list apart`, [...main, ...late]),
			...budget(budgets.gzipKb, main, late),
		},
		weight(`  the list of common passwords, when one is chosen`, list),
	]);
	const importRows = ["latchkey", "latchkey/next"].map((name) => {
		const ms = median(times[name]);
		return { what: `import ${name}`, figure: `${ms.toFixed(1)} ms`, judged: ms, budget: { most: budgets.importMs } };
	});
	importRows.push({ what: "import of an empty module", figure: `${median(times.nothing).toFixed(1)} ms` });
	return { rows: [...importRows, ...rows], notes: biggestParts(bundles["latchkey/next"].metafile) };
}

async function bundle(name, folder) {
	const outdir = join(folder, name);
	const { metafile } = await build({
		entryPoints: [join(source, `${name}.ts`)],
		outdir,
		entryNames: "entry",
		bundle: true,
		splitting: true,
		minify: true,
		format: "esm",
		platform: "node",
		target: "node22",
		outExtension: { ".js": ".mjs" },
		external: ["next", "next/*", "react", "@node-rs/argon2"],
		metafile: true,
		write: true,
		absWorkingDir: folder,
	});
	const entry = `${name}/entry.mjs`;
	const main = reachable(metafile, [entry], "import-statement");
	const list = Object.keys(metafile.outputs).filter((output) => isList(metafile.outputs[output]));
	const late = reachable(metafile, main, "dynamic-import").filter(
		(file) => !main.includes(file) && !list.includes(file),
	);
	const paths = (files) => files.map((file) => resolve(folder, file));
	return { entry: resolve(folder, entry), main: paths(main), late: paths(late), list: paths(list), metafile };
}

/** The files that these import, and that those import; with dynamic imports or without. */
function reachable({ outputs }, from, kind) {
	const found = new Set(from);
	for (const file of found) {
		for (const { path, kind: how, external } of outputs[file].imports) {
			if (!external && (how === "import-statement" || how === kind)) found.add(path);
		}
	}
	return [...found];
}

function isList({ inputs }) {
	return Object.keys(inputs).some((input) => input.includes("@zxcvbn-ts/language-common"));
}

function budget(most, main, late) {
	return { judged: gzipKb([...main, ...late]), budget: { most } };
}

function weight(what, files) {
	return { what, figure: `${gzipKb(files).toFixed(1)} kB gzip` };
}

function gzipKb(files) {
	return files.reduce((sum, file) => sum + gzipSync(readFileSync(file), { level: 9 }).length, 0) / 1000;
}

/** In a fresh process. */
async function importTime(job) {
	const client = startClient("import-time");
	const ms = await client.ask(job);
	await client.stop();
	return ms;
}

function biggestParts({ outputs }) {
	const bytes = new Map();
	for (const { inputs } of Object.values(outputs).filter((output) => !isList(output))) {
		for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
			const part = partOf(input);
			bytes.set(part, (bytes.get(part) ?? 0) + bytesInOutput);
		}
	}
	const largest = [...bytes].sort(([, one], [, other]) => other - one).slice(0, 8);
	return [
		"The biggest parts of latchkey/next, minified, before gzip:",
		...largest.map(([part, size]) => `  ${(size / 1000).toFixed(1).padStart(6)} kB  ${part}`),
	];
}

function partOf(input) {
	const dependency = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1];
	if (dependency !== undefined) return dependency;
	const [, folder] = /packages\/latchkey\/src\/(?:lib\/)?([^/]+)/.exec(input) ?? [];
	return folder === undefined ? basename(input) : `latchkey: ${folder}`;
}
