/**
 * `npm test` and `npm run check`: one list of steps, the same here and in CI. All of them run, also after one has
 * failed; what a step says is shown when it fails. Ends with the line `N passed, N failed`, which counts tests and
 * steps, and with exit code 1 if anything failed or no test ran.
 *
 *   npm test -- --only unit,types
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildApp, nextProgram } from "./lib/build.mjs";
import { ensureChromium } from "./lib/chromium.mjs";
import { ensureInstalled } from "./lib/install.mjs";
import { main, root, Stop } from "./lib/main.mjs";
import { findNode } from "./lib/node.mjs";
import { capture } from "./lib/run.mjs";

const steps = [
	{ name: "format", title: "format and lint", run: checkFormat },
	{ name: "types", title: "types", run: checkTypes },
	{ name: "unit", title: "unit and storage tests", run: () => runTests("unit") },
	{ name: "snippets", title: "snippets of the documents", run: () => runNode(["scripts/check-snippets.mjs"]) },
	{ name: "package", title: "package", run: () => runNode(["scripts/check-package.mjs"]) },
	{ name: "build", title: "application build", run: checkBuild },
	{ name: "browser", title: "browser tests", run: checkBrowser },
];

const plain = !process.stdout.isTTY || Boolean(process.env.CI) || Boolean(process.env.NO_COLOR);
const outputs = mkdtempSync(join(tmpdir(), "latchkey-check-"));

await main(async () => {
	const chosen = chooseSteps();
	// Again, because with npm's ignore-scripts nothing ran before this.
	await ensureInstalled(root);
	const results = [];
	for (const step of chosen) results.push(await runStep(step));
	rmSync(outputs, { recursive: true, force: true });
	return report(results);
});

function chooseSteps() {
	const names = steps.map(({ name }) => name);
	let only;
	try {
		only = parseArgs({ options: { only: { type: "string" } } }).values.only;
	} catch {
		throw new Stop(`Usage: npm test -- [--only ${names.join(",")}]`, 2);
	}
	if (only === undefined) return steps;
	const wanted = only.split(",").map((name) => name.trim());
	const unknown = wanted.find((name) => !names.includes(name));
	if (unknown !== undefined) throw new Stop(`No step is called "${unknown}". There are: ${names.join(", ")}`, 2);
	return steps.filter(({ name }) => wanted.includes(name));
}

async function runStep({ title, run }) {
	if (!plain) process.stdout.write(`… ${title}`);
	const begin = performance.now();
	const result = await run().catch(failure);
	const seconds = ((performance.now() - begin) / 1000).toFixed(1);
	if (!plain) process.stdout.write("\r\u001b[2K");
	console.log(`${mark(result.ok)} ${title.padEnd(24)} ${seconds.padStart(6)} s  ${countsOf(result.tests)}`.trimEnd());
	if (!result.ok) console.log(`\n${result.output.trimEnd().replace(/^(?=.)/gm, "    ")}\n`);
	return result;
}

function failure(error) {
	if (!(error instanceof Stop)) return { ok: false, output: error.stack };
	// Ctrl+C ends the list, not just the step.
	if (error.exitCode > 128) throw error;
	return { ok: false, output: error.message };
}

function report(results) {
	const tests = results.flatMap((result) => result.tests ?? []);
	const passed = sum(tests, "passed") + results.filter(({ ok }) => ok).length;
	const failed = sum(tests, "failed") + results.filter(({ ok }) => !ok).length;
	console.log(`${passed} passed, ${failed} failed`);
	return failed === 0 ? 0 : 1;
}

async function checkFormat() {
	return await runNode([installed("@biomejs/biome/bin/biome"), "check", "--error-on-warnings", "."]);
}

async function checkTypes() {
	const tsc = installed("typescript/bin/tsc");
	const all = [
		await runNode([tsc, "-p", "packages/latchkey"]),
		// Next.js makes the types of the routes that the application's own types refer to.
		await runNode([nextProgram(root), "typegen"]),
		await runNode([tsc, "-p", "."]),
		await runNode([tsc, "-p", "e2e"]),
	];
	const failed = all.filter(({ ok }) => !ok);
	return { ok: failed.length === 0, output: failed.map(({ output }) => output).join("\n") };
}

async function checkBuild() {
	await buildApp(root, { say: () => {} });
	return { ok: true, output: "" };
}

async function checkBrowser() {
	return await runTests("e2e", { CHROMIUM_PATH: ensureChromium() });
}

async function runTests(project, env) {
	const file = join(outputs, `${project}.json`);
	const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
	const { ok, output } = await runNode(
		[installed("vitest/vitest.mjs"), "run", "--project", project, ...reporters],
		env,
	);
	const tests = readCounts(file);
	if (tests === null) return { ok: false, output: `${output}\nVitest wrote no result.` };
	if (tests.passed + tests.failed === 0) return { ok: false, output: `${output}\nNo test ran.` };
	return { ok, output, tests };
}

function readCounts(file) {
	try {
		const json = JSON.parse(readFileSync(file, "utf8"));
		const skipped = json.numPendingTests + json.numTodoTests;
		return { passed: json.numPassedTests, failed: json.numFailedTests, skipped };
	} catch {
		return null;
	}
}

async function runNode(args, env = {}) {
	const quiet = { NEXT_TELEMETRY_DISABLED: "1", NO_COLOR: "1", FORCE_COLOR: undefined };
	const { code, output } = await capture(findNode(root), args, {
		cwd: root,
		env: { ...process.env, ...quiet, ...env },
	});
	return { ok: code === 0, output };
}

function installed(file) {
	return join(root, "node_modules", file);
}

function mark(ok) {
	if (plain) return ok ? "ok  " : "FAIL";
	return ok ? "\u001b[32m✓\u001b[0m" : "\u001b[31m✗\u001b[0m";
}

function countsOf(tests) {
	if (tests === undefined) return "";
	const { passed, failed, skipped } = tests;
	const parts = [`${passed} passed`, failed > 0 && `${failed} failed`, skipped > 0 && `${skipped} skipped`];
	return parts.filter(Boolean).join(", ");
}

function sum(items, key) {
	return items.reduce((total, item) => total + item[key], 0);
}
