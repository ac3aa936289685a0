/** Decides whether node_modules is what package-lock.json describes, and makes it so. Runs on Node 20, with no dependency. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { withLock } from "./lock.mjs";
import { Stop } from "./main.mjs";
import { isNewEnough, pinnedNode, versionOf } from "./node.mjs";

/**
 * Installs what is missing. Two at once wait for each other; the second then finds nothing left to do. The options are
 * for tests: an npm, a place to speak, and what Node the machine has.
 */
export async function ensureInstalled(root, { npm = runNpm, say = console.error, machineVersion } = {}) {
	const wanted = describeInstall(root);
	if (readStamp(root) === wanted) return;
	const install = () => {
		if (readStamp(root) === wanted) return;
		if (!isInstalled(root)) installPackages(root, npm, say);
		ensureNode(root, npm, say, machineVersion ?? (() => versionOf("node", npmEnvironment(root))));
		writeFileSync(stampOf(root), wanted);
	};
	await withLock(join(root, ".latchkey", "install.lock"), install, () =>
		say("Waiting for another install to finish …"),
	);
}

/** What node_modules should hold: the machine's kind, and a hash over the lock file and every manifest that it covers. */
function describeInstall(root) {
	const hash = createHash("sha256");
	for (const file of ["package-lock.json", ...manifestsOf(readLock(root)).map(({ file }) => file)]) {
		hash
			.update(`${file}\0`)
			.update(readFileSync(join(root, file)))
			.update("\0");
	}
	return `${process.platform}-${process.arch} ${hash.digest("hex")}\n`;
}

/**
 * Whether what npm notes of its last install in node_modules is what package-lock.json asks for. So an install that
 * somebody made by hand counts, and an edited manifest that changes no dependency installs nothing.
 */
export function isInstalled(root) {
	const stamp = readStamp(root);
	if (stamp !== null && !stamp.startsWith(`${process.platform}-${process.arch} `)) return false;
	const installed = readJson(join(root, "node_modules", ".package-lock.json"))?.packages;
	if (installed === undefined) return false;
	const lock = readLock(root);
	const manifestsAgree = manifestsOf(lock).every(({ file, locked }) => {
		return dependenciesOf(readJson(join(root, file))) === dependenciesOf(locked);
	});
	return (
		manifestsAgree &&
		Object.entries(lock.packages).every(([path, { version, link, optional }]) => {
			if (path === "" || link) return true;
			// Optional packages are mostly builds for other machines.
			if (installed[path] === undefined) return optional === true;
			return installed[path].version === version && existsSync(join(root, path));
		})
	);
}

/** The environment for a nested npm: the machine's Node before the pinned one, which is about to be replaced. */
export function npmEnvironment(root, env = process.env) {
	const bin = join(root, "node_modules", ".bin");
	const pathKey = Object.keys(env).find((key) => key.toUpperCase() === "PATH") ?? "PATH";
	const path = (env[pathKey] ?? "").split(delimiter).filter((folder) => folder === "" || resolve(folder) !== bin);
	const kept = Object.entries(env).filter(([key]) => {
		// `npm --prefix here start` hands these down, and would make the nested npm install elsewhere.
		return !/^npm_config_(prefix|local_prefix|global|workspaces?|include_workspace_root)$/i.test(key);
	});
	return { ...Object.fromEntries(kept), [pathKey]: path.join(delimiter) };
}

/** Runs npm quietly and answers how it ended, with everything that it said. */
export function runNpm(root, args, cwd = root) {
	const { status, error, stdout, stderr } = spawnSync("npm", args, {
		cwd,
		env: npmEnvironment(root),
		encoding: "utf8",
		maxBuffer: 64 * 1024 * 1024,
		stdio: ["ignore", "pipe", "pipe"],
		// On Windows npm is a batch file, which only a shell runs.
		shell: process.platform === "win32",
	});
	if (error?.code === "ENOENT") throw new Stop("npm was not found; it comes with Node.js: https://nodejs.org");
	return { ok: status === 0, output: `${stdout ?? ""}${stderr ?? ""}${error ? `${error.message}\n` : ""}` };
}

function installPackages(root, npm, say) {
	say("Installing dependencies (once, up to a minute) …");
	// NODE_ENV=production would leave out what the build needs.
	const options = ["--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
	let { ok, output } = npm(root, ["ci", ...options]);
	// A lock file made where the registry lacks packages for other systems does not name them, and `npm ci` refuses it.
	if (!ok && output.includes("code EUSAGE")) ({ ok, output } = npm(root, ["install", "--no-save", ...options]));
	if (ok) return;
	say(output.trimEnd());
	throw new Stop(
		/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED|network/.test(output)
			? "The package registry could not be reached. Connect to the network (or set npm's proxy or registry) and run this again."
			: 'Installing failed; npm says why above. Run "npm ci" to see it again.',
	);
}

function ensureNode(root, npm, say, machineVersion) {
	const pinned = pinnedNode(root);
	if (versionOf(pinned) !== null) return;
	// Its install script downloads the binary, and may have been forbidden (`ignore-scripts`).
	npm(root, ["rebuild", "node"]);
	if (versionOf(pinned) !== null) return;
	const version = machineVersion();
	if (!isNewEnough(version)) {
		throw new Stop(
			`The project's own Node could not be installed, and the machine's (${version ?? "none"}) is older than 22.16: ` +
				'run "npm rebuild node --ignore-scripts=false", or install Node.js 22.16 or later',
		);
	}
	// A Node that does not run must not stand before one that does.
	rmSync(pinned, { force: true });
	say(`The project's own Node could not be installed; going on with the machine's ${version}.`);
}

function manifestsOf(lock) {
	return Object.entries(lock.packages)
		.filter(([path]) => !path.split("/").includes("node_modules"))
		.map(([path, locked]) => ({ file: path === "" ? "package.json" : `${path}/package.json`, locked }));
}

function dependenciesOf(manifest) {
	const kinds = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];
	return JSON.stringify(kinds.map((kind) => Object.entries(manifest?.[kind] ?? {}).sort()));
}

function readLock(root) {
	const lock = readJson(join(root, "package-lock.json"));
	if (!lock?.packages) throw new Stop("package-lock.json is missing or not readable: restore it from the repository");
	return lock;
}

function readJson(file) {
	try {
		return JSON.parse(readFileSync(file, "utf8"));
	} catch {
		return undefined;
	}
}

function readStamp(root) {
	try {
		return readFileSync(stampOf(root), "utf8");
	} catch {
		return null;
	}
}

function stampOf(root) {
	return join(root, "node_modules", ".latchkey-install");
}
