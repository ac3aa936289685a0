import pg from "pg";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { day, minute, signIn, signUp } from "../contract/fixtures.ts";
import type { Storage } from "../storage.ts";
import { asSuperuser, freshName, sharedServer } from "./fixtures/postgres-contract-store.ts";
import { openPostgres } from "./open-postgres.ts";
import type { PostgresQuery } from "./pool.ts";

describe("what happens often to a session", () => {
	const clock = { now: 0 };
	let schema: string;
	let pool: pg.Pool;
	let storage: Storage;
	let asked: PostgresQuery | undefined;

	beforeEach(async () => {
		schema = freshName();
		clock.now = Date.UTC(2030, 0, 1);
		// One connection, since each of them writes down what it has counted on its own.
		pool = new pg.Pool({ connectionString: await sharedServer(), max: 1 });
		pool.on("connect", listenTo);
		storage = await openPostgres({ pool, schema, clock: () => clock.now });
		onTestFinished(async () => {
			await storage.close();
			await pool.end();
		});
	});

	function listenTo(client: pg.PoolClient): void {
		const query = client.query.bind(client) as (...parts: unknown[]) => unknown;
		const listening = (...parts: unknown[]) => {
			asked = parts[0] as PostgresQuery;
			return query(...parts);
		};
		client.query = listening as typeof client.query;
	}

	it("writes no index: last-seen, a sight and a renewal are heap-only updates", async () => {
		// A few rows, which leave room on their page.
		const { userId, session } = await signUp(storage, "ada");
		const second = await storage.createSession(signIn(userId));
		const [sessionId, other] = [session!.id, second!.id];
		expect(await updates()).toEqual({ all: 0, heapOnly: 0 });

		clock.now += minute;
		await use([sessionId, other]);
		expect(await updates()).toEqual({ all: 2, heapOnly: 2 });
		await storage.recordSight({ sessionId, generation: 1 });
		expect(await updates()).toEqual({ all: 3, heapOnly: 3 });
		expect(await storage.advanceGeneration({ sessionId, generation: 1, graceMs: 0 })).not.toBeNull();
		expect(await updates()).toEqual({ all: 4, heapOnly: 4 });

		// Ending one does write an index: this would be seen.
		await storage.endSession({ userId, sessionId: other, events: [] });
		expect(await updates()).toEqual({ all: 5, heapOnly: 4 });
	});

	it("looks at each session of a batch a few times, and never at each for each", async () => {
		const { userId } = await signUp(storage, "ada");
		const ids: string[] = [];
		for (let count = 0; count < 300; count++) ids.push((await storage.createSession(signIn(userId)))!.id);
		clock.now += minute;
		await use(ids);
		expect((await storage.listSessions(userId, { limit: 1000 })).filter(wasUsed)).toHaveLength(ids.length);
		await use(ids);
		const { text, values } = asked!;
		const { rows } = await pool.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, [...values!]);
		expect(rowsLookedAt(rows[0]["QUERY PLAN"][0].Plan)).toBeLessThan(20 * ids.length);
	});

	function use(ids: readonly string[]): Promise<void> {
		return storage.touchSessions(ids.map((sessionId) => ({ sessionId, at: clock.now, idleMs: day })));
	}

	const wasUsed = ({ lastSeenAt }: { lastSeenAt: number }) => lastSeenAt === clock.now;

	/** How many rows of sessions were updated so far, and how many of these without a new entry in any index. */
	async function updates(): Promise<{ all: number; heapOnly: number }> {
		await pool.query("SELECT pg_stat_force_next_flush()");
		const { rows } = await asSuperuser((client) =>
			client.query<{ all: number; heapOnly: number }>(
				`SELECT n_tup_upd::int AS all, n_tup_hot_upd::int AS "heapOnly" FROM pg_stat_user_tables
				WHERE schemaname = $1 AND relname = 'latchkey_session'`,
				[schema],
			),
		);
		return rows[0]!;
	}
});

interface Node {
	"Actual Rows": number;
	"Actual Loops": number;
	"Rows Removed by Join Filter"?: number;
	"Rows Removed by Filter"?: number;
	Plans?: readonly Node[];
}

/** Also those that were looked at in vain. */
function rowsLookedAt(node: Node): number {
	const { Plans: below = [], "Actual Rows": found, "Actual Loops": loops } = node;
	const inVain = (node["Rows Removed by Join Filter"] ?? 0) + (node["Rows Removed by Filter"] ?? 0);
	return (found + inVain) * loops + below.map(rowsLookedAt).reduce((sum, rows) => sum + rows, 0);
}
