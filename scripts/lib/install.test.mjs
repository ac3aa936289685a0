import { spawn } from "node:child_process";
import { chmodSync, existsSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { expect, it } from "vitest";
import { ensureInstalled, isInstalled, npmEnvironment } from "./install.mjs";
import { pinnedNode } from "./node.mjs";
import { temporaryFolder, writeFiles } from "./temporary-folder.mjs";

it("installs into a fresh clone, once", async () => {
	const { folder, npm } = project();
	await ensureInstalled(folder, npm);
	await ensureInstalled(folder, npm);
	expect(npm.calls).toEqual(["ci"]);
	expect(npm.said).toEqual([expect.stringContaining("Installing dependencies")]);
});

it("installs again when the lock file asks for something else", async () => {
	const { folder, npm } = project();
	await ensureInstalled(folder, npm);
	writeFiles(folder, { "package-lock.json": lock("2.0.0") });
	await ensureInstalled(folder, npm);
	expect(npm.calls).toEqual(["ci", "ci"]);
});

it("takes an install that somebody made by hand", async () => {
	const { folder, npm } = project();
	npm.npm(folder, ["ci"]);
	npm.calls.length = 0;
	await ensureInstalled(folder, npm);
	expect(npm.calls).toEqual([]);
});

it("installs nothing for an edited manifest that changes no dependency", async () => {
	const { folder, npm } = project();
	await ensureInstalled(folder, npm);
	writeFiles(folder, { "package.json": { ...manifest("1.0.0"), scripts: { hello: "echo" } } });
	await ensureInstalled(folder, npm);
	expect(npm.calls).toEqual(["ci"]);
});

it("lets npm complain about a manifest that the lock file does not know", async () => {
	const { folder, npm } = project();
	await ensureInstalled(folder, npm);
	writeFiles(folder, { "packages/inner/package.json": { name: "inner", dependencies: { more: "1.0.0" } } });
	await ensureInstalled(folder, npm);
	expect(npm.calls).toEqual(["ci", "ci"]);
});

it("sees a package that was deleted", () => {
	const { folder, npm } = project();
	npm.npm(folder, ["ci"]);
	expect(isInstalled(folder)).toBe(true);
	rmSync(join(folder, "node_modules/thing"), { recursive: true });
	expect(isInstalled(folder)).toBe(false);
});

it("does not take what was installed on another kind of machine", () => {
	const { folder, npm } = project();
	npm.npm(folder, ["ci"]);
	writeFiles(folder, { "node_modules/.latchkey-install": "plan9-vax 0123\n" });
	expect(isInstalled(folder)).toBe(false);
});

it("installs once when two start at the same moment", async () => {
	const { folder, npm } = project();
	await Promise.all([ensureInstalled(folder, npm), ensureInstalled(folder, npm)]);
	expect(npm.calls).toEqual(["ci"]);
});

it("takes over from an install that died", async () => {
	const { folder, npm } = project();
	const gone = spawn(process.execPath, ["--version"]);
	await new Promise((resolve) => gone.once("exit", resolve));
	writeFiles(folder, { ".latchkey/install.lock": String(gone.pid) });
	await ensureInstalled(folder, npm);
	expect(npm.calls).toEqual(["ci"]);
});

it("names the network when the registry cannot be reached", async () => {
	const { folder } = project();
	const npm = () => ({ ok: false, output: "npm error code ENOTFOUND\n" });
	await expect(ensureInstalled(folder, { npm, say: () => {} })).rejects.toThrow("registry could not be reached");
	await expect(ensureInstalled(folder, { npm, say: () => {} }), "and leaves no stamp").rejects.toThrow();
});

it("installs without npm ci when the lock file names no packages for other systems", async () => {
	const { folder, npm } = project({ nodeComesWith: "install" });
	const refusesCi = (root, args) =>
		args[0] === "ci" ? { ok: false, output: "npm error code EUSAGE\n" } : npm.npm(root, args);
	await ensureInstalled(folder, { ...npm, npm: refusesCi });
	expect(npm.calls).toEqual(["install"]);
});

it("rebuilds the pinned Node when its install script was forbidden", async () => {
	const { folder, npm } = project({ nodeComesWith: "rebuild" });
	await ensureInstalled(folder, npm);
	expect(npm.calls).toEqual(["ci", "rebuild"]);
});

it("goes on with the machine's Node when the pinned one cannot run", async () => {
	const { folder, npm } = project({ nodeComesWith: "never" });
	writeFiles(folder, { "node_modules/.bin/node": "not a program" });
	await expect(ensureInstalled(folder, { ...npm, machineVersion: () => "v22.15.1" })).rejects.toThrow(
		"older than 22.16",
	);
	await ensureInstalled(folder, { ...npm, machineVersion: () => "v22.16.0" });
	expect(npm.said.at(-1)).toContain("going on with the machine's v22.16.0");
	// Otherwise it would stand before the machine's on the PATH of every script.
	expect(existsSync(pinnedNode(folder))).toBe(false);
});

it("gives the nested npm the machine's Node and the user's settings, but not the outer npm's folder", () => {
	const bin = join("/a b", "node_modules", ".bin");
	const env = { PATH: [bin, "/usr/bin"].join(delimiter), npm_config_prefix: "/a b", npm_config_registry: "https://r" };
	expect(npmEnvironment("/a b", env)).toEqual({ PATH: "/usr/bin", npm_config_registry: "https://r" });
});

/** A project with one dependency, and an npm that installs it by writing what npm would write. */
function project({ nodeComesWith = "ci" } = {}) {
	const folder = temporaryFolder({
		"package.json": manifest("1.0.0"),
		"packages/inner/package.json": { name: "inner" },
		"package-lock.json": lock("1.0.0"),
	});
	const npm = { calls: [], said: [], say: (line) => npm.said.push(line), npm: install };
	function install(root, [command]) {
		npm.calls.push(command);
		// As npm does, without the packages that are for other machines.
		const { "node_modules/thing-for-plan9": _, ...packages } = lock("1.0.0").packages;
		writeFiles(root, { "node_modules/thing/package.json": {}, "node_modules/.package-lock.json": { packages } });
		if (command === nodeComesWith) {
			writeFiles(root, { "node_modules/.bin/node": "#!/bin/sh\necho v24.0.0\n" });
			chmodSync(pinnedNode(root), 0o755);
		}
		return { ok: true, output: "" };
	}
	return { folder, npm };
}

function manifest(version) {
	return { name: "outer", workspaces: ["packages/*"], dependencies: { thing: version } };
}

function lock(version) {
	return {
		packages: {
			"": { name: "outer", dependencies: { thing: "1.0.0" } },
			"packages/inner": { name: "inner" },
			"node_modules/inner": { resolved: "packages/inner", link: true },
			"node_modules/thing": { version },
			"node_modules/thing-for-plan9": { version, optional: true },
		},
	};
}
