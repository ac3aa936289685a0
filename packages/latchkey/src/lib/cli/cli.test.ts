import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { main } from "./main.ts";

describe("the command line", () => {
	it.each([["--help"], ["-h"], ["migrate", "--help"], ["secret", "add", "-h"]])(
		"explains itself: %s %s",
		async (...args) => {
			const { code, out, err } = await run(args.filter(Boolean));
			expect({ code, err }).toEqual({ code: 0, err: "" });
			expect(out).toContain("latchkey ");
		},
	);

	it("says its version", async () => {
		const { code, out } = await run(["--version"]);
		expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\S*\n$/) });
	});

	it.each([
		{ args: [], says: "which command?" },
		{ args: ["login"], says: 'there is no command "login"' },
		{ args: ["constructor"], says: 'there is no command "constructor"' },
		{ args: ["migrate", "down"], says: 'there is no "latchkey migrate down"' },
		{ args: ["migrate", "toString"], says: 'there is no "latchkey migrate toString"' },
		{ args: ["migrate", "apply", "now"], says: '"latchkey migrate apply" takes no "now"' },
		{ args: ["migrate", "--json"], says: '--json belongs to "migrate status"' },
		{ args: ["migrate", "--force"], says: "Unknown option '--force'" },
		{ args: ["secret", "rotate"], says: 'there is no "latchkey secret rotate"' },
		{ args: ["secret", "add", "again"], says: '"latchkey secret add" takes no "again"' },
		{ args: ["secret", "--file", "x"], says: '--file belongs to "secret add" and "secret promote"' },
	])("does not understand $args", async ({ args, says }) => {
		const folder = temporaryFolder();
		const { code, out, err } = await run(args, { cwd: folder });
		expect(code).toBe(2);
		expect(out).toBe("");
		expect(err).toBe(`latchkey: ${says}\nRun "latchkey --help" to see what there is.\n`);
		expect(readdirSync(folder)).toEqual([]);
	});

	it("runs from a checkout, without a terminal", () => {
		const bin = fileURLToPath(new URL("../../../bin/latchkey.js", import.meta.url));
		const cwd = temporaryFolder();
		const ok = spawnSync(process.execPath, [bin, "secret"], { cwd, encoding: "utf8", input: "" });
		expect(ok).toMatchObject({ status: 0, stderr: "", stdout: expect.stringMatching(secretLine) });
		const wrong = spawnSync(process.execPath, [bin, "nonsense"], { cwd, encoding: "utf8", input: "" });
		expect(wrong).toMatchObject({ status: 2, stdout: "" });
	});
});

describe("latchkey secret", () => {
	it("prints a new one each time, fit for a script, and writes nothing", async () => {
		const folder = temporaryFolder();
		const [first, second] = [await run(["secret"], { cwd: folder }), await run(["secret"], { cwd: folder })];
		expect(first).toEqual({ code: 0, err: "", out: expect.stringMatching(secretLine) });
		expect(second.out).not.toBe(first.out);
		expect(readdirSync(folder)).toEqual([]);
	});

	it("adds the new one last, and in a second step moves it first", async () => {
		const folder = temporaryFolder({ ".env.local": "# mine\nAUTH_SECRET=old\nSMTP_URL=smtp://localhost\n" });
		expect(await run(["secret", "add"], { cwd: folder })).toMatchObject({ code: 0, err: "" });
		const added = envLocal(folder);
		expect(added).toMatch(/^# mine\nAUTH_SECRET=old,[\w-]{43}\nSMTP_URL=smtp:\/\/localhost\n$/);
		const fresh = added.match(/old,([\w-]{43})/)?.[1];
		expect(await run(["secret", "promote"], { cwd: folder })).toMatchObject({ code: 0, err: "" });
		expect(envLocal(folder)).toBe(`# mine\nAUTH_SECRET=${fresh},old\nSMTP_URL=smtp://localhost\n`);
		expect(readdirSync(folder)).toEqual([".env.local"]);
	});

	it("never shows a secret that is in use", async () => {
		const folder = temporaryFolder();
		const outputs = [await run(["secret", "add"], { cwd: folder }), await run(["secret", "add"], { cwd: folder })];
		outputs.push(await run(["secret", "promote"], { cwd: folder }));
		const secrets = envLocal(folder).match(/[\w-]{43}/g);
		expect(secrets).toHaveLength(2);
		for (const secret of secrets!) expect(JSON.stringify(outputs)).not.toContain(secret);
	});

	it("makes a file that only its owner can read", async () => {
		const folder = temporaryFolder();
		await run(["secret", "add"], { cwd: folder });
		expect(statSync(join(folder, ".env.local")).mode & 0o777).toBe(0o600);
		writeFileSync(join(folder, "open.env"), "A=1", { mode: 0o644 });
		await run(["secret", "add", "--file", "open.env"], { cwd: folder });
		expect(statSync(join(folder, "open.env")).mode & 0o777).toBe(0o600);
		expect(readFileSync(join(folder, "open.env"), "utf8")).toMatch(/^A=1\nAUTH_SECRET=[\w-]{43}\n$/);
	});

	it.each([
		['AUTH_SECRET="a, b"\n', /^AUTH_SECRET=a,b,[\w-]{43}\n$/],
		["export AUTH_SECRET = a\n", /^AUTH_SECRET=a,[\w-]{43}\n$/],
		["AUTH_SECRET=\n", /^AUTH_SECRET=[\w-]{43}\n$/],
		["AUTH_SECRET=a\nAUTH_SECRET=b\n", /^AUTH_SECRET=a\nAUTH_SECRET=b,[\w-]{43}\n$/],
		["#AUTH_SECRET=a\nMY_AUTH_SECRET=b", /^#AUTH_SECRET=a\nMY_AUTH_SECRET=b\nAUTH_SECRET=[\w-]{43}\n$/],
	])("reads the list as the application does: %j", async (before, after) => {
		const folder = temporaryFolder({ ".env.local": before });
		expect(await run(["secret", "add"], { cwd: folder })).toMatchObject({ code: 0 });
		expect(envLocal(folder)).toMatch(after);
	});

	it.each([
		["", "no secret"],
		["AUTH_SECRET=one\n", "one secret"],
	])("has nothing to promote in %j", async (before, says) => {
		const folder = temporaryFolder({ ".env.local": before });
		const { code, err } = await run(["secret", "promote"], { cwd: folder });
		expect({ code, err }).toEqual({
			code: 1,
			err: `latchkey: .env.local has ${says}; run first: latchkey secret add\n`,
		});
		expect(envLocal(folder)).toBe(before);
	});

	it.each(["AUTH_SECRET", "AUTH_SECRET_FILE"])("says when %s in the environment wins over the file", async (name) => {
		const folder = temporaryFolder();
		const { code, err } = await run(["secret", "add"], { cwd: folder, env: { [name]: "something" } });
		expect({ code, err }).toEqual({
			code: 1,
			err: `latchkey: ${name} is set in the environment and wins over .env.local; change it there\n`,
		});
		expect(readdirSync(folder)).toEqual([]);
	});
});

describe("latchkey migrate", () => {
	it("plans and reports without writing, applies, and then finds nothing to do", async () => {
		const folder = temporaryFolder();
		const pending = JSON.parse((await run(["migrate", "status", "--json"], { cwd: folder })).out);
		expect(pending).toMatchObject({ applied: [], foreignTables: [] });
		expect(pending.pending.length).toBeGreaterThan(0);
		expect((await run(["migrate", "plan"], { cwd: folder })).out).toMatch(/^-- 1 .*\nCREATE TABLE latchkey_/);
		expect(readdirSync(folder)).toEqual([]);

		const up = await run(["migrate"], { cwd: folder });
		expect(up).toMatchObject({ code: 0, out: expect.stringMatching(/^applied 1 /) });
		expect(existsSync(join(folder, ".data/latchkey.db"))).toBe(true);

		const applied = JSON.parse((await run(["migrate", "status", "--json"], { cwd: folder })).out);
		expect(applied.pending).toEqual([]);
		expect(applied.applied).toHaveLength(pending.pending.length);
		expect(applied.applied[0].appliedAt).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
		expect((await run(["migrate", "status"], { cwd: folder })).out).toMatch(/latchkey\.db\napplied 1 .* at \d{4}-/);
		expect(await run(["migrate", "apply"], { cwd: folder })).toMatchObject({ code: 0, out: "" });
		expect(await run(["migrate", "plan"], { cwd: folder })).toMatchObject({ code: 0, out: "" });
	});

	it("takes the database from the environment, else .env.local, else .env", async () => {
		const folder = temporaryFolder({ ".env": "AUTH_DATABASE_URL=file:far.db\n" });
		const file = async (env = {}) => {
			const { out } = await run(["migrate", "status", "--json"], { cwd: folder, env });
			return JSON.parse(out).file;
		};
		expect(await file()).toBe(join(folder, "far.db"));
		writeFileSync(join(folder, ".env.local"), "AUTH_DATABASE_URL=file:near.db\n");
		expect(await file({ AUTH_DATABASE_URL: "" })).toBe(join(folder, "near.db"));
		expect(await file({ AUTH_DATABASE_URL: "file:set.db" })).toBe(join(folder, "set.db"));
		writeFileSync(join(folder, "url"), "file:named.db\n");
		expect(await file({ AUTH_DATABASE_URL: `file://${folder.replaceAll(" ", "%20")}/url.db` })).toBe(
			join(folder, "url.db"),
		);
		expect(await file({ AUTH_DATABASE_URL_FILE: join(folder, "url") })).toBe(join(folder, "named.db"));
	});

	it("never takes the application's own DATABASE_URL", async () => {
		const folder = temporaryFolder();
		const { out } = await run(["migrate", "status", "--json"], { cwd: folder, env: { DATABASE_URL: "file:other.db" } });
		expect(JSON.parse(out).file).toBe(join(folder, ".data/latchkey.db"));
	});

	it("says in one line why a file cannot serve, and leaves it alone", async () => {
		const folder = temporaryFolder({ "notes.txt": "this is no database, and it is precious" });
		const env = { AUTH_DATABASE_URL: "file:notes.txt" };
		for (const action of ["apply", "status", "plan"]) {
			const { code, out, err } = await run(["migrate", action], { cwd: folder, env });
			expect({ code, out }).toEqual({ code: 1, out: "" });
			expect(err).toMatch(/^latchkey: .*notes\.txt.*\n$/);
		}
		expect(readdirSync(folder)).toEqual(["notes.txt"]);
		expect(readFileSync(join(folder, "notes.txt"), "utf8")).toContain("precious");
	});

	it("has nothing to do for a database in memory", async () => {
		const folder = temporaryFolder();
		const { code, err } = await run(["migrate"], { cwd: folder, env: { AUTH_DATABASE_URL: "file::memory:" } });
		expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/^latchkey: .*nothing to migrate\n$/) });
		expect(readdirSync(folder)).toEqual([]);
	});

	it("says in one line that it does not know a kind of database", async () => {
		const { code, err } = await run(["migrate"], { env: { AUTH_DATABASE_URL: "mysql://localhost/app" } });
		expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/^latchkey: AUTH_DATABASE_URL .*\n$/) });
	});
});

const secretLine = /^[\w-]{43}\n$/;

async function run(args: readonly string[], { cwd = temporaryFolder(), env = {} } = {}) {
	const out: string[] = [];
	const err: string[] = [];
	const context = {
		cwd,
		env,
		print: (text: string) => void out.push(text),
		warn: (text: string) => void err.push(text),
	};
	const code = await main(args, context);
	const printed = (lines: string[]) => lines.map((line) => `${line}\n`).join("");
	return { code, out: printed(out), err: printed(err) };
}

/** With a space in its name, as people have them. */
function temporaryFolder(files: Record<string, string> = {}): string {
	const folder = mkdtempSync(join(tmpdir(), "latchkey cli "));
	onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
	for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
	return folder;
}

function envLocal(folder: string): string {
	return readFileSync(join(folder, ".env.local"), "utf8");
}
