/** The local configuration: what the environment lacks on a developer's machine, and only there. */
import { randomBytes } from "node:crypto";
import { appendFileSync, chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { withLock } from "./lock.mjs";
import { Stop } from "./main.mjs";

/** Marks secrets that were made here: the library refuses them for every origin that is not loopback. */
export const loopbackSecretPrefix = "loopback_";

const fileSettings = ["AUTH_URL", "AUTH_SECRET", "AUTH_PEPPER", "AUTH_DATABASE_URL"];

/**
 * Makes sure that the application can start, and answers the environment to start it with. For a loopback origin
 * without a secret, one is made and kept in `.env.local`, readable by its owner only. For any other origin nothing is
 * made up: a missing secret stops here.
 */
export async function ensureLocalConfig(root, { port, mode = "production", env = process.env, say = console.error }) {
	const declared = setting(readEnvironment(root, mode, env), "AUTH_URL");
	const { origin, hostname } = readUrl(declared ?? `http://localhost:${port}`);
	const loopback = isLoopback(hostname);
	await withLock(join(root, ".latchkey", "config.lock"), () => {
		const settings = readEnvironment(root, mode, env);
		if (!loopback) requireSecret(settings, origin);
		else if (!settings.AUTH_SECRET && !settings.AUTH_SECRET_FILE) addSecret(root, say);
	});
	const url = declared === undefined ? { AUTH_URL: origin } : {};
	return { origin, loopback, env: { ...withoutEmptySettings(env), ...url, PORT: String(port) } };
}

/** The environment as Next.js will see it: what is set wins over the files, and nearer files over farther ones. */
export function readEnvironment(root, mode, env = process.env) {
	const files = [".env", `.env.${mode}`, ".env.local", `.env.${mode}.local`].map((name) => join(root, name));
	const fromFiles = files.filter((file) => existsSync(file)).map((file) => parseEnv(readFileSync(file, "utf8")));
	return Object.assign({}, ...fromFiles, withoutEmptySettings(env));
}

function readUrl(text) {
	if (!URL.canParse(text)) throw new Stop(`AUTH_URL must be an origin such as https://example.com, not "${text}"`);
	return new URL(text);
}

function requireSecret(settings, origin) {
	const secret = setting(settings, "AUTH_SECRET");
	if (secret === undefined) {
		throw new Stop(
			`AUTH_SECRET is not set, and ${origin} is not this machine: set it to what "npx latchkey secret" prints`,
		);
	}
	if (secret.split(",").some((one) => one.trim().startsWith(loopbackSecretPrefix))) {
		throw new Stop(
			`AUTH_SECRET was made for local use and does not hold for ${origin}: set it to what "npx latchkey secret" prints`,
		);
	}
}

function addSecret(root, say) {
	const file = join(root, ".env.local");
	const before = existsSync(file) ? readFileSync(file, "utf8") : "";
	const gap = before === "" || before.endsWith("\n") ? "" : "\n";
	const secret = `${loopbackSecretPrefix}${randomBytes(32).toString("base64url")}`;
	const comment =
		"# Made by the first start, for this machine only: it is refused for any origin that is not loopback.";
	// A file that is there already may be open to others, and is about to hold a secret.
	if (before !== "") chmodSync(file, 0o600);
	appendFileSync(file, `${gap}${comment}\nAUTH_SECRET=${secret}\n`, { mode: 0o600 });
	say("Made a secret for this machine in .env.local.");
}

/** The value of a setting, or of the file that `NAME_FILE` names. */
function setting(settings, name) {
	if (settings[name]) return settings[name];
	const file = settings[`${name}_FILE`];
	if (!file) return undefined;
	try {
		return readFileSync(file, "utf8").trim();
	} catch {
		throw new Stop(`${name}_FILE names a file that cannot be read: ${file}`);
	}
}

/**
 * An empty variable counts as not set, also for Next.js, which would let it win over `.env.local`. That is what keeps a
 * secret in `.env.local` from winning over `AUTH_SECRET_FILE` in the environment.
 */
function withoutEmptySettings(env) {
	const result = { ...env };
	for (const name of fileSettings) {
		if (env[name]) continue;
		if (env[`${name}_FILE`]) result[name] = "";
		else delete result[name];
	}
	return result;
}

/** As the library decides it, which has the last word. */
function isLoopback(hostname) {
	return /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}
