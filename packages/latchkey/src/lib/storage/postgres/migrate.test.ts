import { readFileSync } from "node:fs";
import pg from "pg";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { main } from "../../cli/main.ts";
import { newUser } from "../contract/fixtures.ts";
import { makePastSchema } from "../migrations/fixtures/past.ts";
import { migrations } from "../migrations/migrations.ts";
import { asSuperuser, freshName, inSchema, sharedServer } from "./fixtures/postgres-contract-store.ts";
import { applyMigrations, migrationStatus, planMigrations } from "./migrate.ts";
import { openPostgres } from "./open-postgres.ts";

describe("migrations on PostgreSQL", () => {
	let schema: string;
	let url: string;

	beforeEach(async () => {
		schema = freshName();
		url = inSchema(await sharedServer(), schema);
	});

	const tables = async () => {
		const { rows } = await asSuperuser((client) =>
			client.query<{ name: string }>("SELECT tablename AS name FROM pg_tables WHERE schemaname = $1 ORDER BY 1", [
				schema,
			]),
		);
		return rows.map(({ name }) => name);
	};

	it("are all pending for a schema that does not exist, which asking does not create", async () => {
		const plan = await planMigrations(url);
		expect(plan.map(({ version, name }) => ({ version, name }))).toEqual(
			migrations.map(({ version, name }) => ({ version, name })),
		);
		expect(plan[0]?.statements.join("\n")).toContain("CREATE TABLE latchkey_user");
		expect(await migrationStatus(url)).toEqual({ applied: [], pending: plan, foreignTables: [] });
		const known = await asSuperuser((client) => client.query("SELECT FROM pg_namespace WHERE nspname = $1", [schema]));
		expect(known.rowCount).toBe(0);
	});

	it("are applied once, by however many at once", async () => {
		const applied = (await Promise.all(Array.from({ length: 5 }, () => applyMigrations(url)))).flat();
		expect(applied.map(({ version }) => version)).toEqual(migrations.map(({ version }) => version));
		expect(await applyMigrations(url)).toEqual([]);
		expect(await migrationStatus(url)).toEqual({ applied, pending: [], foreignTables: [] });
	});

	it("find what was made by hand beforehand, as docs/scale.md has it for very many sessions", async () => {
		const page = readFileSync(new URL("../../../../../../docs/scale.md", import.meta.url), "utf8");
		const statements = page
			.match(/```sql\n([^`]*sweep_at[^`]*)```/)![1]!
			.split(";")
			.filter((text) => text.trim() !== "");
		expect(statements).toHaveLength(9);
		await asSuperuser(async (client) => {
			await client.query(`CREATE SCHEMA ${schema}; SET search_path TO ${schema}`);
			await makePastSchema(
				client,
				migrations.filter(({ version }) => version < 8),
			);
			for (const statement of statements) await client.query(statement);
		});
		expect(await applyMigrations(url)).toHaveLength(migrations.length - 7);
		const storage = await openPostgres({ url });
		expect(await storage.createUser(newUser("ada"))).toMatchObject({ ok: true });
		await storage.close();
	});

	it("do not take an index for made that was interrupted", async () => {
		await asSuperuser(async (client) => {
			await client.query(`CREATE SCHEMA ${schema}; SET search_path TO ${schema}`);
			await makePastSchema(
				client,
				migrations.filter(({ version }) => version < 8),
			);
			// What is left of CREATE INDEX CONCURRENTLY.
			await client.query("CREATE INDEX latchkey_session_lookup ON latchkey_session USING hash (secret_hash)");
			await client.query(
				"UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'latchkey_session_lookup'::regclass",
			);
		});
		await expect(applyMigrations(url)).rejects.toMatchObject({
			code: "misconfigured",
			detail: expect.stringMatching(
				new RegExp(`DROP INDEX "${schema}"\\."latchkey_session_lookup"; then .*npx latchkey migrate$`),
			),
		});
		expect((await migrationStatus(url)).applied).toHaveLength(7);
		await asSuperuser((client) => client.query(`DROP INDEX ${schema}.latchkey_session_lookup`));
		expect(await applyMigrations(url)).toHaveLength(migrations.length - 7);
	});

	it("tell foreign tables and views from their own and from those of extensions", async () => {
		await asSuperuser((client) =>
			client.query(`CREATE SCHEMA ${schema};
				CREATE TABLE ${schema}.customers (id serial PRIMARY KEY);
				CREATE VIEW ${schema}.everybody AS SELECT * FROM ${schema}.customers;
				CREATE TABLE ${schema}.latchkeyring (id int)`),
		);
		await applyMigrations(url);
		expect((await migrationStatus(url)).foreignTables).toEqual(["customers", "everybody", "latchkeyring"]);
	});

	it("put the tables under a prefix of choice, and two sets of them beside each other", async () => {
		const urls = ["one_", "two_"].map((prefix) => `${url}&prefix=${prefix}`);
		const [one, two] = await Promise.all(
			urls.map((prefixed) => applyMigrations(prefixed).then(() => openPostgres({ url: prefixed }))),
		);
		expect((await tables()).filter((name) => !/^(one|two)_/.test(name))).toEqual([]);
		const input = newUser("ada");
		expect(await one!.createUser(input)).toMatchObject({ ok: true });
		expect(await one!.readSession(input.session!.secretHash)).not.toBeNull();
		expect(await two!.readSession(input.session!.secretHash)).toBeNull();
		expect(await one!.createUser(newUser("ada", { session: null }))).toMatchObject({
			ok: false,
			taken: ["email", "username"],
		});
		expect(await two!.createUser(newUser("ada"))).toMatchObject({ ok: true });
		await one!.close();
		await two!.close();
	});

	it("go where the server would put tables when no schema is named", async () => {
		const database = freshName();
		const fresh = (await sharedServer()).replace(/\/postgres$/, `/${database}`);
		await asSuperuser((client) => client.query(`CREATE DATABASE ${database}`));
		const storage = await openPostgres({ url: fresh });
		expect(await storage.createUser(newUser("ada"))).toMatchObject({ ok: true });
		await storage.close();
		const { rows } = await asSuperuser((client) => client.query("SELECT id FROM public.latchkey_user"), fresh);
		expect(rows).toHaveLength(1);
	});

	it("work through a pool that there is already, which stays open", async () => {
		const pool = new pg.Pool({ connectionString: await sharedServer() });
		const storage = await openPostgres({ pool, schema });
		expect(await storage.createUser(newUser("ada"))).toMatchObject({ ok: true });
		await storage.close();
		await expect(storage.ping()).rejects.toMatchObject({ code: "store_unavailable" });
		expect((await pool.query(`SELECT id FROM ${schema}.latchkey_user`)).rows).toHaveLength(1);
		await pool.end();
	});

	it("leave a pool of a single connection to the statements, and say so", async () => {
		const pool = new pg.Pool({ connectionString: await sharedServer(), max: 1 });
		const log = vi.fn();
		const storage = await openPostgres({ pool, schema, prefix: "auth_", log });
		const input = newUser("ada");
		await storage.createUser(input);
		for (let count = 0; count < 3; count++) {
			expect(await storage.readSession(input.session!.secretHash, 1)).not.toBeNull();
		}
		expect(log.mock.calls).toEqual([
			[expect.objectContaining({ event: "session_memory_off", reason: expect.stringContaining("single connection") })],
		]);
		expect(await tables()).toContain("auth_user");
		await storage.close();
		await pool.end();
	});

	it("are what `latchkey migrate` plans, applies and reports, without a word of the password", async () => {
		const run = async (...args: string[]) => {
			const out: string[] = [];
			const err: string[] = [];
			const context = {
				cwd: "/",
				env: { AUTH_DATABASE_URL: url },
				print: (text: string) => out.push(text),
				warn: (text: string) => err.push(text),
			};
			const code = await main(["migrate", ...args], context);
			expect([...out, ...err].join()).not.toContain("only-for-tests");
			return { code, out: out.join("\n"), err: err.join("\n") };
		};
		expect((await run("plan")).out).toMatch(/^-- 1 .*\nCREATE TABLE latchkey_/);
		expect(JSON.parse((await run("status", "--json")).out)).toMatchObject({
			database: expect.stringMatching(/^PostgreSQL at 127\.0\.0\.1:\d+\/postgres$/),
			applied: [],
		});
		expect(await tables()).toEqual([]);
		expect(await run("apply")).toMatchObject({ code: 0, out: expect.stringMatching(/^applied 1 /) });
		expect(await run("apply")).toMatchObject({ code: 0, out: "", err: expect.stringContaining("lacks nothing") });
		expect((await run("status")).out).toMatch(/applied 1 .* at \d{4}-/);
		const made = migrations.flatMap(({ postgres }) => postgres).filter((statement) => /^CREATE TABLE/.test(statement));
		expect(await tables()).toHaveLength(made.length + 1);
	});
});
