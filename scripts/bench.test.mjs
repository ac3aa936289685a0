import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Runs one of the benchmarks with as little as it can measure, and answers what it prints. */
async function run(program, ...flags) {
	const script = fileURLToPath(new URL(`../bench/${program}`, import.meta.url));
	const { stdout } = await promisify(execFile)(process.execPath, [script, ...flags, "--quick"], { cwd: root });
	return stdout;
}

// What they measure depends on the machine. That they still can, and what they count, does not.
it("measures a session check, and counts what it asks the database", async () => {
	const printed = await run("run.mjs", "--only", "session,statements");
	expect(printed).toMatch(/session check \(readSession\) +[\d.]+ µs/);
	expect(printed).toMatch(/session check +1 +<= 1 +ok/);
	expect(printed).toMatch(/sign-in +6 +<= 6 +ok/);
	expect(printed).toMatch(/of \d+ budgets kept/);
}, 120_000);

it("measures every operation at two sizes, on SQLite", async () => {
	const printed = await run("scale.mjs", "--only", "sqlite", "--users", "1000,2000");
	for (const operation of ["read a session", "move last-seen of 100 sessions", "change a password"]) {
		expect(printed).toMatch(new RegExp(`${operation} +\\d+ us +\\d+ us +[\\d.]+ \\(`));
	}
	expect(printed).toMatch(/of \d+ budgets kept/);
}, 120_000);
