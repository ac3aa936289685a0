import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
	type PostgresServer,
	startPostgres,
} from "../packages/latchkey/src/lib/storage/postgres/fixtures/postgres-server.ts";
import { nextProgram } from "../scripts/lib/build.mjs";
import { root } from "../scripts/lib/main.mjs";
import { findNode } from "../scripts/lib/node.mjs";
import { findPort } from "../scripts/lib/port.mjs";
import { startApplication } from "./application.ts";

const secret = "a-secret-for-tests-only-0123456789-abcdefghij";
let folder: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "latchkey start "));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Starts the production build, which is expected to end by itself, and says how it ended. */
async function startAndEnd(
	env: Record<string, string>,
): Promise<{ code: number | null; lines: string[]; output: string }> {
	const port = await findPort();
	const server = spawn(findNode(root), [nextProgram(root), "start", "-p", String(port), "-H", "127.0.0.1"], {
		cwd: root,
		env: { ...process.env, NODE_ENV: "production", AUTH_URL: `http://localhost:${port}`, AUTH_SECRET: secret, ...env },
		stdio: ["ignore", "pipe", "pipe"],
	});
	return ending(server);
}

/** The same reason from the command line. */
function migrateAndEnd(env: Record<string, string>) {
	const command = join(root, "packages/latchkey/bin/latchkey.js");
	return ending(
		spawn(findNode(root), [command, "migrate"], {
			cwd: folder,
			env: { ...process.env, NODE_OPTIONS: "", ...env },
			stdio: ["ignore", "pipe", "pipe"],
		}),
	);
}

async function ending(child: ChildProcess) {
	let output = "";
	let errors = "";
	child.stdout!.on("data", (chunk) => (output += chunk));
	child.stderr!.on("data", (chunk) => (errors += chunk));
	const [code] = await once(child, "close");
	const lines = errors.split("\n").filter((line) => line.startsWith("latchkey:"));
	return { code: code as number | null, lines, output: output + errors };
}

describe("a start that cannot succeed ends with one line and a code that is not 0", () => {
	it.each([
		["a short secret", { AUTH_SECRET: "short" }, /fewer than 32 bytes.*npx latchkey secret/],
		["http for a public origin", { AUTH_URL: "http://example.com" }, /use https/],
		[
			"a local secret for a public origin",
			{ AUTH_URL: "https://example.com", AUTH_SECRET: `loopback_${secret}` },
			/made for local use/,
		],
		["an unknown kind of database", { AUTH_DATABASE_URL: "mysql://localhost/x" }, /AUTH_DATABASE_URL/],
		[
			"a PostgreSQL that is not there",
			{ AUTH_DATABASE_URL: "postgres://u:p@127.0.0.1:1/x" },
			/Start it, or name another/,
		],
	])("%s", async (_what, env, line) => {
		const { code, lines } = await startAndEnd({ AUTH_DATABASE_URL: `file:${join(folder, "auth.db")}`, ...env });
		expect(code).not.toBe(0);
		expect(lines).toHaveLength(1);
		expect(lines[0]).toMatch(line);
	});

	it.each([
		[
			"that is no database",
			(file: string) => writeFileSync(file, "not a database, but long enough to be read as one".repeat(50)),
		],
		[
			"whose schema is newer than the code",
			(file: string) => {
				const database = new DatabaseSync(file);
				database.exec(
					"create table latchkey_migration (version integer primary key, name text, checksum text, applied_at integer)",
				);
				database.exec("insert into latchkey_migration values (9999, 'from-the-future', 'x', 0)");
				database.close();
			},
		],
		[
			"that may not be written",
			(file: string) => {
				new DatabaseSync(file).close();
				chmodSync(file, 0o444);
			},
		],
	])("a file %s, which stays as it was", async (_what, make) => {
		const file = join(folder, "auth.db");
		make(file);
		const before = readFileSync(file);
		const { code, lines } = await startAndEnd({ AUTH_DATABASE_URL: `file:${file}` });
		expect(code).not.toBe(0);
		expect(lines).toHaveLength(1);
		expect(lines[0]).toContain("auth.db");
		expect(readFileSync(file).equals(before)).toBe(true);
	});
});

describe("a start on a PostgreSQL that cannot serve ends with the same line as the command, without a password", () => {
	let postgres: PostgresServer;
	beforeAll(async () => {
		postgres = await startPostgres({ settings: ["fsync=off"] });
	});
	afterAll(() => postgres.remove());

	async function execute(sql: string): Promise<void> {
		const client = new pg.Client(postgres.url);
		await client.connect();
		await client.query(sql);
		await client.end();
	}
	const as = (role: string, query: string) => `${postgres.url.replace("//postgres:", `//${role}:`)}${query}`;

	it.each([
		{
			what: "a wrong password",
			url: () => postgres.url.replace(":only-for-tests", ":wrong-password"),
			words: /refuses this user .*Check user and password/,
		},
		{ what: "a wrong database", url: () => `${postgres.url}_else`, words: /no such database .*Create it/ },
		{
			what: "a role without rights",
			prepare: "CREATE ROLE guest LOGIN PASSWORD 'only-for-tests'",
			url: () => as("guest", "?schema=auth"),
			words: /does not let guest create the schema .*CREATE SCHEMA "auth" AUTHORIZATION/,
		},
		{
			what: "a schema of a newer version",
			prepare: `CREATE SCHEMA newer; CREATE TABLE newer.latchkey_migration (version integer, name text, checksum text, applied_at bigint);
				INSERT INTO newer.latchkey_migration VALUES (999, 'of the future', 'x', 0)`,
			url: () => `${postgres.url}?schema=newer`,
			words: /newer version of latchkey.*Update latchkey/,
		},
		{
			what: "an isolation that is not ours",
			prepare: `CREATE ROLE strict LOGIN PASSWORD 'only-for-tests'; ALTER ROLE strict SET default_transaction_isolation = 'serializable'`,
			url: () => as("strict", "?schema=auth"),
			words: /runs every transaction at serializable.*ALTER ROLE "strict" SET/,
		},
	])("$what", async ({ prepare, url, words }) => {
		if (prepare !== undefined) await execute(prepare);
		const env = { AUTH_DATABASE_URL: url() };
		const [started, migrated] = [await startAndEnd(env), await migrateAndEnd(env)];
		for (const { code, lines, output } of [started, migrated]) {
			expect(code).not.toBe(0);
			expect(lines).toEqual([expect.stringMatching(words)]);
			expect(output).not.toMatch(/only-for-tests|wrong-password/);
		}
		expect(started.lines).toEqual(migrated.lines);
	});
});

it("makes the database's folder, and leaves no journal behind when it is stopped", async () => {
	const file = join(folder, "deep", "er", "auth.db");
	const application = await startApplication({ AUTH_DATABASE_URL: `file:${file}` });
	const answer = await fetch(`${application.origin}/api/auth/sign-up`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify({ email: "ada@example.com", password: "correct horse battery" }),
	});
	expect(answer.status).toBe(201);
	await application.stop();
	expect(() => readFileSync(`${file}-wal`)).toThrow(/ENOENT/);
	const database = new DatabaseSync(file, { readOnly: true });
	expect(database.prepare("select count(*) as users from latchkey_user").get()).toEqual({ users: 1 });
	database.close();
});
