import pg from "pg";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { LogEntry } from "../../log.ts";
import { newUser, sha256, signIn, signUp } from "../contract/fixtures.ts";
import type { Storage } from "../storage.ts";
import { asSuperuser, freshName, sharedServer } from "./fixtures/postgres-contract-store.ts";
import { type OpenPostgresOptions, openPostgres } from "./open-postgres.ts";
import type { PostgresClient, PostgresPool } from "./pool.ts";

/** Whatever an application does with connections that are its own. */
describe("a pool that the application uses too", { timeout: 60_000 }, () => {
	let pool: pg.Pool;
	let schema: string;
	let logged: LogEntry[];
	let statements: number;

	beforeEach(() => {
		schema = freshName();
		logged = [];
		statements = 0;
	});

	async function open(
		config: pg.PoolConfig = {},
		options: Partial<OpenPostgresOptions> = {},
		onConnect = "",
	): Promise<Storage> {
		pool = new pg.Pool({ connectionString: await sharedServer(), ...config });
		pool.on("error", () => {});
		if (onConnect !== "") pool.on("connect", (client) => void client.query(onConnect));
		onTestFinished(() => pool.end());
		const storage = await openPostgres({
			pool,
			schema,
			log: (entry) => logged.push(entry),
			onStatement: () => {
				statements += 1;
			},
			...options,
		});
		onTestFinished(() => storage.close());
		return storage;
	}

	/** What the application does on the pool's only connection before it gives it back. */
	async function onTheConnection(...texts: string[]): Promise<void> {
		const client = await pool.connect();
		for (const text of texts) await client.query(text).catch(() => {});
		client.release();
	}

	const stored = (id: string) =>
		asSuperuser((client) => client.query(`SELECT FROM ${schema}.latchkey_user WHERE id = $1`, [id]));

	it.each(["DISCARD ALL", "DEALLOCATE ALL"])("may be cleared of what was prepared: %s", async (text) => {
		const storage = await open({ max: 1 });
		const { secretHash, userId } = await signUp(storage, "ada");
		expect(await storage.readSession(secretHash!)).not.toBeNull();
		for (let round = 0; round < 2; round++) {
			await onTheConnection(text);
			expect(await storage.readSession(secretHash!)).not.toBeNull();
			expect(await storage.createSession(signIn(userId))).not.toBeNull();
		}
	});

	it("never takes what is acknowledged along into a transaction that somebody left open, and could undo", async () => {
		const storage = await open({ max: 1 });
		await onTheConnection("BEGIN", "SELECT 1");
		const input = newUser("ada");
		expect(await storage.createUser(input)).toMatchObject({ ok: true });
		expect((await stored(input.id)).rowCount).toBe(1);
	});

	it("is not migrated within a transaction that somebody left open, whose owner could undo it", async () => {
		pool = new pg.Pool({ connectionString: await sharedServer(), max: 1 });
		onTestFinished(() => pool.end());
		const table = freshName();
		await onTheConnection("BEGIN", `CREATE TABLE public.${table} ()`);
		const storage = await openPostgres({ pool, schema });
		expect(await storage.createUser(newUser("ada"))).toMatchObject({ ok: true });
		const { rows } = await pool.query("SELECT to_regclass($1) AS found", [`public.${table}`]);
		expect(rows).toEqual([{ found: null }]);
		await storage.close();
	});

	it("is unavailable at start where none of its connections becomes free, and not waited for for ever", async () => {
		pool = new pg.Pool({ connectionString: await sharedServer(), max: 1 });
		onTestFinished(() => pool.end());
		const client = await pool.connect();
		await expect(openPostgres({ pool, schema, connectTimeoutMs: 50 })).rejects.toMatchObject({
			code: "store_unavailable",
			detail: expect.stringContaining("No connection became free in time"),
		});
		client.release();
		const storage = await openPostgres({ pool, schema });
		await storage.close();
	});

	it("is unavailable where every new connection comes with a transaction", async () => {
		const storage = await open({ max: 1 });
		await signUp(storage, "ada");
		pool.options.onConnect = (client) => client.query("BEGIN");
		await onTheConnection("BEGIN");
		await expect(storage.createUser(newUser("bob"))).rejects.toMatchObject({
			code: "store_unavailable",
			detail: expect.stringContaining("a transaction that somebody left open"),
		});
		pool.options.onConnect = undefined;
		expect(await storage.createUser(newUser("bob"))).toMatchObject({ ok: true });
	});

	it("may have a transaction that failed left on it, also where the driver cannot tell", async () => {
		const storage = await open({ max: 1 });
		for (const knows of [true, false]) {
			const client = await pool.connect();
			if (!knows) client.getTransactionStatus = () => null;
			client.release();
			await onTheConnection("BEGIN", "SELECT nonsense");
			expect(await storage.createUser(newUser(`ada ${knows}`))).toMatchObject({ ok: true });
		}
	});

	it("is listened on however the application has its numbers and texts read", async () => {
		const oids = [16, 17, 20, 23, 25, 114, 701];
		const before = oids.map((oid) => pg.types.getTypeParser(oid));
		for (const oid of oids) pg.types.setTypeParser(oid, (text: string) => ({ its: text }));
		onTestFinished(() => {
			for (const [index, oid] of oids.entries()) pg.types.setTypeParser(oid, before[index]!);
		});
		const storage = await open();
		const { secretHash } = await signUp(storage, "ada");
		const isRemembered = async () => {
			const asked = statements;
			expect(await storage.readSession(secretHash!, 1)).not.toBeNull();
			return statements === asked;
		};
		await vi.waitUntil(isRemembered, { timeout: 20_000 });
		expect(logged).toEqual([{ level: "info", event: "session_memory_on" }]);
	});

	it("may speak as another role, and be set to other ways of writing", async () => {
		const role = freshName();
		await asSuperuser((client) => client.query(`CREATE ROLE ${role}; CREATE SCHEMA ${schema} AUTHORIZATION ${role}`));
		const settings = `SET ROLE ${role}; SET search_path TO ''; SET TimeZone TO 'Asia/Tokyo'; SET DateStyle TO 'German, DMY';
			SET bytea_output TO 'escape'; SET extra_float_digits TO -15; SET quote_all_identifiers TO on`;
		const storage = await open({}, {}, settings);
		const { secretHash } = await signUp(storage, "ada");
		expect(await storage.readSession(secretHash!)).not.toBeNull();
		const { rows } = await asSuperuser((client) =>
			client.query("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = $1", [schema]),
		);
		expect(rows).toEqual([{ tableowner: role }]);
	});

	it.each([
		["off", ["commits_not_durable"]],
		["local", []],
	])("is said to lose what was acknowledged where it does: synchronous_commit is %s", async (value, events) => {
		await open({}, { rememberedSessions: 0 }, `SET synchronous_commit TO ${value}`);
		expect(logged.map(({ event }) => event)).toEqual(events);
	});

	it.each(["serializable", "repeatable read"])(
		"is refused at %s, where operations that meet fail",
		async (isolation) => {
			const opening = open({}, {}, `SET default_transaction_isolation TO '${isolation}'`);
			await expect(opening).rejects.toMatchObject({
				code: "misconfigured",
				detail: expect.stringMatching(
					new RegExp(`at ${isolation}, .* ALTER ROLE "postgres" SET default_transaction_isolation = 'read committed'$`),
				),
			});
		},
	);

	it.each([
		{ schema: "Auth" },
		{ schema: "" },
		{ schema: "pg_mine" },
		{ schema: "x".repeat(64) },
		{ prefix: "" },
		{ prefix: 'a"b' },
		{ prefix: "Auth_" },
		{ prefix: "pg_" },
		// Of names longer than 63 bytes two can be the same.
		{ prefix: "x".repeat(60) },
	])("is refused with names that become others: %j", async (names) => {
		await expect(open({}, names)).rejects.toThrow(/^(schema|prefix) beside the pool must be up to 30 small letters/);
	});

	it("is refused where its driver reads values in ways of its own, as pg-native does: times would be texts", async () => {
		pool = new pg.Pool({ connectionString: await sharedServer() });
		onTestFinished(() => pool.end());
		const own: PostgresPool = {
			async connect() {
				const client: PostgresClient = await pool.connect();
				const query = client.query.bind(client);
				client.query = ({ types: _, ...rest }) => query(rest);
				return client;
			},
		};
		await expect(openPostgres({ pool: own, schema })).rejects.toMatchObject({
			code: "misconfigured",
			detail: expect.stringMatching(/^The database of the given pool .*pg-native.*Pool of pg/),
		});
	});

	it("is refused by its own name where it does not lead to a database that serves", async () => {
		const connectionString = (await sharedServer()).replace(":only-for-tests", ":wrong-password");
		await expect(open({ connectionString })).rejects.toThrow(
			/^The database of the given pool refuses this user .*Check user and password in the options of the pool\.$/,
		);
	});

	it("stays whole when the store closes while it is asked", async () => {
		const storage = await open({ max: 3 });
		const inputs = Array.from({ length: 20 }, (_, index) => newUser(`user ${index}`));
		const writing = inputs.map((input) => storage.createUser(input));
		await storage.close();
		const answers = await Promise.allSettled(writing);
		for (const [index, answer] of answers.entries()) {
			if (answer.status === "rejected") expect(answer.reason).toMatchObject({ code: "store_unavailable" });
			else expect((await stored(inputs[index]!.id)).rowCount).toBe(1);
		}
		await vi.waitUntil(() => pool.idleCount === pool.totalCount && pool.waitingCount === 0);
		expect((await pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
		await expect(storage.readSession(sha256("x"))).rejects.toMatchObject({ code: "store_unavailable" });
	});
});
