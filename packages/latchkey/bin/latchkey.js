#!/usr/bin/env node
// A committed stub: npm links a workspace's bin at install, before anything is built.
import { existsSync } from "node:fs";
import process from "node:process";

const [major, minor] = process.versions.node.split(".").map(Number);
const source = new URL("../src/cli.ts", import.meta.url);
const built = new URL("../dist/cli.js", import.meta.url);

if (major < 22 || (major === 22 && minor < 16)) {
	fail(`latchkey needs Node.js 22.16 or later; this is ${process.version}`);
} else if (existsSync(source) && process.features.typescript) {
	// Only a checkout has the source, and there what was built may be older.
	await run(source);
} else if (existsSync(built)) {
	await run(built);
} else {
	fail("latchkey is not built: run `npm run build -w latchkey`, or use Node.js 22.18 or later, which runs the source");
}

async function run(cli) {
	const { main } = await import(cli.href);
	process.exitCode = await main(process.argv.slice(2));
}

function fail(message) {
	console.error(message);
	process.exitCode = 1;
}
