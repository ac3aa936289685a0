import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { readSettings } from "../settings.ts";
import type { Environment } from "./command.ts";

const settings = ["AUTH_URL", "AUTH_SECRET", "AUTH_PEPPER", "AUTH_DATABASE_URL"];

/**
 * The environment that the application of this folder has: what is set wins over `.env.local`, and that over `.env`.
 * Also `NAME_FILE` when it is set and `NAME` comes from a file only.
 */
export function loadEnvironment(cwd: string, env: Environment): Environment {
	const files = [".env", ".env.local"].map((name) => join(cwd, name)).filter((file) => existsSync(file));
	const fromFiles: Environment = Object.assign({}, ...files.map((file) => parseEnv(readFileSync(file, "utf8"))));
	const hidden = settings.filter((name) => env[`${name}_FILE`]);
	const set = Object.entries(env).filter(([, value]) => value !== undefined && value !== "");
	return { ...fromFiles, ...Object.fromEntries(hidden.map((name) => [name, undefined])), ...Object.fromEntries(set) };
}

/** `AUTH_DATABASE_URL`, checked, on a machine that may have neither origin nor secret. */
export function readDatabaseUrl(cwd: string, env: Environment): string {
	const stand = { url: "http://localhost", secret: "only-the-database-is-asked-for-here" };
	const noPepper = { AUTH_PEPPER: undefined, AUTH_PEPPER_FILE: undefined };
	return readSettings(stand, { ...loadEnvironment(cwd, env), ...noPepper }).databaseUrl;
}
