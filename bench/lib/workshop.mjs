/** Folders and processes that are gone when the benchmark ends, however it ends. */
import { fork, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folders = new Set();
const children = new Set();

process.on("exit", () => {
	for (const child of children) child.kill("SIGKILL");
	for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(130));

export function temporaryFolder(parent = tmpdir()) {
	const folder = mkdtempSync(join(parent, "latchkey-bench-"));
	folders.add(folder);
	return folder;
}

/** Starts a program that runs until it is stopped. */
export function start(command, args, options) {
	const child = spawn(command, args, options);
	children.add(child);
	child.once("exit", () => children.delete(child));
	return child;
}

export async function stop(child) {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const exited = new Promise((resolve) => child.once("exit", resolve));
	child.kill("SIGTERM");
	const patience = setTimeout(() => child.kill("SIGKILL"), 5000);
	await exited;
	clearTimeout(patience);
}

/**
 * Starts one of the programs in `clients`, so that what it does takes no time from what is measured in this process or
 * the other way round. It does one job at a time; see `serve`.
 */
export function startClient(name, { nodeOptions = [] } = {}) {
	const program = fileURLToPath(new URL(`../clients/${name}.mjs`, import.meta.url));
	const child = fork(program, { execArgv: nodeOptions, env: { ...process.env, NODE_ENV: "production" } });
	children.add(child);
	child.once("exit", () => children.delete(child));
	return {
		ask: (job) =>
			new Promise((resolve, reject) => {
				const exited = (code) => reject(new Error(`The client ${name} ended with code ${code}`));
				child.once("exit", exited);
				child.once("message", ({ answer, error }) => {
					child.off("exit", exited);
					if (error === undefined) resolve(answer);
					else reject(new Error(`${name}: ${error}`));
				});
				child.send(job);
			}),
		stop: () => stop(child),
	};
}

/** In a client: answers the jobs that come, one after the other. */
export function serve(work) {
	process.on("message", async (job) => {
		try {
			process.send({ answer: await work(job) });
		} catch (error) {
			process.send({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
		}
	});
	process.once("disconnect", () => process.exit(0));
}
