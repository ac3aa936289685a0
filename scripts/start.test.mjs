import { spawn } from "node:child_process";
import { cpSync, existsSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { root } from "./lib/main.mjs";
import { pinnedNode } from "./lib/node.mjs";
import { findPort } from "./lib/port.mjs";
import { temporaryFolder } from "./lib/temporary-folder.mjs";

it.each(["start", "dev"])(
	"%s names the port that is taken and how to choose another, before anything else",
	async (script) => {
		const port = await findPort();
		await listen(port, "127.0.0.1");
		const folder = project();
		const { code, output } = await run(folder, `scripts/${script}.mjs`, { PORT: String(port) });
		const command = script === "start" ? "npm start" : "npm run dev";
		expect(output).toBe(`Port ${port} is taken. Choose another one: PORT=${port + 1} ${command}\n`);
		expect(code).toBe(1);
		expect(existsSync(join(folder, ".env.local"))).toBe(false);
	},
);

it("sees somebody who listens on ::1 only, where a browser would look first", async (context) => {
	const port = await findPort();
	await listen(port, "::1").catch(() => context.skip("no IPv6 here"));
	const { output } = await run(project(), "scripts/start.mjs", { PORT: String(port) });
	expect(output).toContain(`Port ${port} is taken`);
});

it.each(["0", "65536", "http", "-1", "3000x"])("refuses PORT=%s", async (PORT) => {
	const { code, output } = await run(project(), "scripts/start.mjs", { PORT });
	expect({ code, output }).toEqual({ code: 1, output: `PORT must be a number from 1 to 65535, not "${PORT}"\n` });
});

it("refuses a public origin without a secret, writes nothing and builds nothing", async () => {
	const folder = project();
	const env = { PORT: String(await findPort()), AUTH_URL: "https://example.com" };
	const { code, output } = await run(folder, "scripts/start.mjs", env);
	expect(output).toMatch(/^AUTH_SECRET is not set, and https:\/\/example\.com is not this machine: .*\n$/);
	expect(code).toBe(1);
	expect(existsSync(join(folder, ".env.local"))).toBe(false);
	expect(existsSync(join(folder, ".next"))).toBe(false);
});

it("builds, serves, says where in one line, and ends as the server ends", async () => {
	const folder = project();
	const port = await findPort();
	const first = await run(folder, "scripts/start.mjs", { PORT: String(port) }, "SIGTERM");
	expect(first.output).toContain("Building the application");
	expect(first.output).toContain(`Ready on http://localhost:${port} `);
	expect(first.output).not.toContain("▲ Next.js");
	expect(first.code).toBe(143);
	const second = await run(folder, "scripts/start.mjs", { PORT: String(port) }, "SIGINT");
	expect(second.output).toBe(
		`the server says hello to http://localhost:${port}\nReady on http://localhost:${port} (Ctrl+C stops it)\n`,
	);
	expect(second.code).toBe(130);
});

it("ends when the npm that started it is told to, whose shell keeps the signal to itself", async () => {
	const folder = project();
	const port = await findPort();
	const { PATH, HOME } = process.env;
	const npm = spawn("npm", ["start"], { cwd: folder, env: { PATH, HOME, PORT: String(port) } });
	onTestFinished(() => void npm.kill("SIGKILL"));
	let output = "";
	npm.stdout.on("data", (chunk) => {
		output += chunk;
	});
	await vi.waitFor(() => expect(output).toContain("Ready on"), { timeout: 30_000 });
	npm.kill("SIGTERM");
	const answered = () => fetch(`http://127.0.0.1:${port}/`).then(({ status }) => status);
	await vi.waitFor(() => expect(answered()).rejects.toThrow("fetch failed"), { timeout: 10_000 });
});

it("listens on this machine only, unless the origin is public or HOST says otherwise", async () => {
	const folder = project({ server: "console.log(process.argv.at(-1)); process.exit(7);" });
	const PORT = String(await findPort());
	const hosts = [
		{ PORT },
		{ PORT, HOST: "0.0.0.0" },
		{ PORT, AUTH_URL: "https://example.com", AUTH_SECRET: "x".repeat(32) },
	];
	const answers = [];
	for (const env of hosts) answers.push(await run(folder, "scripts/start.mjs", env));
	expect(answers.map(({ output }) => output.trim().split("\n").at(-1))).toEqual(["127.0.0.1", "0.0.0.0", "0.0.0.0"]);
	expect(answers.map(({ code }) => code)).toEqual([7, 7, 7]);
});

const servesUntilStopped = `
	import { createServer } from "node:http";
	const [, , , , port, , host] = process.argv;
	console.log("▲ Next.js 16");
	console.log("- Local: http://127.0.0.1");
	const server = createServer((request, response) => response.end());
	server.listen(Number(port), host, () => console.log("the server says hello to " + process.env.AUTH_URL));
	for (const [signal, code] of [["SIGTERM", 143], ["SIGINT", 130]]) process.on(signal, () => process.exit(code));
`;

/** A copy of the scripts, and a Next.js that builds nothing and serves one answer. */
function project({ server = servesUntilStopped } = {}) {
	const folder = temporaryFolder({
		"app/page.tsx": "1",
		"package.json": { type: "module", scripts: { start: "node scripts/start.mjs" } },
		"package-lock.json": { packages: { "": {} } },
		"node_modules/.package-lock.json": { packages: {} },
		"node_modules/.bin/other": "",
		"node_modules/next/package.json": { type: "module" },
		"node_modules/next/dist/bin/next": `
			import { mkdirSync, writeFileSync } from "node:fs";
			if (process.argv[2] === "build") {
				mkdirSync(".next", { recursive: true });
				writeFileSync(".next/BUILD_ID", "1");
			} else {
				await import("./server.mjs");
			}
		`,
		"node_modules/next/dist/bin/server.mjs": server,
	});
	symlinkSync(process.execPath, pinnedNode(folder));
	cpSync(join(root, "scripts"), join(folder, "scripts"), { recursive: true });
	return folder;
}

/** Runs a script to its end; with a signal, sends that once the script says that it is ready. */
function run(folder, script, settings, signal) {
	const { PATH, HOME } = process.env;
	const child = spawn(process.execPath, [script], { cwd: folder, env: { PATH, HOME, ...settings } });
	onTestFinished(() => void child.kill("SIGKILL"));
	return new Promise((resolve) => {
		let output = "";
		const hear = (chunk) => {
			output += chunk;
			if (signal !== undefined && output.includes("Ready on")) child.kill(signal);
		};
		child.stdout.on("data", hear);
		child.stderr.on("data", hear);
		child.once("close", (code) => resolve({ code, output }));
	});
}

function listen(port, host) {
	return new Promise((resolve, reject) => {
		const server = createServer();
		onTestFinished(() => void server.close());
		server.once("error", reject);
		server.listen(port, host, resolve);
	});
}
