import { randomUUID } from "node:crypto";
import pg from "pg";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { LogEntry } from "../../log.ts";
import { type AttemptReport, expectNothingHalf, writeKinds, writeOnce } from "../contract/every-write.ts";
import { sha256, signIn, signUp } from "../contract/fixtures.ts";
import type { Storage } from "../storage.ts";
import { asSuperuser, freshName, inSchema, sharedServer } from "./fixtures/postgres-contract-store.ts";
import { startTcpProxy } from "./fixtures/tcp-proxy.ts";
import { startTransactionPooler, type TransactionPooler } from "./fixtures/transaction-pooler.ts";
import { applyMigrations } from "./migrate.ts";
import { type OpenPostgresOptions, openPostgres } from "./open-postgres.ts";

describe("a pooler that gives out another connection for each transaction", { timeout: 60_000 }, () => {
	let pooler: TransactionPooler;
	let direct: string;
	let pooled: string;

	beforeEach(async () => {
		direct = inSchema(await sharedServer(), freshName());
		pooler = await startTransactionPooler(await sharedServer());
		onTestFinished(() => pooler.close());
		pooled = direct.replace(/:\d+\//, `:${pooler.port}/`);
	});

	async function open(
		options: OpenPostgresOptions,
	): Promise<{ storage: Storage; logged: LogEntry[]; asked: string[] }> {
		const logged: LogEntry[] = [];
		const asked: string[] = [];
		const storage = await openPostgres({
			...options,
			log: (entry) => logged.push(entry),
			onStatement: (sql) => asked.push(sql),
		});
		onTestFinished(() => storage.close());
		return { storage, logged, asked };
	}

	it("migrates once for however many instances start at once", async () => {
		const applied = (await Promise.all(Array.from({ length: 5 }, () => applyMigrations(pooled)))).flat();
		expect(new Set(applied.map(({ version }) => version)).size).toBe(applied.length);
		expect(applied.length).toBeGreaterThan(0);
		expect(await pooler.leftBehind()).toEqual([]);
	});

	it("carries everything that is written, over all its connections, and leaves nothing of it on any", async () => {
		const { storage } = await open({ url: pooled });
		const reports: AttemptReport[] = [];
		const writers = Array.from({ length: 6 }, async () => {
			for (const kind of writeKinds) await writeOnce(storage, kind, (report) => reports.push(report));
		});
		await Promise.all(writers);
		expect(await expectNothingHalf(storage, reports)).toBe(6 * writeKinds.length);
		expect(Math.min(...pooler.carried())).toBeGreaterThan(50);
		expect(await pooler.leftBehind()).toEqual([]);
	});

	it("lets each check ask the database, which is said once with the cure; what ends there is told to those who listen", async () => {
		const behind = await open({ url: pooled });
		const beside = await open({ url: direct });
		const { userId } = await signUp(behind.storage, "ada");
		const secret = randomUUID();
		const session = await behind.storage.createSession(signIn(userId, { secret }));
		const isRemembered = async () => {
			const before = beside.asked.length;
			expect(await beside.storage.readSession(sha256(secret), 1)).not.toBeNull();
			return beside.asked.length === before;
		};
		await vi.waitUntil(isRemembered, { timeout: 20_000 });
		await behind.storage.endSession({ userId, sessionId: session!.id, events: [] });
		await vi.waitUntil(async () => (await beside.storage.readSession(sha256(secret), 1)) === null, { timeout: 2000 });
		expect(beside.logged).toEqual([{ level: "info", event: "session_memory_on" }]);
		expect(behind.logged).toEqual([
			expect.objectContaining({
				level: "warn",
				event: "session_memory_off",
				reason: expect.stringContaining("DIRECT_URL"),
			}),
		]);
		for (let count = 0; count < 5; count++) {
			behind.asked.length = 0;
			expect(await behind.storage.readSession(sha256(secret), 1)).toBeNull();
			expect(behind.asked).toHaveLength(1);
		}
		expect(await pooler.leftBehind()).toEqual([]);
	});

	it("is passed by with a direct URL: sessions are remembered, and the statements go through it all the same", async () => {
		const { storage, logged, asked } = await open({ url: pooled, directUrl: direct });
		const { secretHash } = await signUp(storage, "ada");
		await vi.waitUntil(
			async () => {
				asked.length = 0;
				await storage.readSession(secretHash!, 1);
				return asked.length === 0;
			},
			{ timeout: 20_000 },
		);
		expect(logged).toEqual([{ level: "info", event: "session_memory_on" }]);
		expect(await pooler.leftBehind()).toEqual([]);
	});

	it("is found out also when it is only behind the direct URL", async () => {
		const { storage, logged, asked } = await open({ url: direct, directUrl: pooled });
		const { secretHash } = await signUp(storage, "ada");
		await vi.waitUntil(
			async () => {
				await storage.readSession(secretHash!, 1);
				return logged.length > 0;
			},
			{ timeout: 20_000 },
		);
		expect(logged).toEqual([expect.objectContaining({ event: "session_memory_off" })]);
		asked.length = 0;
		await storage.readSession(secretHash!, 1);
		expect(asked).toHaveLength(1);
		expect(await pooler.leftBehind()).toEqual([]);
	});

	it("is unavailable at start, and not waited for for ever, when it takes a connection and has no server for it", async () => {
		const empty = await startTransactionPooler(await sharedServer(), 0);
		onTestFinished(() => empty.close());
		const opening = openPostgres({ url: pooled.replace(/:\d+\//, `:${empty.port}/`), statementTimeoutMs: 100 });
		await expect(opening).rejects.toMatchObject({
			code: "store_unavailable",
			detail: expect.stringMatching(/cannot be reached .*Start it/),
		});
	});

	it.each(["an address", "a pool of the application's"])(
		"may be put in and taken out at run time, before %s",
		async (before) => {
			const port = (url: string) => Number(new URL(url).port);
			const hop = await startTcpProxy(port(direct));
			onTestFinished(() => hop.close());
			const url = direct.replace(/:\d+\//, `:${hop.port}/`);
			const pool = new pg.Pool({ connectionString: url.split("?")[0]!, max: 5 });
			pool.on("error", () => {});
			onTestFinished(() => pool.end());
			const schema = new URL(url).searchParams.get("schema")!;
			const { storage } = await open(before === "an address" ? { url } : { pool, schema });
			const writeAll = async () => {
				const reports: AttemptReport[] = [];
				const writers = Array.from({ length: 4 }, async () => {
					for (const kind of writeKinds) await writeOnce(storage, kind, (report) => reports.push(report));
				});
				await Promise.all(writers);
				expect(await expectNothingHalf(storage, reports)).toBe(4 * writeKinds.length);
			};
			await writeAll();
			for (const next of [pooler.port, port(direct)]) {
				hop.leadTo(next);
				// As many at once as there are connections to make.
				const isBack = async () => {
					const asked = await Promise.allSettled(Array.from({ length: 5 }, () => storage.ping()));
					const refused = asked.filter((one) => one.status === "rejected").map(({ reason }) => reason.detail);
					expect(refused.join()).not.toContain("startup parameter");
					return refused.length === 0;
				};
				await vi.waitUntil(isBack, { timeout: 20_000 });
				await writeAll();
			}
			expect(Math.min(...pooler.carried())).toBeGreaterThan(50);
		},
	);
});

describe("an address to listen to that leads to another database", { timeout: 60_000 }, () => {
	it("[A40] is never believed: each check asks, and what is wrong is said once", async () => {
		const url = inSchema(await sharedServer(), freshName());
		const other = freshName();
		await asSuperuser((client) => client.query(`CREATE DATABASE ${other}`));
		const logged: LogEntry[] = [];
		let asked = 0;
		const storage = await openPostgres({
			url,
			directUrl: url.replace(/\/postgres\?/, `/${other}?`),
			log: (entry) => logged.push(entry),
			onStatement: (sql) => {
				if (sql.includes("latchkey_session")) asked += 1;
			},
		});
		onTestFinished(() => storage.close());
		const { secretHash } = await signUp(storage, "ada");
		asked = 0;
		let reads = 0;
		const isSaid = async () => {
			reads += 1;
			expect(await storage.readSession(secretHash!, 1)).not.toBeNull();
			return logged.length > 0;
		};
		await vi.waitUntil(isSaid, { timeout: 20_000 });
		expect(asked).toBe(reads);
		expect(logged).toEqual([
			expect.objectContaining({
				event: "session_memory_away",
				message: expect.stringMatching(/^AUTH_DATABASE_DIRECT_URL leads to another database/),
			}),
		]);
	});

	it("ends nothing but itself where the connection is lost before anything could be heard, and is tried again", async () => {
		const url = inSchema(await sharedServer(), freshName());
		const hop = await startTcpProxy(Number(new URL(url).port));
		onTestFinished(() => hop.close());
		hop.cutAt("LISTEN");
		const logged: LogEntry[] = [];
		const directUrl = url.replace(/:\d+\//, `:${hop.port}/`);
		const storage = await openPostgres({ url, directUrl, log: (entry) => logged.push(entry) });
		onTestFinished(() => storage.close());
		const { secretHash } = await signUp(storage, "ada");
		const isSaid = async (event: string) => {
			expect(await storage.readSession(secretHash!, 1)).not.toBeNull();
			return logged.at(-1)?.event === event;
		};
		await vi.waitUntil(() => isSaid("session_memory_away"), { timeout: 20_000 });
		hop.pass();
		await vi.waitUntil(() => isSaid("session_memory_on"), { timeout: 20_000 });
	});

	it("is refused at start where it is none, by its own name", async () => {
		const opening = openPostgres({ url: await sharedServer(), directUrl: "postgres://host:port/db" });
		await expect(opening).rejects.toThrow(/^AUTH_DATABASE_DIRECT_URL is not a URL/);
	});
});
