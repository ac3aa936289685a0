import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { insertStatement, rowsForEveryTable } from "../../../test/fill-tables.ts";
import { ada, openTestAuth, signedUp } from "../../../test/harness.ts";
import { main } from "../cli/main.ts";
import { newUser } from "../storage/contract/fixtures.ts";
import {
	asSuperuser,
	freshName,
	inSchema,
	sharedServer,
} from "../storage/postgres/fixtures/postgres-contract-store.ts";
import { openPostgres } from "../storage/postgres/open-postgres.ts";
import { temporaryFolder } from "../storage/sqlite/fixtures/sqlite-contract-store.ts";
import { applyMigrations } from "../storage/sqlite/migrate.ts";
import { openSqlite } from "../storage/sqlite/open-sqlite.ts";
import { moveToPostgres } from "./move-to-postgres.ts";

describe("moving from SQLite to PostgreSQL", { timeout: 60_000 }, () => {
	let file: string;
	let schema: string;
	let url: string;

	beforeEach(async () => {
		const { folder, remove } = temporaryFolder();
		onTestFinished(remove);
		file = join(folder, "auth.db");
		schema = freshName();
		url = inSchema(await sharedServer(), schema);
	});

	/** Rows in every table that there is, past the port. */
	async function fill(count: number): Promise<string[]> {
		await applyMigrations(file);
		return inFile((database) => {
			const tables = rowsForEveryTable(database, count);
			for (const table of tables) database.exec(insertStatement(table));
			return tables.map(({ name }) => name);
		});
	}

	function inFile<T>(work: (database: DatabaseSync) => T): T {
		const database = new DatabaseSync(file);
		try {
			return work(database);
		} finally {
			database.close();
		}
	}

	const inPostgres = (sql: string) =>
		asSuperuser(async (client) => {
			await client.query(`SET search_path TO ${schema}`);
			return (await client.query(sql)).rows;
		});

	it("leaves no row of any table behind, whatever migration made the table", async () => {
		const names = await fill(70);
		expect(names).toContain("latchkey_session");
		const moved = await moveToPostgres({ file, url, chunk: 7 });
		expect(moved.map(({ table }) => table).toSorted()).toEqual(names.toSorted());
		expect(moved.filter(({ rows }) => rows !== 70)).toEqual([]);
		expect(new Set(moved.map(({ checksum }) => checksum)).size).toBe(names.length);
		const there = await inPostgres("SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()");
		expect(there.map(({ name }) => name).toSorted()).toEqual([...names, "latchkey_migration"].toSorted());
		for (const name of names) {
			const sqlite = inFile((database) => database.prepare(`SELECT * FROM ${name} ORDER BY 1, 2`).all());
			const postgres = await inPostgres(`SELECT * FROM ${name} ORDER BY 1, 2`);
			expect(postgres.map(plain), name).toEqual(sqlite.map(plain));
		}
	});

	it("sorts and compares as SQLite does, whatever the language and the settings of the database, also under a prefix", async () => {
		const database = freshName();
		await asSuperuser((client) =>
			client.query(`CREATE DATABASE ${database} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'de-DE'`),
		);
		await asSuperuser((client) => client.query(`ALTER DATABASE ${database} SET bytea_output = 'escape'`));
		await fill(30);
		// Upper case after lower case, and accents beside their letters, are what a language would do.
		inFile((database) =>
			database.exec(
				`INSERT INTO latchkey_user (id, name, epoch, created_at, updated_at) VALUES ('a', null, 1, 0, 0), ('B', null, 1, 0, 0), ('ä', null, 1, 0, 0), ('b', null, 1, 0, 0)`,
			),
		);
		const elsewhere = (await sharedServer()).replace(/\/postgres$/, `/${database}?prefix=auth_`);
		const moved = await moveToPostgres({ file, url: elsewhere, chunk: 2 });
		expect(moved.find(({ table }) => table === "latchkey_user")).toMatchObject({ rows: 34 });
	});

	it("carries every value to its last bit, also the largest and the emptiest", async () => {
		await applyMigrations(file);
		const long = "🔑é".repeat(200_000);
		inFile((database) => {
			const user = database.prepare(
				"INSERT INTO latchkey_user (id, name, epoch, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
			);
			const [least, most] = [-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n];
			user.run("least", "", 1, least, 9_007_199_254_740_993n);
			user.run("most", long, 2_147_483_647, most, most);
			const token = database.prepare(
				"INSERT INTO latchkey_one_time_token (purpose, token_hash, subject, payload, created_at, expires_at) VALUES ('', ?, '', ?, 0, 1)",
			);
			for (const bytes of ["", "00", "5c78", "ff".repeat(1000)]) token.run(Buffer.from(bytes, "hex"), '"\\u0000"');
		});
		await moveToPostgres({ file, url, chunk: 1 });
		const users = await inPostgres("SELECT id, name, epoch, created_at, updated_at FROM latchkey_user ORDER BY id");
		expect(users).toEqual([
			{ id: "least", name: "", epoch: 1, created_at: "-9223372036854775808", updated_at: "9007199254740993" },
			{
				id: "most",
				name: long,
				epoch: 2_147_483_647,
				created_at: "9223372036854775807",
				updated_at: "9223372036854775807",
			},
		]);
		const tokens = await inPostgres("SELECT encode(token_hash, 'hex') AS bytes, payload FROM latchkey_one_time_token");
		expect(new Set(tokens.map(({ bytes }) => bytes))).toEqual(new Set(["", "00", "5c78", "ff".repeat(1000)]));
		expect(new Set(tokens.map(({ payload }) => payload))).toEqual(new Set(['"\\u0000"']));
	});

	it("refuses what PostgreSQL's smaller numbers cannot hold, in one line", async () => {
		await fill(3);
		inFile((database) => database.exec("UPDATE latchkey_user SET epoch = 2147483648"));
		await expect(moveToPostgres({ file, url })).rejects.toThrow(/did not take a row: .*out of range/);
	});

	it("signs nobody out, and everybody's password goes on to work", async () => {
		const before = openTestAuth();
		const browser = await signedUp(before);
		const cookie = browser.prepare("GET", "/").headers.get("cookie");
		await before.close();
		await moveToPostgres({ file: before.file, url });
		const after = openTestAuth({ database: url, clock: before.clock });
		expect((await after.browser({ headers: { cookie: cookie! } }).get("/api/auth")).body).toMatchObject({
			authenticated: true,
			user: { email: ada.email },
		});
		const anew = await after.browser().post("/api/auth", { identifier: ada.email, password: ada.password });
		expect(anew.status).toBe(200);
	});

	it("goes on where it was killed, whatever has changed since, and no instance starts before it is done", async () => {
		await applyMigrations(file);
		inFile((database) =>
			database.exec(`WITH RECURSIVE i(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM i WHERE i < 19999)
				INSERT INTO latchkey_user (id, name, epoch, created_at, updated_at) SELECT printf('u%05d', i), null, 1, 0, 0 FROM i;
				INSERT INTO latchkey_identifier (user_id, kind, value, canonical, verified_at, created_at)
					SELECT id, 'email', id, id, null, 0 FROM latchkey_user`),
		);
		// Somebody is just taking an address that comes late, so that the move stands still there until it is killed.
		await (await openPostgres({ url })).close();
		await asSuperuser(async (client) => {
			await client.query(`SET search_path TO ${schema}; BEGIN; INSERT INTO latchkey_user (id, name, epoch, created_at, updated_at) VALUES ('zz', null, 1, 0, 0);
				INSERT INTO latchkey_identifier (user_id, kind, value, canonical, verified_at, created_at) VALUES ('zz', 'email', 'x', 'u15000', null, 0)`);
			const child = spawnMove();
			const gone = once(child, "exit");
			let said = "";
			for await (const words of child.stderr!) {
				said += words;
				if (said.includes("latchkey_identifier: 14000")) child.kill("SIGKILL");
			}
			await client.query("ROLLBACK");
			expect(await gone).toEqual([null, "SIGKILL"]);
		});
		await expect(openPostgres({ url })).rejects.toThrow(/Only a part of .*auth\.db.*npx latchkey move .*auth\.db/);

		// Two people exchange their addresses, somebody goes, somebody comes.
		inFile((database) =>
			database.exec(`PRAGMA foreign_keys = ON; DELETE FROM latchkey_user WHERE id = 'u00007';
				UPDATE latchkey_identifier SET canonical = 'x' WHERE user_id = 'u00001';
				UPDATE latchkey_identifier SET canonical = 'u00001' WHERE user_id = 'u19999';
				UPDATE latchkey_identifier SET canonical = 'u19999' WHERE user_id = 'u00001';
				INSERT INTO latchkey_user (id, name, epoch, created_at, updated_at) VALUES ('u00000a', 'new', 1, 0, 0)`),
		);
		const moved = await moveToPostgres({ file, url });
		expect(moved.find(({ table }) => table === "latchkey_user")).toMatchObject({ rows: 20_000 });
		expect(moved.find(({ table }) => table === "latchkey_identifier")).toMatchObject({ rows: 19_999 });
		expect(await inPostgres("SELECT user_id FROM latchkey_identifier WHERE canonical = 'u19999'")).toEqual([
			{ user_id: "u00001" },
		]);
		await (await openPostgres({ url })).close();
	});

	function spawnMove(): ChildProcess {
		const bin = fileURLToPath(new URL("../../../bin/latchkey.js", import.meta.url));
		return spawn(process.execPath, [bin, "move", file], {
			env: { ...process.env, NODE_OPTIONS: "", AUTH_DATABASE_URL: url },
			stdio: ["ignore", "ignore", "pipe"],
		});
	}

	it("keeps writers out while it reads, and they go on afterwards", async () => {
		await fill(10);
		const storage = await openSqlite({ file, busyTimeoutMs: 0 });
		const refused: unknown[] = [];
		let attempt: Promise<unknown> | undefined;
		await moveToPostgres({
			file,
			url,
			onProgress: () => {
				attempt ??= storage.createUser(newUser("late")).catch((error) => refused.push(error));
			},
		});
		await attempt;
		expect(refused).toEqual([expect.objectContaining({ code: "store_unavailable" })]);
		expect(await storage.createUser(newUser("late"))).toMatchObject({ ok: true });
		await storage.close();
	});

	it("says what differs when somebody writes into the target meanwhile", async () => {
		await fill(10);
		let writing: Promise<unknown> | undefined;
		const moving = moveToPostgres({
			file,
			url,
			onProgress: ({ table }) => {
				if (table === "latchkey_user")
					writing = inPostgres(
						"INSERT INTO latchkey_user (id, name, epoch, created_at, updated_at) VALUES ('zz', null, 1, 0, 0)",
					);
			},
		});
		await expect(moving).rejects.toThrow(/latchkey_user differs after the move: 10 rows here, 11 in PostgreSQL/);
		await writing;
		// Once nobody does any more, the same again puts it right.
		expect((await moveToPostgres({ file, url })).find(({ table }) => table === "latchkey_user")!.rows).toBe(10);
	});

	it("never touches a database that holds accounts already, its own work included", async () => {
		await fill(3);
		await moveToPostgres({ file, url });
		const before = await inPostgres("SELECT * FROM latchkey_user ORDER BY id");
		await expect(moveToPostgres({ file, url })).rejects.toThrow(/holds rows in .* already.*emptied/);
		expect(await inPostgres("SELECT * FROM latchkey_user ORDER BY id")).toEqual(before);
	});

	it("says which row PostgreSQL does not take, and goes on once it is mended", async () => {
		await fill(3);
		inFile((database) => database.exec("UPDATE latchkey_user SET name = char(0) WHERE name IS NOT NULL"));
		await expect(moveToPostgres({ file, url })).rejects.toThrow(/did not take a row: invalid byte sequence/);
		inFile((database) => database.exec("UPDATE latchkey_user SET name = 'Ada' WHERE name IS NOT NULL"));
		expect((await moveToPostgres({ file, url })).find(({ table }) => table === "latchkey_user")!.rows).toBe(3);
	});

	it("does not mix two files", async () => {
		await fill(3);
		await asSuperuser(async (client) => {
			const storage = await openPostgres({ url });
			await storage.close();
			await client.query(
				`CREATE TABLE ${schema}.latchkey_move (path text); INSERT INTO ${schema}.latchkey_move VALUES ('/other.db')`,
			);
		});
		await expect(moveToPostgres({ file, url })).rejects.toThrow(/\/other\.db is being moved/);
	});

	it("is one command, which prints the counts and checksums and not the password", async () => {
		await fill(3);
		const { code, out, err } = await run(["move", file], url);
		expect(code).toBe(0);
		expect(out).toMatch(/^latchkey_user 3 [0-9a-f]{64}$/m);
		expect(err).toContain("Everything is in PostgreSQL");
		expect(out + err).not.toContain("only-for-tests");
	});

	it("says in one line what it lacks", async () => {
		expect(await run(["move"], url)).toMatchObject({ code: 2, err: expect.stringContaining("needs the SQLite file") });
		expect(await run(["move", "a", "b"], url)).toMatchObject({ code: 2 });
		expect(await run(["move", file], `file:${file}`)).toMatchObject({
			code: 1,
			err: expect.stringMatching(/^latchkey: AUTH_DATABASE_URL names SQLite; let it name/),
		});
		expect(await run(["move", file], url)).toMatchObject({
			code: 1,
			err: expect.stringMatching(/^latchkey: .* holds no database to move/),
		});
		inFile((database) => database.exec("CREATE TABLE customers (id INTEGER)"));
		expect(await run(["move", file], url)).toMatchObject({
			code: 1,
			err: expect.stringMatching(
				/^latchkey: .* lacks \d+ of latchkey's migrations\. Apply them first: AUTH_DATABASE_URL/,
			),
		});
		expect(await inPostgres("SELECT FROM pg_namespace WHERE nspname = current_schema()")).toEqual([]);
	});

	async function run(args: string[], databaseUrl: string) {
		const out: string[] = [];
		const err: string[] = [];
		const context = {
			cwd: "/",
			env: { AUTH_DATABASE_URL: databaseUrl },
			print: (text: string) => out.push(text),
			warn: (text: string) => err.push(text),
		};
		const code = await main(args, context);
		return { code, out: out.join("\n"), err: err.join("\n") };
	}
});

/** The same for both databases: numbers as numbers, flags as 0 and 1, bytes as hexadecimal digits. */
function plain(row: Record<string, unknown>): Record<string, unknown> {
	const entries = Object.entries(row).map(([name, value]) => {
		if (value instanceof Uint8Array) return [name, Buffer.from(value).toString("hex")];
		if (typeof value === "boolean") return [name, Number(value)];
		return [name, typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value];
	});
	return Object.fromEntries(entries);
}
