import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { LogEntry } from "../../log.ts";
import { day, sha256, signIn } from "../contract/fixtures.ts";
import type { LiveSession, Storage } from "../storage.ts";
import { ChannelDouble } from "./fixtures/channel-double.ts";
import { leaseMs } from "./lease.ts";
import { rememberWhileHearing } from "./remember-sessions.ts";

/** One live session, and what changes it as something that succeeds. */
function storeDouble(databaseNow: () => number) {
	const session = {
		id: "s",
		userId: "u",
		generation: 1,
		idleExpiresAt: databaseNow() + day,
		expiresAt: databaseNow() + day,
	};
	const live = { session, user: { id: "u", name: "Ada" } } as unknown as LiveSession;
	const store = {
		reads: 0,
		/** What the row says. */
		row: live as LiveSession | null,
		/** The next read waits for it. */
		gate: Promise.resolve() as Promise<void>,
		storage: {} as Storage,
	};
	const operations = Object.fromEntries(Object.keys(changes).map((name) => [name, async () => null]));
	store.storage = {
		...(operations as Partial<Storage> as Storage),
		async readSession() {
			store.reads += 1;
			const found = store.row === null ? null : structuredClone({ ...store.row, now: databaseNow() });
			await store.gate;
			return found;
		},
		async close() {},
	};
	return store;
}

const events: [] = [];
const changes: Record<string, (storage: Storage) => Promise<unknown>> = {
	endSession: (storage) => storage.endSession({ userId: "u", sessionId: "s", events }),
	endOtherSessions: (storage) => storage.endOtherSessions({ userId: "u", keepSessionId: "x", events }),
	endAllSessions: (storage) => storage.endAllSessions({ userId: "u", events }),
	deleteUser: (storage) => storage.deleteUser({ userId: "u", pseudonym: "p", events }),
	updateUser: (storage) => storage.updateUser({ userId: "u", name: "x", events }),
	changePassword: (storage) => storage.changePassword({ userId: "u" } as Parameters<Storage["changePassword"]>[0]),
	createSession: (storage) => storage.createSession({ ...signIn("u"), replaces: { sessionId: "s" } }),
	createUser: (storage) => storage.createUser({ replaces: { sessionId: "s" } } as Parameters<Storage["createUser"]>[0]),
	advanceGeneration: (storage) => storage.advanceGeneration({ sessionId: "s", generation: 1, graceMs: 0 }),
	recordSight: (storage) => storage.recordSight({ sessionId: "s", generation: 1 }),
	proveEmail: (storage) => storage.proveEmail({ userId: "u" } as Parameters<Storage["proveEmail"]>[0]),
	resetPassword: (storage) => storage.resetPassword({ userId: "u" } as Parameters<Storage["resetPassword"]>[0]),
	changeEmail: (storage) => storage.changeEmail({ userId: "u" } as Parameters<Storage["changeEmail"]>[0]),
	requestDeletion: (storage) => storage.requestDeletion({ userId: "u", afterMs: 1, events }),
};

describe("a store that remembers", () => {
	const secretHash = sha256("s");
	let time: { monotonic: number; wall: number };
	let doubles: ChannelDouble[];
	let prepareDouble: (double: ChannelDouble) => void;
	let store: ReturnType<typeof storeDouble>;
	let storage: Storage;
	let logged: LogEntry[];

	beforeEach(() => {
		time = { monotonic: 0, wall: 0 };
		doubles = [];
		logged = [];
		prepareDouble = () => {};
		store = storeDouble(() => new ChannelDouble().databaseNow);
		storage = rememberWhileHearing(store.storage, {
			connect: async () => {
				const double = new ChannelDouble();
				prepareDouble(double);
				doubles.push(double);
				return double;
			},
			channel: "ended",
			max: 100,
			clock: undefined,
			stopwatch: { monotonic: () => time.monotonic, wall: () => time.wall },
			log: (entry) => logged.push(entry),
		});
	});
	afterEach(() => storage.close());

	const read = (generation = 1) => storage.readSession(secretHash, generation);
	const readsOf = async (work: () => Promise<unknown>) => {
		const before = store.reads;
		await work();
		return store.reads - before;
	};

	/** The connection that listens, once a heartbeat came back and the session is remembered. */
	async function remembered(): Promise<ChannelDouble> {
		await vi.waitUntil(async () => (await readsOf(read)) === 0, { timeout: 20_000 });
		return doubles.at(-1)!;
	}

	it("asks the first time, and from then on only while heartbeats come back", async () => {
		expect(await readsOf(read)).toBe(1);
		const double = await remembered();
		double.answers = false;
		// The heartbeat under way, if there is one, was sent at this very instant of the stopped clock.
		time.monotonic += leaseMs - 1;
		expect(await readsOf(read)).toBe(0);
		time.monotonic += 1;
		expect(await readsOf(read)).toBe(1);
	});

	it("counts from when a heartbeat was sent, however late it comes back", async () => {
		const double = await remembered();
		const late = Promise.withResolvers<void>();
		const later = Promise.withResolvers<void>();
		double.gates.push(late.promise, later.promise);
		await vi.waitUntil(() => double.gates.length === 1, { timeout: 20_000 });
		time.monotonic += leaseMs;
		late.resolve();
		await vi.waitUntil(() => double.gates.length === 0, { timeout: 20_000 });
		expect(await readsOf(read)).toBe(1);
		later.resolve();
	});

	it("believes a heartbeat of another instance that came after its question, and then sends none", async () => {
		const double = await remembered();
		const others = setInterval(() => double.beat(double.nextTransaction++), 5);
		onTestFinished(() => clearInterval(others));
		const nextQuestion = async () => {
			const { questions } = double;
			await vi.waitUntil(() => double.questions > questions, { timeout: 20_000, interval: 1 });
		};
		await nextQuestion();
		const { heartbeats } = double;
		for (let count = 0; count < 4; count++) {
			time.monotonic += leaseMs - 1;
			await nextQuestion();
			await nextQuestion();
			expect(await readsOf(read)).toBe(0);
		}
		expect(double.heartbeats).toBe(heartbeats);
	});

	it("does not believe a heartbeat of another instance from before its question", async () => {
		const double = await remembered();
		double.answers = false;
		time.monotonic += leaseMs;
		for (let count = 0; count < 30; count++) {
			double.beat(double.nextTransaction - 1);
			expect(await readsOf(read)).toBe(1);
			await sleep(10);
		}
		expect(double.heartbeats).toBeGreaterThan(0);
	});

	it("leaves the database alone when nobody has asked for a while, and begins again with the next question", async () => {
		vi.useFakeTimers({ toFake: ["performance"] });
		try {
			const double = await remembered();
			vi.advanceTimersByTime(11_000);
			let unchanged = 0;
			for (let last = -1; unchanged < 10; last = double.heartbeats) {
				unchanged = double.heartbeats === last ? unchanged + 1 : 0;
				await sleep(50);
			}
			const before = double.heartbeats;
			time.monotonic += leaseMs;
			expect(await readsOf(read)).toBe(1);
			await vi.waitUntil(() => double.heartbeats > before + 1, { timeout: 20_000 });
			expect(await readsOf(read)).toBe(0);
		} finally {
			vi.useRealTimers();
		}
	});

	it("always asks for who does not say which generation is held, and for any other generation", async () => {
		await remembered();
		expect(await readsOf(() => storage.readSession(secretHash))).toBe(1);
		expect(await readsOf(() => read(2))).toBe(1);
		expect(await readsOf(() => read(0))).toBe(1);
	});

	it.each(["s:s", "u:u"])("forgets what another instance says has ended: %s", async (word) => {
		const double = await remembered();
		store.row = null;
		expect(await read()).not.toBeNull();
		double.tell(word);
		expect(await read()).toBeNull();
	});

	it("goes on believing what somebody else's end is not about", async () => {
		const double = await remembered();
		double.tell("s:another");
		double.tell("u:another");
		expect(await readsOf(read)).toBe(0);
	});

	it("throws away what it read when something ended meanwhile", async () => {
		const double = await remembered();
		double.tell("s:s");
		const gate = Promise.withResolvers<void>();
		store.gate = gate.promise;
		const reading = read();
		store.row = null;
		double.tell("s:s");
		gate.resolve();
		expect(await reading).not.toBeNull();
		expect(await read()).toBeNull();
	});

	it("keeps nothing that was read before anybody listened", async () => {
		const listens = Promise.withResolvers<void>();
		prepareDouble = (double) => {
			const query = double.query.bind(double);
			double.query = async (asked) => {
				if (asked.text.startsWith("LISTEN")) await listens.promise;
				return query(asked);
			};
		};
		await read();
		store.row = null;
		listens.resolve();
		await vi.waitUntil(() => (doubles[0]?.heartbeats ?? 0) > 0, { timeout: 20_000 });
		expect(await read()).toBeNull();
	});

	it("forgets everything when the connection that listens is lost, and remembers again on the next", async () => {
		const double = await remembered();
		store.row = null;
		double.emit("error", new Error("gone"));
		await vi.waitUntil(async () => (await read()) === null, { timeout: 20_000 });
		await vi.waitUntil(() => doubles.length === 2, { timeout: 20_000 });
		expect(double.released).toBe(true);
		expect(await read()).toBeNull();
		expect(logged.map(({ event }) => event)).toContain("session_memory_away");
	});

	it("believes nothing that a connection still hears which was given up", async () => {
		const first = await remembered();
		// A replica that was made the primary may have numbers that begin lower.
		prepareDouble = (double) => {
			double.nextTransaction = 10;
			double.answers = false;
		};
		first.answers = false;
		first.emit("error", new Error("gone"));
		await vi.waitUntil(() => doubles.length > 1, { timeout: 20_000 });
		const another = doubles.at(-1)!;
		// The former primary goes on.
		for (let count = 0; count < 30; count++) {
			first.beat(first.nextTransaction + 1_000_000);
			expect(await readsOf(read)).toBe(1);
			await sleep(10);
		}
		expect(another.questions).toBeGreaterThan(0);
	});

	it("gives a connection up on which nothing was ever answered, and tries the next", async () => {
		prepareDouble = (double) => {
			double.speaks = doubles.length > 0;
		};
		expect(await readsOf(read)).toBe(1);
		await vi.waitUntil(() => doubles.length > 1, { timeout: 20_000 });
		expect(doubles[0]!.released).toBe(true);
		await remembered();
	});

	it("never remembers through a pooler, and says so once", async () => {
		prepareDouble = (double) => {
			double.answeredBy = 43;
		};
		await read();
		await vi.waitUntil(() => logged.length > 0, { timeout: 20_000 });
		for (let time = 0; time < 20; time++) expect(await readsOf(read)).toBe(1);
		expect(logged).toEqual([
			expect.objectContaining({ event: "session_memory_off", reason: expect.stringContaining("DIRECT_URL") }),
		]);
		expect(doubles).toHaveLength(1);
		// Whatever was set or listened to there would be somebody else's the next moment.
		expect(doubles[0]!.asked).toEqual(["SELECT pg_backend_pid() AS pid"]);
	});

	it("stops to remember when a connection turns out to lead elsewhere later", async () => {
		const double = await remembered();
		double.answeredBy = 43;
		await vi.waitUntil(() => logged.some(({ event }) => event === "session_memory_off"), { timeout: 20_000 });
		expect(await readsOf(read)).toBe(1);
		expect(double.released).toBe(true);
	});

	it.each(Object.entries(changes))("sees its own %s at once, without waiting to be told", async (_, change) => {
		await remembered();
		await change(storage);
		expect(await readsOf(read)).toBe(1);
	});

	it("forgets also when nobody knows whether the change was stored", async () => {
		await remembered();
		Object.assign(store.storage, { endSession: () => Promise.reject(new Error("the answer was lost")) });
		const failing = rememberWhileHearing(store.storage, {
			connect: async () => new ChannelDouble(),
			channel: "ended",
			max: 100,
			clock: undefined,
			stopwatch: undefined,
			log: () => {},
		});
		const readFailing = () => readsOf(() => failing.readSession(secretHash, 1));
		await vi.waitUntil(async () => (await readFailing()) === 0, { timeout: 20_000 });
		await expect(failing.endSession({ userId: "u", sessionId: "s", events })).rejects.toThrow("lost");
		expect(await readFailing()).toBe(1);
		await failing.close();
	});
});
