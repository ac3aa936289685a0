import { statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { day, hour, nextId, signIn, signUp } from "../contract/fixtures.ts";
import type { Storage } from "../storage.ts";
import { temporaryFolder } from "./fixtures/sqlite-contract-store.ts";
import { openSqlite } from "./open-sqlite.ts";

describe("what happens often to a session", () => {
	const clock = { now: 0 };
	let file: string;
	let storage: Storage;
	let executed: string[];

	beforeEach(async () => {
		const { folder, remove } = temporaryFolder();
		file = join(folder, "auth.db");
		clock.now = Date.UTC(2030, 0, 1);
		executed = [];
		storage = await openSqlite({ file, clock: () => clock.now, onStatement: (sql) => executed.push(sql) });
		onTestFinished(async () => {
			await storage.close();
			remove();
		});
	});

	it("writes into the table and into no index", async () => {
		const { userId, session } = await signUp(storage, "ada");
		const sessionId = session!.id;
		executed = [];
		await storage.touchSessions([{ sessionId, at: clock.now, idleMs: day }]);
		await storage.recordSight({ sessionId, generation: 1 });
		await storage.advanceGeneration({ sessionId, generation: 1, graceMs: 0 });
		await storage.endSession({ userId, sessionId, events: [] });
		// Ending one writes an index as well: this would be seen.
		const [touch, sight, renewal, ...end] = executed.map(treesChanged);
		expect([touch, sight, renewal]).toEqual(Array.from({ length: 3 }, () => ["latchkey_session"]));
		expect(end).toContainEqual(["latchkey_session", "latchkey_session_end"]);
	});

	it("writes one page for each session that was used, however far apart they are", async () => {
		const { userId } = await signUp(storage, "ada");
		const ids: string[] = [];
		for (let count = 0; count < 400; count++) {
			const opened = await storage.createSession(signIn(userId, { id: nextId(), userAgent: "u".repeat(200) }));
			ids.push(opened!.id);
		}
		clock.now += hour;
		const used = ids.filter((_, index) => index % 20 === 0);
		emptyLog();
		await storage.touchSessions(used.map((sessionId) => ({ sessionId, at: clock.now, idleMs: 2 * day })));
		expect(pagesLogged()).toBe(used.length);
		const seen = (await storage.listSessions(userId, { limit: 1000 })).filter(
			({ lastSeenAt }) => lastSeenAt === clock.now,
		);
		expect(seen.map(({ id }) => id).toSorted()).toEqual(used);
	});

	/** The trees that a statement changes, from the steps that SQLite takes for it (https://www.sqlite.org/opcode.html). */
	function treesChanged(sql: string): string[] {
		return inFile((database) => {
			const trees = database.prepare("SELECT rootpage, name FROM sqlite_schema WHERE rootpage > 0").all();
			const steps = database.prepare(`EXPLAIN ${sql}`).all();
			const opened = new Map(steps.filter(({ opcode }) => opcode === "OpenWrite").map(({ p1, p2 }) => [p1, p2]));
			const changing = steps.filter(({ opcode }) => /^(Idx)?(Insert|Delete)$/.test(String(opcode)));
			const roots = new Set(changing.map(({ p1 }) => opened.get(p1!)));
			return trees.filter(({ rootpage }) => roots.has(rootpage!)).map(({ name }) => String(name));
		});
	}

	function emptyLog(): void {
		inFile((database) => database.exec("PRAGMA wal_checkpoint(TRUNCATE)"));
		expect(statSync(`${file}-wal`).size).toBe(0);
	}

	/** A header of 32 bytes, and before each page one of 24 (https://www.sqlite.org/fileformat2.html#walformat). */
	function pagesLogged(): number {
		const { page_size } = inFile((database) => database.prepare("PRAGMA page_size").get()!);
		return (statSync(`${file}-wal`).size - 32) / (Number(page_size) + 24);
	}

	function inFile<T>(work: (database: DatabaseSync) => T): T {
		const database = new DatabaseSync(file);
		try {
			return work(database);
		} finally {
			database.close();
		}
	}
});
