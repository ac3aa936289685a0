/** What the entries weigh, bundled and minified: the server's to import and compressed, the client's in a page. */
import { readFileSync, symlinkSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { root } from "../../scripts/lib/main.mjs";
import { median, takeTurns } from "../lib/statistics.mjs";
import { startClient, temporaryFolder } from "../lib/workshop.mjs";

export const title = "The entries, bundled and minified";

const budgets = { importMs: 80, gzipKb: 80, pageGzipKb: 3 };
const lateTitles = [
	["open-sqlite", "the SQLite store"],
	["postgres", "the PostgreSQL store"],
	["language-common", "the list of common passwords, once somebody chooses one"],
];
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
	const rows = Object.entries(bundles).flatMap(([name, { main, late }]) => [
		weight(`${name}: what an import loads`, main),
		...late.map(({ title, files, optional }) => ({
			...weight(`${name}: with ${title}`, [...main, ...files]),
			...(!optional && { judged: gzipKb([...main, ...files]), budget: { most: budgets.gzipKb } }),
		})),
	]);
	const importRows = ["latchkey", "latchkey/next"].map((name) => {
		const ms = median(times[name]);
		return { what: `import ${name}`, figure: `${ms.toFixed(1)} ms`, judged: ms, budget: { most: budgets.importMs } };
	});
	importRows.push({ what: "import of an empty module", figure: `${median(times.nothing).toFixed(1)} ms` });
	const page = await bundleForPage(folder);
	const pageRow = {
		...weight("latchkey/react: what it adds to a page", [page]),
		judged: gzipKb([page]),
		budget: { most: budgets.pageGzipKb },
	};
	return { rows: [...importRows, ...rows, pageRow], notes: biggestParts(bundles["latchkey/next"].metafile) };
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
		external: ["next", "next/*", "react", "pg", "nodemailer", "@node-rs/argon2"],
		metafile: true,
		write: true,
		absWorkingDir: folder,
	});
	const entry = `${name}/entry.mjs`;
	const main = reachable(metafile.outputs, entry);
	const paths = (files) => files.map((file) => resolve(folder, file));
	return { entry: resolve(folder, entry), main: paths(main), late: lateParts(metafile.outputs, main, paths), metafile };
}

/** All of the client entry. React and Next.js are in the page anyway. */
async function bundleForPage(folder) {
	const outfile = join(folder, "page", "react.js");
	await build({
		entryPoints: [join(source, "react.tsx")],
		outfile,
		bundle: true,
		minify: true,
		format: "esm",
		platform: "browser",
		jsx: "automatic",
		external: ["next/*", "react", "react/*"],
		absWorkingDir: folder,
	});
	return outfile;
}

/** What is imported at first use, each with what it imports in turn. */
function lateParts(outputs, main, paths) {
	const dynamic = main.flatMap((file) => outputs[file].imports.filter(({ kind }) => kind === "dynamic-import"));
	const chunks = new Set(dynamic.filter(({ external }) => !external).map(({ path }) => path));
	return [...chunks].map((chunk) => {
		const source = outputs[chunk].entryPoint ?? chunk;
		const files = reachable(outputs, chunk).filter((file) => !main.includes(file));
		return {
			title: lateTitles.find(([part]) => source.includes(part))?.[1] ?? basename(source),
			files: paths(files),
			optional: !source.includes("open-sqlite"),
		};
	});
}

/** A file and the files that it imports, and that those import, but not at first use. */
function reachable(outputs, from) {
	const found = new Set([from]);
	for (const file of found) {
		for (const { path, kind, external } of outputs[file].imports) {
			if (!external && kind === "import-statement") found.add(path);
		}
	}
	return [...found];
}

function isOptional({ entryPoint, inputs }) {
	const names = [entryPoint ?? "", ...Object.keys(inputs)];
	return names.some((name) => /language-common|storage\/postgres/.test(name));
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
	for (const { inputs } of Object.values(outputs).filter((output) => !isOptional(output))) {
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
