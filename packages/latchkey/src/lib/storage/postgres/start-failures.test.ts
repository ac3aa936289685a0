import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { AuthError } from "../../errors.ts";
import { newUser } from "../contract/fixtures.ts";
import { makePastSchema, pasts } from "../migrations/fixtures/past.ts";
import { asSuperuser, freshName, inSchema, sharedServer } from "./fixtures/postgres-contract-store.ts";
import { applyMigrations, migrationStatus } from "./migrate.ts";
import { openPostgres } from "./open-postgres.ts";
import type { PostgresPool } from "./pool.ts";
import { toStartError } from "./start-errors.ts";

describe("a PostgreSQL that cannot serve", () => {
	let server: string;

	beforeAll(async () => {
		server = await sharedServer();
	});

	/** One line, with a cure and without a password, from everything that opens it. */
	async function expectRefusal(url: string, words: RegExp, code = "misconfigured"): Promise<void> {
		for (const open of [() => openPostgres({ url }), () => applyMigrations(url), () => migrationStatus(url)]) {
			const error = await open().then(
				() => null,
				(reason: unknown) => reason,
			);
			expect(error).toBeInstanceOf(AuthError);
			expect(error).toMatchObject({ code, detail: expect.stringMatching(words) });
			const { detail = "" } = error as AuthError;
			expect(detail).not.toContain("\n");
			expect(detail).not.toMatch(/only-for-tests|wrong-password/);
		}
	}

	function freshSchema(): { schema: string; url: string } {
		const schema = freshName();
		return { schema, url: inSchema(server, schema) };
	}

	/** A role that may do nothing but connect, and its URL. */
	async function freshRole(): Promise<{ role: string; as(schema: string): string }> {
		const role = freshName();
		await asSuperuser((client) => client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'only-for-tests'`));
		return { role, as: (schema) => inSchema(server.replace("//postgres:", `//${role}:`), schema) };
	}

	it("is refused with a wrong password, a wrong user and a wrong database", async () => {
		await expectRefusal(server.replace(":only-for-tests", ":wrong-password"), /refuses this user.*AUTH_DATABASE_URL/);
		await expectRefusal(server.replace("//postgres:", "//nobody:"), /refuses this user.*AUTH_DATABASE_URL/);
		await expectRefusal(`${server}_no_more`, /no such database.*Create it/);
	});

	it("is refused by a name that does not exist", async () => {
		await expectRefusal(
			"postgres://u:wrong-password@no-such-host.invalid/db",
			/cannot be (found|reached).*AUTH_DATABASE_URL/,
			expect.any(String),
		);
	});

	it.each([
		"postgres://u:p#@x@host/db",
		"postgresql://host:port/db",
		"postgres://u:part@of-a#wrong-password@host/db",
		"postgres://u:12/wrong-password@host/db",
	])("is refused as no URL: %s", async (url) => {
		await expectRefusal(url, /is not a URL such as postgres:/);
	});

	it.each(["?schema=A", "?schema=a;b", "?prefix=%22", "?schema=", `?schema=${"x".repeat(31)}`, "?schema=pg_mine"])(
		"is refused with %s",
		async (query) => {
			await expectRefusal(`${server}${query}`, /must be up to 30 small letters/);
		},
	);

	it.each([
		["?options=-c%20nonsense%3D1", /does not take it .*nonsense.*Check the parameters/],
		["?statement_timeout=soon", /does not take it .*statement_timeout.*Check the parameters/],
		["?sslrootcert=/no/such/file.pem", /a file cannot be read .*file\.pem.*Check what AUTH_DATABASE_URL names/],
	])("is refused with parameters that it does not take: %s", async (query, words) => {
		await expectRefusal(`${server}${query}`, words);
	});

	it("is unavailable to a role that is given too little time, with the setting that gives more", () => {
		const tooSlow = Object.assign(new Error("canceling statement due to statement timeout"), {
			code: "57014",
			severity: "ERROR",
		});
		expect(toStartError(tooSlow, "PostgreSQL at h/d")).toMatchObject({
			code: "store_unavailable",
			detail: expect.stringMatching(/^PostgreSQL at h\/d did not answer in time .*longer statement_timeout/),
		});
	});

	it("is unavailable, which may pass, where nobody or somebody else answers", async () => {
		const web = createServer((_, response) => response.end("no database"));
		await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
		const { port } = web.address() as AddressInfo;
		const url = `postgres://u:wrong-password@127.0.0.1:${port}/db`;
		await expectRefusal(url, /127.0.0.1:\d+\/db cannot be reached.*Start it/, "store_unavailable");
		web.closeAllConnections();
		await new Promise((resolve) => web.close(resolve));
		await expectRefusal(url, /ECONNREFUSED.*Start it/, "store_unavailable");
	});

	it("is refused when it is older than the oldest that is supported", async () => {
		const old: PostgresPool = {
			connect: async () => ({
				query: async () => ({
					rows: [
						{
							version: 130_022,
							pid: 1,
							schema: "public",
							encoding: "UTF8",
							readOnly: false,
							isolation: "read committed",
							user: "u",
						},
					],
					rowCount: 1,
				}),
				release: () => {},
				on: () => {},
			}),
		};
		await expect(openPostgres({ pool: old })).rejects.toThrow(/is version 13; latchkey needs PostgreSQL 14/);
	});

	it("is refused when its database is not encoded as UTF-8", async () => {
		const database = freshName();
		await asSuperuser((client) =>
			client.query(`CREATE DATABASE ${database} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`),
		);
		await expectRefusal(
			server.replace(/\/postgres$/, `/${database}`),
			/encoded as LATIN1; name one with ENCODING 'UTF8'/,
		);
	});

	it("is refused when it takes no writes", async () => {
		const { role, as } = await freshRole();
		await asSuperuser((client) => client.query(`ALTER ROLE ${role} SET default_transaction_read_only = on`));
		await expectRefusal(as("whatever"), /takes no writes.*name the primary/);
	});

	it("is refused to a role that may not create, with the grant that it lacks", async () => {
		const { schema } = freshSchema();
		const { role, as } = await freshRole();
		const attempts = [() => openPostgres({ url: as(schema) }), () => applyMigrations(as(schema))];
		const expectCure = async (words: RegExp) => {
			for (const attempt of attempts) await expect(attempt()).rejects.toThrow(words);
		};
		await expectCure(new RegExp(`does not let ${role} create the schema.*CREATE SCHEMA "${schema}"`));
		await asSuperuser((client) => client.query(`CREATE SCHEMA ${schema}`));
		await expectCure(new RegExp(`does not let ${role} create tables.*GRANT USAGE, CREATE ON SCHEMA "${schema}"`));
	});

	it("is refused to a role that may create and does not own the tables, with the name of the owner", async () => {
		const { schema } = freshSchema();
		const [owner, other] = [await freshRole(), await freshRole()];
		await asSuperuser(async (client) => {
			await client.query(`CREATE SCHEMA ${schema}; GRANT USAGE, CREATE ON SCHEMA ${schema} TO ${owner.role}, ${other.role};
				SET ROLE ${owner.role}; SET search_path TO ${schema}`);
			await makePastSchema(client, pasts.at(-1)!.known);
			await client.query(
				`GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO ${other.role}; RESET ROLE; RESET search_path`,
			);
		});
		const cure = `belong to ${owner.role}, and ${other.role} may not change them.*as ${owner.role}: npx latchkey migrate`;
		for (const open of [openPostgres, ({ url }: { url: string }) => applyMigrations(url)]) {
			await expect(open({ url: other.as(schema) })).rejects.toThrow(new RegExp(cure));
		}
		expect(await applyMigrations(owner.as(schema))).toHaveLength(1);
	});

	it("is refused to a role that was given nothing at all, with everything that it lacks", async () => {
		const { schema, url } = freshSchema();
		await applyMigrations(url);
		const { role, as } = await freshRole();
		const refused = await openPostgres({ url: as(schema) }).then(
			() => null,
			(reason: AuthError) => reason,
		);
		expect(refused).toMatchObject({
			code: "misconfigured",
			detail: expect.stringContaining(`does not let ${role} read`),
		});
		const [, grants] = /To allow it: (.*)$/.exec(refused!.detail!)!;
		await asSuperuser((client) => client.query(grants!));
		await (await openPostgres({ url: as(schema) })).close();
	});

	it("is refused to a role that may not write, and serves one that may no more than that", async () => {
		const { schema, url } = freshSchema();
		await applyMigrations(url);
		const { role, as } = await freshRole();
		await asSuperuser((client) =>
			client.query(
				`GRANT USAGE ON SCHEMA ${schema} TO ${role}; GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO ${role}`,
			),
		);
		await expect(openPostgres({ url: as(schema) })).rejects.toThrow(
			new RegExp(`does not let ${role} [A-Z]+ in latchkey_.*GRANT SELECT, INSERT`),
		);
		await asSuperuser((client) =>
			client.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role}`),
		);
		const storage = await openPostgres({ url: as(schema) });
		expect(await storage.createUser(newUser("ada"))).toMatchObject({ ok: true });
		await storage.close();
	});

	it("is refused to a role from which every row is hidden, and not where a policy lets it see them", async () => {
		const { schema, url } = freshSchema();
		await applyMigrations(url);
		const { role, as } = await freshRole();
		const execute = (sql: string) => asSuperuser((client) => client.query(sql));
		await execute(`GRANT USAGE ON SCHEMA ${schema} TO ${role}; GRANT ALL ON ALL TABLES IN SCHEMA ${schema} TO ${role}`);
		await execute(`ALTER TABLE ${schema}.latchkey_session ENABLE ROW LEVEL SECURITY`);
		await expect(openPostgres({ url: as(schema) })).rejects.toThrow(
			new RegExp(`hides every row of latchkey_session from ${role} .*DISABLE ROW LEVEL SECURITY`),
		);
		await (await openPostgres({ url })).close();
		await execute(`CREATE POLICY all_of_them ON ${schema}.latchkey_session USING (true)`);
		await (await openPostgres({ url: as(schema) })).close();
	});

	it("is not migrated unasked beside tables of others that only begin as its own, nor asks for rights on them", async () => {
		const { schema } = freshSchema();
		const { role, as } = await freshRole();
		const url = `${as(schema)}&prefix=app_`;
		await asSuperuser((client) =>
			client.query(`CREATE SCHEMA ${schema}; GRANT USAGE, CREATE ON SCHEMA ${schema} TO ${role};
				CREATE TABLE ${schema}.app_orders (id int)`),
		);
		await expect(openPostgres({ url })).rejects.toThrow(/holds other tables too in the schema .*npx latchkey migrate/);
		expect((await migrationStatus(url)).foreignTables).toEqual(["app_orders"]);
		await applyMigrations(url);
		await (await openPostgres({ url })).close();
	});

	it("is refused when a newer version made it, and when a migration was edited since", async () => {
		const { schema, url } = freshSchema();
		await applyMigrations(url);
		const execute = (sql: string) => asSuperuser((client) => client.query(sql));
		await execute(`INSERT INTO ${schema}.latchkey_migration VALUES (999, 'of the future', 'x', 0)`);
		await expectRefusal(url, /newer version of latchkey.*migration 999.*Update latchkey/);
		await execute(`DELETE FROM ${schema}.latchkey_migration WHERE version = 999`);
		await execute(`UPDATE ${schema}.latchkey_migration SET checksum = 'another' WHERE version = 1`);
		await expectRefusal(url, /Migration 1 was edited/);
	});

	it("is not migrated unasked where there are other tables, or at all where that is not wanted", async () => {
		const { schema, url } = freshSchema();
		await expect(openPostgres({ url, migrate: "never" })).rejects.toThrow(/npx latchkey migrate/);
		await asSuperuser((client) => client.query(`CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.customers (id int)`));
		await expect(openPostgres({ url })).rejects.toThrow(/holds other tables too in the schema .*npx latchkey migrate/);
		expect((await migrationStatus(url)).applied).toEqual([]);
		await applyMigrations(url);
		await (await openPostgres({ url, migrate: "never" })).close();
	});

	it("is left as it was by a migration that does not fit", async () => {
		const { schema, url } = freshSchema();
		await asSuperuser((client) =>
			client.query(`CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.latchkey_throttle (key text)`),
		);
		await expect(applyMigrations(url)).rejects.toThrow(
			/Migration 1 does not fit .*already exists.*Nothing was changed/,
		);
		const { rows } = await asSuperuser((client) =>
			client.query("SELECT tablename FROM pg_tables WHERE schemaname = $1", [schema]),
		);
		expect(rows).toEqual([{ tablename: "latchkey_throttle" }]);
	});
});
