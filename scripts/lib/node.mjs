/** Which Node runs the project: the one that package.json pins, or the machine's own if that is new enough. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { Stop } from "./main.mjs";

/** Where the npm package `node` puts the pinned Node. */
export function pinnedNode(root) {
	return process.platform === "win32"
		? join(root, "node_modules", "node", "bin", "node.exe")
		: join(root, "node_modules", ".bin", "node");
}

/** The path of a Node that can run the project. */
export function findNode(root) {
	if (isNewEnough(process.version)) return process.execPath;
	const pinned = pinnedNode(root);
	if (isNewEnough(versionOf(pinned))) return pinned;
	throw new Stop(`Latchkey needs Node.js 22.16 or later (this is ${process.version}): run "npm ci" and start again`);
}

/** What this Node says its version is, such as `v24.21.0`; `null` when it does not run. */
export function versionOf(node, env = process.env) {
	const { status, stdout } = spawnSync(node, ["--version"], { encoding: "utf8", env });
	return status === 0 ? stdout.trim() : null;
}

/** 22.16 brings the SQLite that the library builds on. */
export function isNewEnough(version) {
	const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version ?? "") ?? [];
	return Number(major) > 22 || (Number(major) === 22 && Number(minor) >= 16);
}
