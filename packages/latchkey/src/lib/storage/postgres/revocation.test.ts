import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import type { LogEntry } from "../../log.ts";
import { newUser, sha256, signUp } from "../contract/fixtures.ts";
import type { Storage } from "../storage.ts";
import { freshSecret, type Watched } from "./fixtures/instance.ts";
import { type Instance, startInstance } from "./fixtures/instances.ts";
import { freshName, inSchema, sharedServer } from "./fixtures/postgres-contract-store.ts";
import { startTcpProxy, type TcpProxy } from "./fixtures/tcp-proxy.ts";
import { openPostgres } from "./open-postgres.ts";

/** What is promised however the channel fails. */
const neverLaterMs = 2000;

describe("three instances on one PostgreSQL", { timeout: 120_000 }, () => {
	const schema = freshName();
	let url: string;
	let storage: Storage;
	let instances: Instance[];
	let userId: string;

	beforeAll(async () => {
		url = inSchema(await sharedServer(), schema);
		storage = await openPostgres({ url });
		({ userId } = await signUp(storage, "ada"));
		instances = [startInstance(), startInstance(), startInstance()];
		await Promise.all(instances.map((instance) => instance.tell("open", { url })));
	}, 60_000);
	afterAll(async () => {
		await Promise.all(instances.map((instance) => instance.kill()));
		await storage.close();
	}, 60_000);

	/** A session that all of them answer for without asking. */
	async function rememberedBy(those: readonly Instance[]): Promise<{ secret: string; sessionId: string }> {
		const secret = freshSecret();
		const { sessionId } = await instances[0]!.tell("signIn", { userId, secret });
		await Promise.all(those.map((instance) => instance.tell("remember", { secret })));
		return { secret, sessionId };
	}

	it.each(["endSession", "endAllSessions"] as const)("refuse everywhere what %s ended on one", async (end) => {
		const latencies: number[] = [];
		for (let round = 0; round < 15; round++) {
			const { secret, sessionId } = await rememberedBy(instances);
			const watching = instances.map((instance) => instance.tell("watch", { secret }));
			const { startedAt, endedAt } = await instances[round % 3]!.tell(end, { userId, sessionId });
			const watched = await Promise.all(watching);
			for (const { lastAcceptedAt } of watched) expect(lastAcceptedAt - endedAt).toBeLessThan(neverLaterMs);
			latencies.push(...watched.map(({ refusedAt }) => refusedAt - startedAt));
		}
		print(`${end} on one, refused on three`, latencies);
	});

	it("refuse what ended while one of them was stopped, with its first answer after", async () => {
		const [, stopped] = instances;
		const { secret, sessionId } = await rememberedBy(instances);
		const watching = stopped!.tell("watch", { secret });
		stopped!.stop();
		await instances[0]!.tell("endSession", { userId, sessionId });
		await sleep(1000);
		const resumedAt = Date.now();
		stopped!.resume();
		expect((await watching).lastAcceptedAt).toBeLessThan(resumedAt);
	});

	it.each([
		{ how: "drops everything", break: (proxy: TcpProxy) => proxy.drop() },
		{ how: "drops everything to the server", break: (proxy: TcpProxy) => proxy.drop("to the server") },
		{ how: "drops everything to the client", break: (proxy: TcpProxy) => proxy.drop("to the client") },
		{ how: "delays everything by 5 seconds", break: (proxy: TcpProxy) => proxy.delay(5000) },
	])("refuse what ended while the channel silently $how", async (broken) => {
		const proxy = await startTcpProxy(Number(new URL(url).port));
		onTestFinished(() => proxy.close());
		const cutOff = startInstance();
		onTestFinished(() => cutOff.kill());
		const directUrl = url.replace(/:\d+\//, `:${proxy.port}/`);
		await cutOff.tell("open", { url, directUrl });
		const { secret, sessionId } = await rememberedBy([cutOff]);
		const watching = cutOff.tell("watch", { secret });
		broken.break(proxy);
		const cutAt = Date.now();
		const { endedAt } = await instances[0]!.tell("endSession", { userId, sessionId });
		const watched: Watched = await watching;
		expect(watched.lastAcceptedAt - endedAt).toBeLessThan(neverLaterMs);
		console.log(`channel that ${broken.how}: last accepted ${watched.lastAcceptedAt - cutAt} ms after`);

		// It recovers by itself: whatever is asked meanwhile is asked of the database.
		proxy.pass();
		const again = await rememberedBy([cutOff]);
		const watchingAgain = cutOff.tell("watch", { secret: again.secret });
		const ended = await instances[0]!.tell("endSession", { userId, sessionId: again.sessionId });
		expect((await watchingAgain).lastAcceptedAt - ended.endedAt).toBeLessThan(neverLaterMs);
	});
});

describe("an instance that remembers somebody", { timeout: 60_000 }, () => {
	it("hears that their unproven claim gave way when somebody got the address back on another", async () => {
		const url = inSchema(await sharedServer(), freshName());
		let asked = 0;
		const [one, other] = await Promise.all([
			openPostgres({ url, onStatement: () => (asked += 1) }),
			openPostgres({ url }),
		]);
		onTestFinished(async () => {
			await Promise.all([one, other].map((storage) => storage.close()));
		});
		const { secretHash } = await signUp(one, "bob");
		const bob = () => one.readSession(secretHash!, 1);
		const isRemembered = async () => {
			const before = asked;
			await bob();
			return asked === before;
		};
		await vi.waitUntil(isRemembered, { timeout: 20_000 });
		const { userId } = await signUp(other, "ada");
		const token = { purpose: "undo", tokenHash: sha256("undo") };
		await other.putToken({ ...token, subject: userId, lifetimeMs: 60_000, payload: null });
		const email = { value: "bob@example.com", canonical: "bob@example.com" };
		const change = { userId, token, email, undo: { since: 0 }, epoch: null, events: [] };
		expect(await other.changeEmail(change)).toBe("changed");
		await vi.waitUntil(async () => (await bob())?.user.email === null, { timeout: 5000 });
	});
});

describe("behind a pooler", { timeout: 60_000 }, () => {
	async function openThroughPooler(options: { withDirectUrl: boolean }) {
		const schema = freshName();
		const server = await sharedServer();
		const proxy = await startTcpProxy(Number(new URL(server).port), { forgesProcessId: true });
		const logged: LogEntry[] = [];
		const statements: string[] = [];
		const url = inSchema(server, schema);
		const storage = await openPostgres({
			url: url.replace(/:\d+\//, `:${proxy.port}/`),
			...(options.withDirectUrl && { directUrl: url }),
			log: (entry) => logged.push(entry),
			onStatement: (sql) => statements.push(sql),
		});
		onTestFinished(async () => {
			await storage.close();
			await proxy.close();
		});
		const input = newUser("ada");
		await storage.createUser(input);
		const read = async () => {
			statements.length = 0;
			expect(await storage.readSession(input.session!.secretHash, 1)).not.toBeNull();
			return statements.length;
		};
		return { read, logged };
	}

	it("asks for every session, and says why once", async () => {
		const { read, logged } = await openThroughPooler({ withDirectUrl: false });
		for (let round = 0; round < 10; round++) expect(await read()).toBe(1);
		expect(logged).toEqual([
			expect.objectContaining({
				event: "session_memory_off",
				reason: expect.stringContaining("AUTH_DATABASE_DIRECT_URL"),
			}),
		]);
	});

	it("remembers with the database's own address to listen to, and says that it does", async () => {
		const { read, logged } = await openThroughPooler({ withDirectUrl: true });
		while ((await read()) > 0) await sleep(5);
		expect(logged).toEqual([{ level: "info", event: "session_memory_on" }]);
	});
});

function print(what: string, latencies: number[]): void {
	const sorted = latencies.toSorted((one, other) => one - other);
	const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
	console.log(`${what}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ${sorted.length} times`);
}
