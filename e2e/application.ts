import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { nextProgram } from "../scripts/lib/build.mjs";
import { root } from "../scripts/lib/main.mjs";
import { findNode } from "../scripts/lib/node.mjs";
import { findPort } from "../scripts/lib/port.mjs";

export interface Application {
	readonly origin: string;
	readonly process: ChildProcess;
	/** Everything it has said so far. */
	output(): string;
	/** Asks it to stop, as an operator would, and waits until it has. */
	stop(): Promise<void>;
}

export const testSecret = "a-secret-for-tests-only-0123456789-abcdefghij";

/** Serves a production build on a free port of loopback, and resolves once it answers. */
export async function startApplication(env: Record<string, string> = {}, folder: string = root): Promise<Application> {
	const port = await findPort();
	const origin = `http://localhost:${port}`;
	const child = spawn(findNode(root), [nextProgram(root), "start", "-p", String(port), "-H", "127.0.0.1"], {
		cwd: folder,
		env: {
			...process.env,
			NODE_ENV: "production",
			NEXT_TELEMETRY_DISABLED: "1",
			AUTH_URL: origin,
			AUTH_SECRET: testSecret,
			...env,
		},
		stdio: ["ignore", "pipe", "pipe"],
	});
	let output = "";
	for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
	const stop = async () => {
		if (child.exitCode !== null || child.signalCode !== null) return;
		child.kill("SIGTERM");
		await once(child, "exit");
	};
	while ((await fetch(`${origin}/api/auth/health`).catch(() => null)) === null) {
		if (child.exitCode !== null) throw new Error(`The application ended with ${child.exitCode}:\n${output}`);
		await sleep(50);
	}
	return { origin, process: child, output: () => output, stop };
}
