import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { counter, minute, newEvent, newSession, newUser, sha256, signIn } from "../contract/fixtures.ts";
import type { Storage } from "../storage.ts";
import { temporaryFolder } from "./fixtures/sqlite-contract-store.ts";
import { openSqlite } from "./open-sqlite.ts";

describe("statements of the SQLite store", () => {
	let storage: Storage;
	let remove: () => void;
	let executed: string[];

	beforeEach(async () => {
		const temporary = temporaryFolder();
		remove = temporary.remove;
		executed = [];
		storage = await openSqlite({
			file: join(temporary.folder, "latchkey.db"),
			onStatement: (sql) => executed.push(sql),
		});
	});
	afterEach(async () => {
		await storage.close();
		remove();
	});

	async function statementsOf(call: () => Promise<unknown>): Promise<number> {
		executed = [];
		await call();
		return executed.length;
	}

	it("reads a session in 1", async () => {
		const input = newUser("ada");
		await storage.createUser(input);
		expect(await statementsOf(() => storage.readSession(input.session!.secretHash))).toBe(1);
	});

	it("opens a session in 5, BEGIN and COMMIT included, and in 6 when it replaces one", async () => {
		const input = newUser("ada");
		await storage.createUser(input);
		const open = (replaces: { sessionId: string } | null) =>
			storage.createSession({
				session: newSession(input.id),
				replaces,
				settle: { clear: ["account"], giveBack: ["address"] },
				events: [newEvent({ userId: input.id })],
			});
		expect(await statementsOf(() => open(null))).toBe(5);
		expect(executed.at(0)).toBe("BEGIN IMMEDIATE");
		expect(executed.at(-1)).toBe("COMMIT");
		expect(await statementsOf(() => open({ sessionId: input.session!.id }))).toBe(6);
		expect(await statementsOf(() => storage.createSession(signIn(input.id)))).toBe(3);
	});

	it("signs up with address, user name, password, session and two events in 7, and in 8 when it replaces", async () => {
		const events = () => [newEvent(), newEvent()];
		expect(await statementsOf(() => storage.createUser(newUser("ada", { events: events() })))).toBe(7);
		const replaces = { sessionId: randomUUID() };
		expect(await statementsOf(() => storage.createUser(newUser("bob", { events: events(), replaces })))).toBe(8);
	});

	it("counts on any number of keys in 1", async () => {
		for (const keys of [["a"], ["a", "b"], ["a", "b", "c", "d"]]) {
			expect(await statementsOf(() => storage.increment(keys.map((key) => counter(key))))).toBe(1);
		}
		expect(await statementsOf(() => storage.increment([]))).toBe(0);
		const ada = { kind: "email", canonical: "ada@example.com" } as const;
		expect(await statementsOf(() => storage.countAttempt([counter("a"), counter("b")], ada))).toBe(1);
	});

	it("does what one guarded statement can do in 1", async () => {
		const tokenHash = sha256("t");
		const token = { purpose: "p", subject: "s", tokenHash, lifetimeMs: minute, payload: null };
		const sight = { sessionId: "s", generation: 1 };
		expect(await statementsOf(() => storage.putToken(token))).toBe(1);
		expect(await statementsOf(() => storage.consumeToken({ purpose: "p", tokenHash }))).toBe(1);
		expect(await statementsOf(() => storage.advanceGeneration({ ...sight, graceMs: 0 }))).toBe(1);
		expect(await statementsOf(() => storage.recordSight(sight))).toBe(1);
		expect(await statementsOf(() => storage.touchSessions([{ sessionId: "s", at: 0, idleMs: 1 }]))).toBe(1);
		expect(await statementsOf(() => storage.findCredentials({ kind: "email", canonical: "x" }))).toBe(1);
		expect(await statementsOf(() => storage.appendEvents([newEvent(), newEvent()]))).toBe(1);
	});
});
