/** What the entries weigh, bundled and minified: the server's to import and compressed, the client's in a page. */
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundle, bundleForPage, parts } from "../../scripts/lib/bundle.mjs";
import { root } from "../../scripts/lib/main.mjs";
import { median, takeTurns } from "../lib/statistics.mjs";
import { startClient, temporaryFolder } from "../lib/workshop.mjs";

export const title = "An application with nothing but passwords, bundled and minified";

const budgets = { importMs: 80, gzipKb: 80, pageGzipKb: 3 };
const { next, engine, store, flows } = parts;

export async function measure({ quick }) {
	const atStart = await bundle(next);
	const withStore = await bundle(next + store);
	const withFlows = await bundle(next + store + flows);
	const page = await bundleForPage();
	return {
		rows: [
			...(await importRows({ quick, atStart })),
			weight("latchkey/next: until the first request", atStart),
			{
				...weight("latchkey/next: with the SQLite store", withStore),
				judged: withStore.gzipKb,
				budget: { most: budgets.gzipKb },
			},
			weight("latchkey/next: with all that passwords bring", withFlows),
			{
				...weight("latchkey/react: what it adds to a page", page),
				judged: page.gzipKb,
				budget: { most: budgets.pageGzipKb },
			},
		],
		notes: biggestParts(withFlows),
	};
}

async function importRows({ quick, atStart }) {
	const folder = temporaryFolder();
	symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
	const entryOf = ({ text }, name) => {
		const file = join(folder, name);
		writeFileSync(file, text);
		return file;
	};
	const times = await takeTurns(
		{
			nothing: { entry: "data:text/javascript,", first: [] },
			latchkey: { entry: entryOf(await bundle(engine), "engine.mjs"), first: [] },
			"latchkey/next": {
				entry: entryOf(atStart, "next.mjs"),
				first: ["next/headers.js", "next/server.js", "react"],
			},
		},
		quick ? 5 : 15,
		importTime,
	);
	const judged = ["latchkey", "latchkey/next"].map((name) => {
		const ms = median(times[name]);
		return { what: `import ${name}`, figure: `${ms.toFixed(1)} ms`, judged: ms, budget: { most: budgets.importMs } };
	});
	return [...judged, { what: "import of an empty module", figure: `${median(times.nothing).toFixed(1)} ms` }];
}

function weight(what, { gzipKb }) {
	return { what, figure: `${gzipKb.toFixed(1)} kB gzip` };
}

/** In a fresh process. */
async function importTime(job) {
	const client = startClient("import-time");
	const ms = await client.ask(job);
	await client.stop();
	return ms;
}

function biggestParts({ modules }) {
	const bytes = new Map();
	for (const [path, size] of modules) bytes.set(partOf(path), (bytes.get(partOf(path)) ?? 0) + size);
	const largest = [...bytes].sort(([, one], [, other]) => other - one).slice(0, 8);
	return [
		"The biggest parts with all that passwords bring, minified, before gzip:",
		...largest.map(([part, size]) => `  ${(size / 1000).toFixed(1).padStart(6)} kB  ${part}`),
	];
}

function partOf(path) {
	const dependency = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
	if (dependency !== undefined) return dependency;
	const [, folder = path] = /packages\/latchkey\/src\/(?:lib\/)?([^/]+)/.exec(path) ?? [];
	return `latchkey: ${folder}`;
}
