/**
 * `npm start`: makes the local configuration if there is none, builds if something has changed, and serves.
 * Promises: one clear line and exit code 1 when it cannot, before anything slow; what is set in the environment wins;
 * signals reach the server, and its exit code becomes ours.
 *
 * PORT is the port (3000). HOST is the address to listen on: by default 127.0.0.1 when AUTH_URL is loopback or not set,
 * and every address otherwise.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { buildApp, nextProgram } from "./lib/build.mjs";
import { ensureInstalled } from "./lib/install.mjs";
import { ensureLocalConfig } from "./lib/local-config.mjs";
import { main, root } from "./lib/main.mjs";
import { findNode } from "./lib/node.mjs";
import { readPort, requireFreePort } from "./lib/port.mjs";
import { ended } from "./lib/run.mjs";

await main(async () => {
	// Again, because with npm's ignore-scripts nothing ran before this.
	await ensureInstalled(root);
	const node = findNode(root);
	const port = readPort();
	await requireFreePort(port, "npm start");
	const config = await ensureLocalConfig(root, { port });
	await buildApp(root, { env: config.env });

	const host = process.env.HOST || (config.loopback ? "127.0.0.1" : "0.0.0.0");
	const server = spawn(node, [nextProgram(root), "start", "-p", String(port), "-H", host], {
		cwd: root,
		env: { ...config.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
		stdio: ["ignore", "pipe", "inherit"],
	});
	passOn(server.stdout);
	announce(server, host, port, config.origin);
	return await ended(server);
});

/** Next.js's own banner gives way to one line that says where the site is and when it really answers. */
function passOn(output) {
	const banner = /^\s*(▲ Next\.js|- Local:|- Network:|✓ Ready in|✓ Starting|✓ Running next\.config|$)/;
	let started = false;
	createInterface({ input: output }).on("line", (line) => {
		started ||= !banner.test(line);
		if (started) console.log(line);
	});
}

async function announce(server, host, port, origin) {
	const near = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "[::1]" : host.includes(":") ? `[${host}]` : host;
	while (server.exitCode === null && server.signalCode === null) {
		// Next.js listens before it is ready, and answers once it is.
		const answered = await fetch(`http://${near}:${port}/api/auth/health`, { redirect: "manual" }).catch(() => null);
		if (answered !== null) {
			await answered.arrayBuffer();
			console.log(`Ready on ${origin} (Ctrl+C stops it)`);
			return;
		}
		await sleep(50);
	}
}
