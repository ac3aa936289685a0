/** The production build, made only when something that goes into it has changed. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readEnvironment } from "./local-config.mjs";
import { withLock } from "./lock.mjs";
import { Stop } from "./main.mjs";
import { findNode } from "./node.mjs";
import { capture } from "./run.mjs";

/**
 * What no build reads, as paths from the root. Everything else counts, so that a new file is never forgotten:
 * `app/docs` and `app/.well-known` are pages, `docs` and `.git` are not.
 */
const ignored = [
	/(^|\/)node_modules$/,
	/^\.(?!swcrc|babelrc|postcssrc)/,
	/^(docs|decisions|e2e|bench|scripts|screenshots)$/,
	/^(LICENSE|next-env\.d\.ts|biome\.json|vitest\..*|.*\.(md|log|tgz))$/,
	/^packages\/[^/]+\/(dist|bin|test|LICENSE|.*\.(md|tgz))$/,
	/^packages\/.*\/(contract|fixtures)$/,
	/\.test\.[cm]?[jt]sx?$/,
	/\.tsbuildinfo$/,
];

/** Builds the application if it changed since the last good build. Two at once build once. Answers whether it built. */
export async function buildApp(root, { env = process.env, say = console.error } = {}) {
	return await withLock(
		join(root, ".latchkey", "build.lock"),
		async () => {
			const wanted = fingerprint(root, env);
			if (readFingerprint(root) === wanted) return false;
			say("Building the application (only when something has changed) …");
			await runBuild(root, env);
			writeFileSync(fingerprintFile(root), wanted);
			return true;
		},
		() => say("Waiting for another build to finish …"),
	);
}

/** A hash over the names and contents of everything that goes into the build. */
export function fingerprint(root, env = process.env) {
	const hash = createHash("sha256");
	for (const { path, link } of listSources(root)) {
		hash
			.update(`${path}\0`)
			.update(link ? readlinkSync(join(root, path)) : readFileSync(join(root, path)))
			.update("\0");
	}
	// Next.js writes these into the build; they may also come from a .env file.
	const settings = readEnvironment(root, "production", env);
	for (const name of Object.keys(settings).sort()) {
		if (/^NEXT_(PUBLIC_|SERVER_ACTIONS_|DEPLOYMENT_ID)/.test(name)) hash.update(`${name}=${settings[name]}\0`);
	}
	return hash.digest("hex");
}

function listSources(root, folder = "") {
	return readdirSync(join(root, folder), { withFileTypes: true })
		.sort((a, b) => (a.name < b.name ? -1 : 1))
		.flatMap((entry) => {
			const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
			if (ignored.some((pattern) => pattern.test(path))) return [];
			if (entry.isDirectory()) return listSources(root, path);
			return entry.isFile() || entry.isSymbolicLink() ? [{ path, link: entry.isSymbolicLink() }] : [];
		});
}

async function runBuild(root, env) {
	// First, so that a build that breaks off is never taken for a good one.
	rmSync(fingerprintFile(root), { force: true });
	const { code, output } = await capture(findNode(root), [nextProgram(root), "build"], {
		cwd: root,
		env: { ...env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
	});
	if (code === 0) return;
	throw new Stop(`${output.trimEnd()}\nThe application could not be built; the reason is above.`);
}

/** The file that runs as `next`, by path: the link in .bin is a shell script on some systems. */
export function nextProgram(root) {
	return join(root, "node_modules", "next", "dist", "bin", "next");
}

function readFingerprint(root) {
	// A person may have removed the build and left the rest.
	if (!existsSync(join(root, ".next", "BUILD_ID")) || !existsSync(fingerprintFile(root))) return null;
	return readFileSync(fingerprintFile(root), "utf8");
}

function fingerprintFile(root) {
	return join(root, ".next", "latchkey-fingerprint");
}
