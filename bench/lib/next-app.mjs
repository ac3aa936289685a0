/** The application in `next-app`: built when something in it or in the library has changed, served in production mode. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nextProgram } from "../../scripts/lib/build.mjs";
import { root } from "../../scripts/lib/main.mjs";
import { findPort } from "../../scripts/lib/port.mjs";
import { capture } from "../../scripts/lib/run.mjs";
import { goodPassword, secret } from "./people.mjs";
import { start, stop, temporaryFolder } from "./workshop.mjs";

const app = join(root, "bench", "next-app");
const stamp = join(app, ".next", "built-from");

/** Serves the application on a fresh database. Answers its port, somebody's cookie and how to stop it. */
export async function startNextApp(settings = {}) {
	await build();
	const port = await findPort();
	const env = environment({
		...settings,
		AUTH_URL: `http://localhost:${port}`,
		AUTH_SECRET: secret,
		AUTH_DATABASE_URL: `file:${join(temporaryFolder(), "auth.db")}`,
	});
	const args = [nextProgram(root), "start", "-p", String(port), "-H", "127.0.0.1"];
	const server = start(process.execPath, args, { cwd: app, env, stdio: ["ignore", "ignore", "inherit"] });
	await untilReady(server, port);
	return { port, cookie: await signUp(port, "somebody@example.com"), stop: () => stop(server) };
}

async function build() {
	const newest = String(Math.max(...[app, join(root, "packages", "latchkey", "src")].map(newestChange)));
	if (existsSync(stamp) && readFileSync(stamp, "utf8") === newest) return;
	console.error("Building the benchmark's application …");
	const { code, output } = await capture(process.execPath, [nextProgram(root), "build"], {
		cwd: app,
		env: environment(),
	});
	if (code !== 0) throw new Error(`The benchmark's application could not be built:\n${output}`);
	writeFileSync(stamp, newest);
}

/** Without what the person at the keyboard has set for the application that they work on. */
function environment(settings = {}) {
	const inherited = Object.entries(process.env).filter(([name]) => !/^(AUTH_|PORT$|HOST$)/.test(name));
	return { ...Object.fromEntries(inherited), NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1", ...settings };
}

function newestChange(path) {
	const { mtimeMs } = statSync(path);
	if (!statSync(path).isDirectory()) return mtimeMs;
	const names = readdirSync(path).filter((name) => name !== ".next" && name !== "next-env.d.ts");
	return Math.max(0, ...names.map((name) => newestChange(join(path, name))));
}

async function untilReady(server, port) {
	while (server.exitCode === null) {
		const response = await fetch(`http://127.0.0.1:${port}/api/auth/health`).catch(() => null);
		if (response?.ok) return;
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
	throw new Error("The benchmark's application did not start");
}

async function signUp(port, email) {
	const response = await fetch(`http://127.0.0.1:${port}/api/auth/sign-up`, {
		method: "POST",
		headers: { "content-type": "application/json", origin: `http://localhost:${port}` },
		body: JSON.stringify({ email, password: goodPassword }),
	});
	if (response.status !== 201) throw new Error(`sign-up answered ${response.status}: ${await response.text()}`);
	return response.headers.getSetCookie()[0].split(";")[0];
}
