/** The Chromium of the browser tests: the one that is there, or one installed where the platform allows it. */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { Stop } from "./main.mjs";

/** For playwright's `launch({ executablePath, args })`: also as root, without a display, and with no call home. */
export const chromiumArguments = [
	"--no-sandbox",
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
];

/** The path of a Chromium that runs; `null` when there is none. `CHROMIUM_PATH` has the first word. */
function findChromium(env = process.env) {
	if (env.CHROMIUM_PATH) {
		if (runs(env.CHROMIUM_PATH)) return env.CHROMIUM_PATH;
		throw new Stop(`CHROMIUM_PATH names something that does not run: ${env.CHROMIUM_PATH}`);
	}
	const candidates = [...onPath(env), ...applications(), ...playwrightCaches()];
	return candidates.find((file) => isExecutable(file) && runs(file)) ?? null;
}

/** The same, after installing one if need be. Throws with the way to install one where this cannot be done. */
export function ensureChromium({ env = process.env, say = console.error } = {}) {
	const found = findChromium(env);
	if (found !== null) return found;
	if (canInstall()) {
		say("Installing Chromium for the browser tests (once, apt-get) …");
		installWithApt(say);
		const installed = findChromium(env);
		if (installed !== null) return installed;
	}
	throw new Stop(`The browser tests need a Chromium. ${advice()} Or set CHROMIUM_PATH to one.`);
}

function onPath(env) {
	const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
	const folders = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
	return names.flatMap((name) => folders.map((folder) => join(folder, name)));
}

function applications() {
	if (process.platform !== "darwin") return [];
	return ["/Applications", join(homedir(), "Applications")].flatMap((folder) => [
		join(folder, "Google Chrome.app/Contents/MacOS/Google Chrome"),
		join(folder, "Chromium.app/Contents/MacOS/Chromium"),
	]);
}

function playwrightCaches() {
	const cache = join(homedir(), process.platform === "darwin" ? "Library/Caches" : ".cache", "ms-playwright");
	if (!existsSync(cache)) return [];
	const programs = [
		"chrome-linux/chrome",
		"chrome-linux64/chrome",
		"chrome-mac/Chromium.app/Contents/MacOS/Chromium",
		"chrome-linux/headless_shell",
		"chrome-headless-shell-linux64/chrome-headless-shell",
		"chrome-mac/headless_shell",
	];
	const versions = readdirSync(cache).filter((name) => name.startsWith("chromium"));
	return versions
		.sort()
		.reverse()
		.flatMap((name) => programs.map((program) => join(cache, name, program)));
}

function isExecutable(file) {
	try {
		accessSync(file, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}

/** On some systems `chromium` is a stub that only says where to get one. */
function runs(file) {
	return spawnSync(file, ["--version"], { stdio: "ignore", timeout: 30_000 }).status === 0;
}

function canInstall() {
	return process.platform === "linux" && process.getuid() === 0 && existsSync("/usr/bin/apt-get");
}

function installWithApt(say) {
	const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
	const wait = ["-o", "DPkg::Lock::Timeout=300"];
	for (const args of [["update"], ["install", "-y", "--no-install-recommends", "chromium"]]) {
		const { status, stdout, stderr } = spawnSync("apt-get", ["-q", ...wait, ...args], { env, encoding: "utf8" });
		if (status !== 0) {
			say(`${stdout}${stderr}`.trimEnd());
			return;
		}
	}
}

function advice() {
	if (process.platform === "darwin") return "Install one with: brew install --cask google-chrome.";
	if (process.platform === "win32") return "Install Google Chrome.";
	if (existsSync("/usr/bin/apt-get")) {
		return (
			"Install one with: sudo apt-get install chromium " +
			"(on Ubuntu, where that is a snap: sudo npx playwright-core install --with-deps chromium)."
		);
	}
	if (existsSync("/usr/bin/dnf")) return "Install one with: sudo dnf install chromium.";
	if (existsSync("/sbin/apk")) return "Install one with: apk add chromium.";
	return "Install the package chromium of your system.";
}
