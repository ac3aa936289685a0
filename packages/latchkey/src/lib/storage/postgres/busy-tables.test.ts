import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { signUp } from "../contract/fixtures.ts";
import { makePastSchema } from "../migrations/fixtures/past.ts";
import { migrations } from "../migrations/migrations.ts";
import { asSuperuser, freshName, inSchema, sharedServer } from "./fixtures/postgres-contract-store.ts";
import { applyMigrations, migrationStatus } from "./migrate.ts";
import { openPostgres } from "./open-postgres.ts";

/** The schema before the first migration that changes a table that is there. */
const before = migrations.slice(0, 1);

describe("migrating tables that somebody uses for long", { timeout: 60_000 }, () => {
	let schema: string;
	let url: string;

	beforeEach(async () => {
		schema = freshName();
		url = inSchema(await sharedServer(), schema);
		await asSuperuser(async (client) => {
			await client.query(`CREATE SCHEMA ${schema}; SET search_path TO ${schema}`);
			await makePastSchema(client, before);
		});
	});

	async function connect(): Promise<pg.Client> {
		const client = new pg.Client({ connectionString: await sharedServer() });
		await client.connect();
		onTestFinished(() => client.end());
		await client.query(`SET search_path TO ${schema}`);
		return client;
	}

	/** Somebody's report that has read the users, and goes on. */
	async function readForLong(): Promise<{ end: () => Promise<unknown> }> {
		const client = await connect();
		await client.query("BEGIN; SELECT FROM latchkey_user");
		return { end: () => client.query("COMMIT") };
	}

	it("gives up with one line and its cure, has changed nothing, and can be run again", async () => {
		const report = await readForLong();
		// The bound that the URL has is the one that counts.
		const hasty = `${url}&options=${encodeURIComponent("-c lock_timeout=50")}`;
		const refusal = {
			code: "store_unavailable",
			detail: expect.stringMatching(
				/^PostgreSQL at .* could not be migrated: .*pg_stat_activity.*run again: npx latchkey migrate.*changed\.$/,
			),
		};
		const attempts = await Promise.allSettled([applyMigrations(hasty), openPostgres({ url: hasty })]);
		expect(attempts).toMatchObject(attempts.map(() => ({ status: "rejected", reason: refusal })));
		expect((await migrationStatus(url)).applied).toHaveLength(before.length);
		await report.end();
		expect(await applyMigrations(url)).toHaveLength(migrations.length - before.length);
		const storage = await openPostgres({ url });
		await signUp(storage, "ada");
		await storage.close();
	});

	it("lets everybody else through between two tries, and goes on once the tables are free", async () => {
		const report = await readForLong();
		const migrating = applyMigrations(url);
		const visitor = await connect();
		// Behind the migration's wait for its lock nobody reads; a visitor has to be served all the same.
		await vi.waitUntil(async () => (await waitsFor(visitor, "latchkey_user")).length > 0, { timeout: 20_000 });
		await visitor.query("SELECT FROM latchkey_user");
		await report.end();
		expect(await migrating).toHaveLength(migrations.length - before.length);
	});

	it("gives up on a statement that takes longer than this role's may", async () => {
		const slow = `${url}&options=${encodeURIComponent("-c statement_timeout=50")}`;
		const report = await readForLong();
		await expect(applyMigrations(slow)).rejects.toMatchObject({
			code: "store_unavailable",
			detail: expect.stringMatching(/statement_timeout.*longer.*run again: npx latchkey migrate/),
		});
		await report.end();
	});

	it("leaves nothing behind when it is killed in the middle, and the next one does it all", async () => {
		const report = await readForLong();
		const bin = fileURLToPath(new URL("../../../../bin/latchkey.js", import.meta.url));
		const child = spawn(process.execPath, [bin, "migrate"], {
			env: { ...process.env, NODE_OPTIONS: "", AUTH_DATABASE_URL: url },
			stdio: "ignore",
		});
		const gone = once(child, "exit");
		const visitor = await connect();
		await vi.waitUntil(async () => (await waitsFor(visitor, "latchkey_user")).length > 0, { timeout: 20_000 });
		child.kill("SIGKILL");
		expect(await gone).toEqual([null, "SIGKILL"]);
		await report.end();
		// The server may still be busy with what it was asked last.
		expect(await applyMigrations(url)).toHaveLength(migrations.length - before.length);
		const storage = await openPostgres({ url });
		await signUp(storage, "ada");
		await storage.close();
	});

	/** Who waits to change this table. */
	async function waitsFor(client: pg.Client, table: string): Promise<unknown[]> {
		const { rows } = await client.query(
			"SELECT pid FROM pg_locks WHERE NOT granted AND relation = $1::regclass AND mode LIKE '%Exclusive%'",
			[`${schema}.${table}`],
		);
		return rows;
	}
});
