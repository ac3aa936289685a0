import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
	counter,
	minute,
	newEvent,
	newMail,
	newSession,
	newUser,
	nothingToSettle,
	sha256,
	signIn,
} from "../contract/fixtures.ts";
import type { Storage } from "../storage.ts";
import { temporaryFolder } from "./fixtures/sqlite-contract-store.ts";
import { openSqlite } from "./open-sqlite.ts";

describe("statements of the SQLite store", () => {
	let storage: Storage;
	let file: string;
	let remove: () => void;
	let executed: string[];

	beforeEach(async () => {
		const temporary = temporaryFolder();
		remove = temporary.remove;
		file = join(temporary.folder, "latchkey.db");
		executed = [];
		storage = await openSqlite({ file, onStatement: (sql) => executed.push(sql) });
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

	it("finds every row by an index, so that a million users are as fast as a thousand", async () => {
		await callEverything(storage);
		const database = new DatabaseSync(file, { readOnly: true });
		const statements = [...new Set(executed)].filter((sql) => !/^(BEGIN|COMMIT|ROLLBACK)/.test(sql));
		const scans = statements.flatMap((sql) => {
			const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
			return (
				plan
					.map(({ detail }) => String(detail))
					// The one table that has a handful of rows for ever, lists that the caller handed in, and what was found by an index.
					.filter(
						(detail) =>
							/^SCAN/.test(detail) && !/json_each|activity|VALUES CLAUSE|latchkey_migration| due$| ended$/.test(detail),
					)
					.map((detail) => ({ detail, sql }))
			);
		});
		const sorts = statements.filter((sql) =>
			database
				.prepare(`EXPLAIN QUERY PLAN ${sql}`)
				.all()
				.some(({ detail }) => /TEMP B-TREE FOR (LAST|RIGHT|ORDER)/.test(String(detail))),
		);
		database.close();
		expect(statements.length).toBeGreaterThan(40);
		expect(scans).toEqual([]);
		expect(sorts).toEqual([]);
	});
});

/** Calls the port so that every statement that it has is executed. */
async function callEverything(storage: Storage): Promise<void> {
	const identities = [{ issuer: "i", subject: "s" }];
	const input = newUser("ada", { identities, events: [newEvent()], replaces: { sessionId: randomUUID() } });
	const { id: userId, session } = input;
	const sessionId = session!.id;
	await storage.createUser(input);
	await storage.readSession(session!.secretHash);
	await storage.createSession({ ...signIn(userId), settle: { clear: ["a"], giveBack: ["b"] } });
	await storage.recordSight({ sessionId, generation: 1 });
	await storage.advanceGeneration({ sessionId, generation: 1, graceMs: 0 });
	await storage.touchSessions([{ sessionId, at: 0, idleMs: 1 }]);
	await storage.listSessions(userId, { limit: 1 });
	await storage.listSessions(userId, { limit: 1, before: sessionId });
	await storage.endOtherSessions({ userId, keepSessionId: sessionId, events: [] });
	await storage.endSession({ userId, sessionId, events: [] });
	await storage.endAllSessions({ userId, events: [] });
	await storage.findCredentials({ kind: "email", canonical: "ada@example.com" });
	await storage.findCredentialsOfUser(userId);
	await storage.findUserByIdentity(identities[0]!);
	await storage.updateUser({ userId, username: { value: "x", canonical: "x" }, events: [] });
	await storage.updateUser({ userId, username: null, events: [] });
	await storage.resealPassword({ userId, version: 1, from: "$sealed$ada", to: "resealed" });
	const next = { ...session!, id: randomUUID(), secretHash: sha256("next") };
	await storage.changePassword({
		userId,
		version: 1,
		sealed: "new",
		session: next,
		settle: nothingToSettle,
		events: [],
	});
	await storage.exportUser(userId);
	await storage.increment([counter("a"), counter("b")]);
	await storage.countAttempt([counter("a"), counter("b")], { kind: "email", canonical: "ada@example.com" });
	await storage.putToken({ purpose: "p", subject: userId, tokenHash: sha256("t"), lifetimeMs: minute, payload: null });
	await storage.consumeToken({ purpose: "p", tokenHash: sha256("t") });
	await storage.listEvents(userId, { limit: 1 });
	await storage.listEvents(userId, { limit: 1, before: "x" });
	await storage.listEvents(userId, { limit: 1, types: ["x"] });
	await storage.requestDeletion({ userId, afterMs: 0, events: [newEvent()] });
	await storage.readDeletion(userId);
	await storage.listDueDeletions(1);
	await storage.undoDeletion({ userId, events: [] });
	await storage.recordFailure({ userId, events: [newEvent()] });
	await storage.forgetFailures(userId);
	const link = { purpose: "password-reset", tokenHash: sha256("reset") };
	const put = { ...link, subject: userId, lifetimeMs: minute, payload: null };
	const canonical = "ada@example.com";
	await storage.replaceToken({
		token: put,
		events: [newEvent({ mails: [newMail(), newMail({ recipient: null, userId })] })],
	});
	await storage.peekToken(link);
	await storage.findToken({ purpose: "password-reset", subject: userId });
	await storage.resetPassword({ userId, canonical, token: link, sealed: "x", settle: nothingToSettle, events: [] });
	await storage.proveEmail({ userId, canonical, stranger: true, events: [] });
	await storage.replaceToken({ token: put, events: [] });
	await storage.changeEmail({
		userId,
		token: link,
		email: { value: "b@example.com", canonical: "b@example.com" },
		undo: { since: 0 },
		epoch: null,
		events: [],
	});
	await storage.dropTokens({ purpose: "p", subject: userId, events: [] });
	const [mail] = await storage.claimMails({ limit: 2, leaseMs: minute });
	await storage.postponeMail({ ...mail!, waitMs: null });
	await storage.finishMail(mail!);
	await storage.countMails({ lateMs: 0 });
	await storage.deleteUser({ userId, pseudonym: "p", events: [] });
	await storage.deleteExpired(1);
	await storage.ping();
}
