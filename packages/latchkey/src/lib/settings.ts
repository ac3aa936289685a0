import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { fileURLToPath } from "node:url";
import { misconfigured } from "./errors.ts";
import { isPostgresUrl } from "./storage/postgres/database-url.ts";
import type { PostgresPool } from "./storage/postgres/pool.ts";

/** What comes from the environment, checked. */
export interface Settings {
	/** The site's origin, such as `https://example.com`. Absolute URLs are built from it and from nothing else. */
	origin: string;
	/** Whether cookies are `Secure` and carry the `__Host-` prefix: always, but on loopback http. */
	secure: boolean;
	loopback: boolean;
	secrets: readonly string[];
	peppers: readonly string[];
	databaseUrl: string;
	/** The pool to use in the place of `databaseUrl`. */
	databasePool: PostgresDatabase | null;
	/** The same database past a pooler, where PostgreSQL can be listened to. */
	databaseDirectUrl: string | null;
	trustedProxies: number;
	/** The mail server; `null` where there is none. */
	smtpUrl: string | null;
}

/** Values that take the place of environment variables, each by the same rules. */
export interface SettingsOverrides {
	/** `AUTH_URL`: the site's origin. Required unless it is loopback; default `http://localhost:$PORT`. */
	url?: string;
	/** `AUTH_SECRET`: one or several separated by commas, 32 bytes or more each. The first signs, all verify. */
	secret?: string;
	/** `AUTH_PEPPER`: as `AUTH_SECRET`, for sealing password hashes. Default: derived from the secret. */
	pepper?: string;
	/**
	 * `AUTH_DATABASE_URL`: `file:` for SQLite, `postgres:` for PostgreSQL. Default `file:.data/latchkey.db`. Or a pool
	 * of connections to PostgreSQL that the application has already.
	 */
	database?: string | PostgresDatabase;
	/**
	 * `AUTH_DATABASE_DIRECT_URL`: the same PostgreSQL past a pooler that gives out another connection for each
	 * transaction. Only for hearing at once what ended elsewhere. Default: `AUTH_DATABASE_URL`, if that is direct.
	 */
	databaseDirectUrl?: string;
	/** `AUTH_TRUSTED_PROXIES`: how many proxies stand in front and append to X-Forwarded-For. Default 0. */
	trustedProxies?: number;
	/** `SMTP_URL`: the mail server, such as `smtps://user:password@mail.example.com`. Needs the package `nodemailer`. */
	smtp?: string;
}

/**
 * PostgreSQL by a pool that the application has already, such as a `Pool` of `pg`. One of its connections is kept to listen
 * on. It stays open when Latchkey closes.
 */
export interface PostgresDatabase {
	pool: PostgresPool;
	/** The schema of the tables. Default: the first that the server looks in. */
	schema?: string;
	/** What the tables' names begin with. Default `latchkey_`. */
	prefix?: string;
}

/** A variable of the environment, or what the file holds that `NAME_FILE` names. */
export function readSetting(name: string): string | undefined {
	return variable(process.env, name);
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Secrets that the first local start made for itself begin with this. They hold for loopback and for nothing else. */
export const loopbackSecretPrefix = "loopback_";

/**
 * Reads and checks the settings. `NAME_FILE` names a file that holds `NAME`.
 * @throws {AuthError} `misconfigured`, with what is wrong and its cure in one line.
 */
export function readSettings(overrides: SettingsOverrides, env: Environment = process.env): Settings {
	const url = readOrigin(overrides.url ?? variable(env, "AUTH_URL") ?? `http://localhost:${env.PORT || "3000"}`);
	const loopback = isLoopbackHost(url.hostname);
	if (url.protocol === "http:" && !loopback) {
		throw misconfigured(`AUTH_URL is ${url.origin}: http is accepted for localhost only; use https`);
	}
	const secrets = readSecrets("AUTH_SECRET", overrides.secret ?? variable(env, "AUTH_SECRET"));
	if (secrets.length === 0) {
		throw misconfigured("AUTH_SECRET is not set; make one with: npx latchkey secret");
	}
	if (!loopback && secrets.some((secret) => secret.startsWith(loopbackSecretPrefix))) {
		throw misconfigured(
			`AUTH_SECRET was made for local use and does not hold for ${url.origin}; make another with: npx latchkey secret`,
		);
	}
	const peppers = readSecrets("AUTH_PEPPER", overrides.pepper ?? variable(env, "AUTH_PEPPER"));
	const database = overrides.database ?? variable(env, "AUTH_DATABASE_URL");
	return {
		origin: url.origin,
		secure: url.protocol === "https:",
		loopback,
		secrets,
		// Hashes made before there was a pepper are sealed under the secrets: these still open, and no longer seal.
		peppers: [...peppers, ...secrets],
		databaseUrl: typeof database === "object" ? "postgres:" : readDatabaseUrl(database),
		databasePool: typeof database === "object" ? database : null,
		databaseDirectUrl: readDirectUrl(overrides.databaseDirectUrl ?? variable(env, "AUTH_DATABASE_DIRECT_URL")),
		trustedProxies: readProxyCount(overrides.trustedProxies ?? variable(env, "AUTH_TRUSTED_PROXIES") ?? 0),
		smtpUrl: readSmtpUrl(overrides.smtp ?? variable(env, "SMTP_URL")),
	};
}

/** `localhost` and its subdomains (RFC 6761, section 6.3), 127.0.0.0/8 and ::1. */
export function isLoopbackHost(hostname: string): boolean {
	const host = hostname.replace(/^\[|\]$/g, "").toLowerCase();
	return (
		host === "localhost" ||
		host.endsWith(".localhost") ||
		host === "::1" ||
		(isIP(host) === 4 && host.startsWith("127."))
	);
}

/** The path in a `file:` URL; `file:.data/x.db` is relative to the working directory. */
export function sqliteFile(databaseUrl: string): string {
	return databaseUrl.startsWith("file://") ? fileURLToPath(databaseUrl) : databaseUrl.slice("file:".length);
}

function readOrigin(text: string): URL {
	const url = URL.canParse(text) ? new URL(text) : null;
	if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
		throw misconfigured(`AUTH_URL must be an origin such as https://example.com, not ${JSON.stringify(text)}`);
	}
	if (url.username !== "" || url.password !== "" || url.pathname !== "/" || url.search !== "" || url.hash !== "") {
		throw misconfigured(`AUTH_URL must be an origin and nothing else: ${url.origin}`);
	}
	return url;
}

function readSecrets(name: string, text: string | undefined): string[] {
	const secrets = (text ?? "").split(",").map((part) => part.trim());
	if (secrets.length === 1 && secrets[0] === "") return [];
	for (const [index, secret] of secrets.entries()) {
		const which = secrets.length === 1 ? name : `${name} number ${index + 1}`;
		if (Buffer.byteLength(secret) < 32) {
			throw misconfigured(`${which} has fewer than 32 bytes; make one with: npx latchkey secret`);
		}
		if (new Set(secret).size < 10) {
			throw misconfigured(`${which} repeats itself; make a random one with: npx latchkey secret`);
		}
	}
	return secrets;
}

function readDatabaseUrl(text = "file:.data/latchkey.db"): string {
	if (isPostgresUrl(text) || (text.startsWith("file:") && text.length > "file:".length)) return text;
	const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(text)?.[0] ?? "no scheme";
	throw misconfigured(`AUTH_DATABASE_URL must begin with file: or postgres:// (it has ${scheme})`);
}

function readDirectUrl(text: string | undefined): string | null {
	if (text === undefined || isPostgresUrl(text)) return text ?? null;
	throw misconfigured("AUTH_DATABASE_DIRECT_URL must begin with postgres://");
}

function readSmtpUrl(text: string | undefined): string | null {
	const url = text === undefined ? null : URL.parse(text);
	if (text === undefined || (url !== null && /^smtps?:$/.test(url.protocol) && url.hostname !== ""))
		return text ?? null;
	// Not the text itself: it holds the password.
	throw misconfigured("SMTP_URL must look like smtps://user:password@mail.example.com (or smtp:// with a port)");
}

function readProxyCount(value: string | number): number {
	const count = typeof value === "number" ? value : /^\d{1,2}$/.test(value) ? Number(value) : Number.NaN;
	if (Number.isInteger(count) && count >= 0 && count <= 99) return count;
	throw misconfigured("AUTH_TRUSTED_PROXIES must be a number of proxies, such as 0 or 1");
}

function variable(env: Environment, name: string): string | undefined {
	if (env[name]) return env[name];
	const file = env[`${name}_FILE`];
	if (!file) return undefined;
	try {
		return readFileSync(file, "utf8").trim();
	} catch (cause) {
		throw misconfigured(`${name}_FILE names a file that cannot be read: ${file}`, cause);
	}
}
