import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { ada, openTestAuth, signedUp } from "../../../../test/harness.ts";
import {
	type AttemptReport,
	expectNothingHalf,
	writeEverything,
	writeKinds,
	writeOnce,
} from "../contract/every-write.ts";
import { newEvent, newUser, sha256, signIn, signUp } from "../contract/fixtures.ts";
import type { Storage } from "../storage.ts";
import { freshName, inSchema } from "./fixtures/postgres-contract-store.ts";
import { type PostgresServer, startPostgres } from "./fixtures/postgres-server.ts";
import { startTcpProxy } from "./fixtures/tcp-proxy.ts";
import { type OpenPostgresOptions, openPostgres } from "./open-postgres.ts";

const unavailable = { code: "store_unavailable", retryAfterSeconds: expect.any(Number) };

describe("a PostgreSQL that fails", { timeout: 120_000 }, () => {
	let server: PostgresServer;
	let url: string;
	let opened: Storage[];

	beforeAll(async () => {
		server = await startPostgres();
	}, 60_000);
	afterAll(() => server.remove(), 60_000);
	beforeEach(() => {
		url = inSchema(server.url, freshName());
		opened = [];
	});
	afterEach(async () => {
		for (const storage of opened) await storage.close();
	});

	async function open(options: Partial<OpenPostgresOptions> = {}): Promise<Storage> {
		const storage = await openPostgres({ url, ...options });
		opened.push(storage);
		return storage;
	}

	/** Something that the operator does, on a connection that is held until the test ends. */
	async function operator(): Promise<pg.Client> {
		const client = new pg.Client({ connectionString: server.url });
		client.on("error", () => {});
		await client.connect();
		await client.query(`SET search_path TO ${new URL(url).searchParams.get("schema")}`);
		onTestFinished(() => client.end().catch(() => {}));
		return client;
	}

	it("answers 503 with Retry-After while it is stopped, and everything goes on when it is back", async () => {
		const auth = openTestAuth({ database: url });
		const browser = await signedUp(auth);
		await server.stop();
		for (const answer of [
			await browser.get("/api/auth"),
			await browser.get("/api/auth/sessions"),
			await browser.delete("/api/auth/sessions"),
			await auth.browser().post("/api/auth", { identifier: ada.email, password: ada.password }),
			await auth.browser().post("/api/auth/sign-up", { ...ada, email: "bob@example.com" }),
			await auth.browser().get("/api/auth/health"),
		]) {
			expect(answer).toMatchObject({ status: 503, body: { code: "store_unavailable" } });
			expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
		}
		await expect(auth.readSession(browser.prepare("GET", "/"))).rejects.toMatchObject(unavailable);
		await server.start();
		expect((await browser.get("/api/auth")).body).toMatchObject({ authenticated: true });
		expect((await auth.browser().get("/api/auth/health")).body).toMatchObject({ ready: true });
		await auth.close();
	});

	it("never lets memory answer nobody, or somebody for long, while it is stopped", async () => {
		const statements: string[] = [];
		const storage = await open({ onStatement: (sql) => statements.push(sql) });
		const { secretHash } = await signUp(storage, "ada");
		const read = () => storage.readSession(secretHash!, 1);
		const asks = async () => {
			statements.length = 0;
			await read();
			return statements.length > 0;
		};
		await vi.waitUntil(async () => !(await asks()), { timeout: 20_000 });
		await server.stop();
		// Accepted for what is left of the lease; then nobody knows, which is not the same as nobody.
		const isAway = () =>
			read().then(
				(live) => {
					expect(live).not.toBeNull();
					return false;
				},
				(error: unknown) => {
					expect(error).toMatchObject(unavailable);
					return true;
				},
			);
		await vi.waitUntil(isAway, { timeout: 20_000 });
		expect(await isAway()).toBe(true);
		await server.start();
		expect(await read()).not.toBeNull();
	});

	it("loses nothing that it acknowledged, and keeps no half of anything, when it is killed during writes", async () => {
		const storage = await open();
		const { userId } = await signUp(storage, "ada");
		const acknowledged: string[] = [];
		const sessions: string[] = [];
		for (let round = 0; round < 3; round++) {
			let killed = false;
			const writers = Array.from({ length: 8 }, async () => {
				while (!killed) {
					const input = newUser(randomUUID());
					const secret = randomUUID();
					const written = await Promise.all([
						storage.createUser({ ...input, events: [newEvent({ id: randomUUID(), userId: input.id })] }),
						storage.createSession(signIn(userId, { secret })),
					]).catch((error: unknown) => {
						expect(error).toMatchObject(unavailable);
						return null;
					});
					if (written === null) continue;
					acknowledged.push(input.id);
					sessions.push(secret);
				}
			});
			const enough = acknowledged.length + 20 + Math.floor(Math.random() * 30);
			await vi.waitUntil(() => acknowledged.length >= enough, { timeout: 60_000, interval: 1 });
			await server.kill();
			killed = true;
			await Promise.all(writers);
			await server.start();
		}
		for (const id of acknowledged) {
			expect(await storage.exportUser(id)).toMatchObject({
				identifiers: [{ kind: "email" }, { kind: "username" }],
				password: {},
				sessions: [{ userId: id }],
				events: [{ userId: id }],
			});
		}
		for (const secret of sessions) expect(await storage.readSession(sha256(secret))).not.toBeNull();
		const { rows } = await (await operator()).query(`SELECT
			(SELECT count(*) FROM latchkey_user) - 1 AS users, (SELECT count(*) FROM latchkey_password) - 1 AS passwords,
			(SELECT count(*) FROM latchkey_identifier) / 2 - 1 AS identifiers, (SELECT count(*) FROM latchkey_audit_event) AS events`);
		const [counts] = rows;
		expect(new Set(Object.values(counts!)).size).toBe(1);
	});

	it("[A23] keeps every acknowledged write of every kind, and no half of any other, when it is killed meanwhile", async () => {
		const storage = await open();
		const reports: AttemptReport[] = [];
		for (let round = 0; round < 3; round++) {
			let killed = false;
			const writers = Array.from({ length: 8 }, async () => {
				while (!killed) {
					await writeEverything(storage, (report) => reports.push(report)).catch((error: unknown) =>
						expect(error).toMatchObject(unavailable),
					);
				}
			});
			// Each kind as often as there are writers, on average.
			const enough = reports.length + 16 * writeKinds.length + Math.floor(Math.random() * 200);
			await vi.waitUntil(() => reports.length >= enough, { timeout: 60_000, interval: 1 });
			await server.kill();
			killed = true;
			await Promise.all(writers);
			await server.start();
		}
		expect(new Set(reports.map(({ kind }) => kind)).size).toBe(writeKinds.length);
		expect(await expectNothingHalf(storage, reports)).toBeGreaterThan(400);
	});

	it("is unavailable when it takes no more connections, and serves again when it does", async () => {
		const role = freshName();
		const client = await operator();
		await client.query(
			`CREATE ROLE ${role} LOGIN PASSWORD 'only-for-tests'; GRANT CREATE ON DATABASE postgres TO ${role}`,
		);
		url = url.replace("//postgres:", `//${role}:`);
		const storage = await open();
		await client.query(`ALTER ROLE ${role} CONNECTION LIMIT 0`);
		await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", [role]);
		await vi.waitUntil(() =>
			storage.ping().then(
				() => false,
				(error) => /too many connections/.test(error.detail),
			),
		);
		await expect(storage.ping()).rejects.toMatchObject(unavailable);
		await client.query(`ALTER ROLE ${role} CONNECTION LIMIT -1`);
		await storage.ping();
	});

	it("is unavailable when what was right at start is so no more, and serves again when it is", async () => {
		const role = freshName();
		const client = await operator();
		const schema = new URL(url).searchParams.get("schema")!;
		await client.query(
			`CREATE ROLE ${role} LOGIN PASSWORD 'only-for-tests'; CREATE SCHEMA ${schema} AUTHORIZATION ${role}`,
		);
		url = url.replace("//postgres:", `//${role}:`);
		const auth = openTestAuth({ database: url });
		onTestFinished(() => auth.close());
		const browser = await signedUp(auth);
		const disconnect = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}'`;
		const changes = [
			{
				breaks: `REVOKE ALL ON ALL TABLES IN SCHEMA ${schema} FROM ${role}`,
				mends: `GRANT ALL ON ALL TABLES IN SCHEMA ${schema} TO ${role}`,
			},
			{
				breaks: `ALTER SCHEMA ${schema} RENAME TO ${schema}_away`,
				mends: `ALTER SCHEMA ${schema}_away RENAME TO ${schema}`,
			},
			{
				breaks: "ALTER TABLE latchkey_session RENAME COLUMN level TO level_away",
				mends: "ALTER TABLE latchkey_session RENAME COLUMN level_away TO level",
			},
			{
				breaks: `ALTER ROLE ${role} PASSWORD 'another'; ${disconnect}`,
				mends: `ALTER ROLE ${role} PASSWORD 'only-for-tests'`,
			},
		];
		for (const { breaks, mends } of changes) {
			await client.query(breaks);
			const signIn = () => auth.browser().post("/api/auth", { identifier: ada.email, password: ada.password });
			const refused = await signIn();
			expect(refused, breaks).toMatchObject({ status: 503, body: { code: "store_unavailable" } });
			expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
			// Who was read before may be answered for from memory; nobody is told that they are nobody.
			const checked = await browser.get("/api/auth");
			if (checked.status === 200) expect(checked.body).toMatchObject({ authenticated: true });
			else expect(checked).toMatchObject({ status: 503, body: { code: "store_unavailable" } });
			await client.query(mends);
			expect((await browser.get("/api/auth")).body, mends).toMatchObject({ authenticated: true });
			expect((await signIn()).status).toBe(200);
		}
	});

	it("is unavailable for writes, and not for reads, when its disk is full, and writes again when there is room", async () => {
		const storage = await open();
		const { secretHash } = await signUp(storage, "ada");
		const client = await operator();
		// The server's own words for it, wherever a row would take room.
		await client.query(`CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$`);
		const tables = await client.query<{ name: string }>(
			"SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()",
		);
		const each = (statement: (table: string) => string) =>
			client.query(tables.rows.map(({ name }) => statement(name)).join(";"));
		await each((table) => `CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON ${table} EXECUTE FUNCTION full_disk()`);
		const reports: AttemptReport[] = [];
		for (const kind of writeKinds) {
			const write = writeOnce(storage, kind, (report) => reports.push(report));
			await expect(write, kind).rejects.toMatchObject({ ...unavailable, retryAfterSeconds: 10 });
		}
		expect(await storage.readSession(secretHash!)).not.toBeNull();
		await each((table) => `DROP TRIGGER full_disk ON ${table}`);
		expect(await expectNothingHalf(storage, reports)).toBe(0);
		expect(await storage.createUser(newUser("bob"))).toMatchObject({ ok: true });
	});

	it("is unavailable when a statement takes too long, and serves again when what it waited for is gone", async () => {
		const storage = await open({ statementTimeoutMs: 100 });
		const { userId } = await signUp(storage, "ada");
		const client = await operator();
		await client.query("BEGIN; LOCK TABLE latchkey_session");
		await expect(storage.createSession(signIn(userId))).rejects.toMatchObject(unavailable);
		await client.query("ROLLBACK");
		expect(await storage.createSession(signIn(userId))).not.toBeNull();
	});

	it("is unavailable when every connection is taken, and serves again when one is given back", async () => {
		const storage = await open({ maxConnections: 2, connectTimeoutMs: 100, statementTimeoutMs: 60_000 });
		const { userId } = await signUp(storage, "ada");
		const client = await operator();
		await client.query("BEGIN; LOCK TABLE latchkey_session");
		const waiting = [storage.createSession(signIn(userId)), storage.createSession(signIn(userId))];
		await vi.waitUntil(() =>
			storage.ping().then(
				() => false,
				(error) => error.code === "store_unavailable",
			),
		);
		await client.query("ROLLBACK");
		expect((await Promise.all(waiting)).every((session) => session !== null)).toBe(true);
		await storage.ping();
	});

	it("is unavailable when a pool of the application's has no connection left, however long that pool would wait", async () => {
		const pool = new pg.Pool({ connectionString: server.url, max: 2 });
		const schema = freshName();
		const storage = await openPostgres({ pool, schema, rememberedSessions: 0, connectTimeoutMs: 100 });
		const taken = [await pool.connect(), await pool.connect()];
		for (let count = 0; count < 3; count++) await expect(storage.ping()).rejects.toMatchObject(unavailable);
		for (const client of taken) client.release();
		await storage.ping();
		// What came after nobody waited for it any more went back.
		await vi.waitUntil(() => pool.idleCount === pool.totalCount && pool.waitingCount === 0);
		await storage.close();
		await pool.end();
	});

	it("is unavailable when it says nothing at all, and serves again when it does", async () => {
		const proxy = await startTcpProxy(server.port);
		onTestFinished(() => proxy.close());
		url = url.replace(/:\d+\//, `:${proxy.port}/`);
		const storage = await open({ statementTimeoutMs: 100, connectTimeoutMs: 200 });
		await storage.ping();
		proxy.drop();
		await expect(storage.ping()).rejects.toMatchObject(unavailable);
		await expect(storage.ping()).rejects.toMatchObject(unavailable);
		proxy.pass();
		await storage.ping();
	});

	it("leaves nobody waiting and nothing behind in memory when it says nothing to a thousand at once", async () => {
		const proxy = await startTcpProxy(server.port);
		onTestFinished(() => proxy.close());
		const connectionString = server.url.replace(/:\d+\//, `:${proxy.port}/`);
		const pool = new pg.Pool({ connectionString, max: 5, connectionTimeoutMillis: 200 });
		pool.on("error", () => {});
		const schema = freshName();
		const storage = await openPostgres({ pool, schema, rememberedSessions: 100, statementTimeoutMs: 100 });
		await storage.ping();
		proxy.drop();
		for (let round = 0; round < 2; round++) {
			const reads = Array.from({ length: 1000 }, (_, index) => storage.readSession(sha256(`${index}`), 1));
			const answers = await Promise.allSettled(reads);
			expect(answers.filter(({ status }) => status === "fulfilled")).toEqual([]);
			expect(pool.waitingCount).toBe(0);
		}
		proxy.pass();
		await vi.waitUntil(
			() =>
				storage.ping().then(
					() => true,
					() => false,
				),
			{ timeout: 20_000 },
		);
		await storage.close();
		await pool.end();
	});

	it("is unavailable for writes, and not for reads, when it takes none", async () => {
		const storage = await open({ maxConnections: 1 });
		const { userId, secretHash } = await signUp(storage, "ada");
		const client = await operator();
		await client.query("ALTER DATABASE postgres SET default_transaction_read_only = on");
		onTestFinished(async () => {
			await client.query(
				"SET default_transaction_read_only = off; ALTER DATABASE postgres RESET default_transaction_read_only",
			);
		});
		await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'latchkey'");
		await vi.waitUntil(() =>
			storage.readSession(secretHash!).then(
				(live) => live !== null,
				() => false,
			),
		);
		await expect(storage.createSession(signIn(userId))).rejects.toMatchObject(unavailable);
	});

	it("may close connections as it likes: those that are idle are replaced, and none ends the process", async () => {
		const storage = await open();
		const { secretHash } = await signUp(storage, "ada");
		const client = await operator();
		for (let round = 0; round < 5; round++) {
			await Promise.all(Array.from({ length: 5 }, () => storage.readSession(secretHash!, 1)));
			await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'latchkey'");
			await vi.waitUntil(() =>
				storage.readSession(secretHash!).then(
					(live) => live !== null,
					() => false,
				),
			);
		}
	});
});
