import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { signIn, signUp } from "../contract/fixtures.ts";
import type { Storage } from "../storage.ts";
import { freshName, inSchema } from "./fixtures/postgres-contract-store.ts";
import { type PostgresServer, startPostgres } from "./fixtures/postgres-server.ts";
import { openPostgres } from "./open-postgres.ts";

const unavailable = { code: "store_unavailable", retryAfterSeconds: expect.any(Number) };

/** What an operator changes while the application runs, and what runs full. */
describe("a PostgreSQL that changes while it is used", { timeout: 60_000 }, () => {
	let server: PostgresServer;
	let client: pg.Client;
	let schema: string;
	let role: string;
	let storage: Storage;

	beforeAll(async () => {
		// The smallest queue that there can be.
		server = await startPostgres({ settings: ["max_notify_queue_pages=64", "fsync=off"] });
	}, 60_000);
	afterAll(() => server.remove(), 60_000);

	beforeEach(async () => {
		[schema, role] = [freshName(), freshName()];
		client = await connect();
		await client.query(
			`CREATE ROLE ${role} LOGIN PASSWORD 'only-for-tests'; CREATE SCHEMA ${schema} AUTHORIZATION ${role}; SET search_path TO ${schema}`,
		);
		const url = inSchema(server.url.replace("//postgres:", `//${role}:`), schema);
		storage = await openPostgres({ url, maxConnections: 1, rememberedSessions: 0 });
		onTestFinished(() => storage.close());
	});

	async function connect(): Promise<pg.Client> {
		const one = new pg.Client({ connectionString: server.url });
		one.on("error", () => {});
		await one.connect();
		onTestFinished(() => one.end());
		return one;
	}

	/** What the role is set to counts for connections that are made from now on. */
	async function setRole(setting: string): Promise<void> {
		await client.query(`ALTER ROLE ${role} ${setting}`);
		await client.query("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = $1", [role]);
		await storage.ping().catch(() => {});
	}

	it("may give a column another type, whatever was prepared", async () => {
		const { secretHash } = await signUp(storage, "ada");
		expect(await storage.readSession(secretHash!)).not.toBeNull();
		await client.query("ALTER TABLE latchkey_user ALTER COLUMN name TYPE varchar(500)");
		expect(await storage.readSession(secretHash!)).not.toBeNull();
	});

	it("is unavailable where it ends transactions sooner than they are through, and serves again when it does not", async () => {
		const { userId } = await signUp(storage, "ada");
		await setRole("SET transaction_timeout = '100ms'");
		await client.query("BEGIN; LOCK TABLE latchkey_session");
		for (let count = 0; count < 3; count++) {
			await expect(storage.createSession(signIn(userId))).rejects.toMatchObject(unavailable);
		}
		await client.query("ROLLBACK");
		expect(await storage.createSession(signIn(userId))).not.toBeNull();
	});

	it("may end connections that are idle for a moment", async () => {
		const { secretHash } = await signUp(storage, "ada");
		await setRole("SET idle_session_timeout = '1ms'");
		let served = 0;
		for (let count = 0; count < 10; count++) {
			const live = await storage.readSession(secretHash!).catch((error: unknown) => {
				expect(error).toMatchObject(unavailable);
				return "away";
			});
			expect(live).not.toBeNull();
			if (live !== "away") served += 1;
		}
		expect(served).toBeGreaterThan(0);
	});

	it("is unavailable where a lock may not be waited for, and serves again when it is free", async () => {
		const { userId } = await signUp(storage, "ada");
		await setRole("SET lock_timeout = '1ms'");
		await client.query("BEGIN; LOCK TABLE latchkey_session");
		await expect(storage.createSession(signIn(userId))).rejects.toMatchObject(unavailable);
		await client.query("ROLLBACK");
		expect(await storage.createSession(signIn(userId))).not.toBeNull();
	});

	it("is left by connections that have become read-only, as those to a former primary are", async () => {
		const { userId, secretHash } = await signUp(storage, "ada");
		await setRole("SET default_transaction_read_only = on");
		await expect(storage.createSession(signIn(userId))).rejects.toMatchObject(unavailable);
		expect(await storage.readSession(secretHash!)).not.toBeNull();
		// Nobody ends the connection: whoever is asked next is another server.
		await client.query(`ALTER ROLE ${role} RESET default_transaction_read_only`);
		await expect(storage.createSession(signIn(userId))).rejects.toMatchObject(unavailable);
		expect(await storage.createSession(signIn(userId))).not.toBeNull();
	});

	it("ends nothing that it cannot tell of while its queue of NOTIFY is full, and everything afterwards", async () => {
		const { userId, secretHash } = await signUp(storage, "ada");
		const [listener, sender] = [await connect(), await connect()];
		for (const text of ["LISTEN crowded", "BEGIN", "SELECT 1"]) await listener.query(text);
		const fill = async () => {
			for (let count = 0; count < 1000; count++) {
				await sender.query("SELECT pg_notify('crowded', repeat('x', 7000) || $1::text)", [count]);
			}
		};
		await expect(fill()).rejects.toMatchObject({ code: "54000" });
		const end = () => storage.endAllSessions({ userId, events: [] });
		await expect(end()).rejects.toMatchObject(unavailable);
		expect(await storage.readSession(secretHash!)).not.toBeNull();
		await listener.query("ROLLBACK");
		await end();
		expect(await storage.readSession(secretHash!)).toBeNull();
	});
});
