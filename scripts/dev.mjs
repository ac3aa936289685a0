/**
 * `npm run dev`: the application with live reload, with the same configuration and the same checks as `npm start`.
 * PORT and HOST are as there.
 */
import { spawn } from "node:child_process";
import { nextProgram } from "./lib/build.mjs";
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
	await requireFreePort(port, "npm run dev");
	const config = await ensureLocalConfig(root, { port, mode: "development" });

	const host = process.env.HOST || (config.loopback ? "127.0.0.1" : "0.0.0.0");
	// Next.js names the address that it listens on, which is another origin than the one that the application believes.
	console.log(`Open ${config.origin}`);
	const server = spawn(node, [nextProgram(root), "dev", "-p", String(port), "-H", host], {
		cwd: root,
		env: { ...config.env, NODE_ENV: "development", NEXT_TELEMETRY_DISABLED: "1" },
		stdio: "inherit",
	});
	return await ended(server);
});
