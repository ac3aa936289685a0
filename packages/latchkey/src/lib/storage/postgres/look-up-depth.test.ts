import pg from "pg";
import { expect, it } from "vitest";
import { counter, newEvent, sha256, signIn } from "../contract/fixtures.ts";
import type { Storage } from "../storage.ts";
import { asSuperuser, freshName, sharedServer } from "./fixtures/postgres-contract-store.ts";
import { openPostgres } from "./open-postgres.ts";

/** Somebody in the middle, so that their rows and index entries stand between those of others. */
const number = 500;
const userId = `u${number}`;
const named = { kind: "email", canonical: `${number}@example.com` } as const;
const sessionId = `s${number}`;

type Operation = (storage: Storage, round: number) => Promise<unknown>;

/** What is done to one person, in several rounds of which the one with the fewest pages counts: the server looks at more to make a plan. */
const operations = {
	readSession: (storage) => storage.readSession(sha256(String(number))),
	findCredentials: (storage) => storage.findCredentials(named),
	findCredentialsOfUser: (storage) => storage.findCredentialsOfUser(userId),
	findUserByIdentity: (storage) => storage.findUserByIdentity({ issuer: "i", subject: userId }),
	countAttempt: (storage, round) => storage.countAttempt([counter(`attempt ${round}`)], named),
	listSessions: (storage) => storage.listSessions(userId, { limit: 20 }),
	listEvents: (storage) => storage.listEvents(userId, { limit: 20 }),
	createSession: (storage, round) =>
		storage.createSession({
			...signIn(userId, { id: `new ${round}`, secret: `new ${round}` }),
			events: [newEvent({ id: `new ${round}`, userId })],
		}),
	renewal: async (storage, round) => {
		await storage.recordSight({ sessionId, generation: round });
		await storage.advanceGeneration({ sessionId, generation: round, graceMs: 0 });
	},
	endSession: (storage, round) =>
		storage.endSession({
			userId,
			sessionId: `new ${round}`,
			events: [newEvent({ id: `ended ${round}`, userId })],
		}),
} satisfies Record<string, Operation>;

const most: Record<keyof typeof operations, { few: number; many: number }> = {
	readSession: { few: 6, many: 6 },
	findCredentials: { few: 8, many: 8 },
	findCredentialsOfUser: { few: 6, many: 6 },
	findUserByIdentity: { few: 7, many: 8 },
	countAttempt: { few: 13, many: 13 },
	listSessions: { few: 5, many: 6 },
	listEvents: { few: 3, many: 4 },
	createSession: { few: 24, many: 28 },
	renewal: { few: 14, many: 16 },
	endSession: { few: 25, many: 30 },
};

it("looks at as many pages to check or to find somebody among a hundred times as many, and at few more for the rest", {
	timeout: 60_000,
}, async () => {
	const [few, many] = [await countPages(1000), await countPages(100_000)];
	const over = Object.entries(most).filter(([name, pages]) => few[name]! > pages.few || many[name]! > pages.many);
	expect(over.map(([name]) => ({ name, few: few[name], many: many[name] }))).toEqual([]);
});

/** Of tables and indexes, those that foreign keys look at included. */
async function countPages(users: number): Promise<Record<string, number>> {
	const schema = freshName();
	const connectionString = await sharedServer();
	const options = "-c plan_cache_mode=force_generic_plan";
	const pool = new pg.Pool({ connectionString, options, max: 1, idleTimeoutMillis: 0 });
	await pool.query(`CREATE SCHEMA ${schema}`);
	const storage = await openPostgres({ pool, schema, rememberedSessions: 0 });
	await fill(schema, users);
	const counts: Record<string, number> = {};
	for (const [name, run] of Object.entries<Operation>(operations)) {
		const rounds: number[] = [];
		for (let round = 1; round <= 5; round++) {
			const before = await pagesSoFar(pool, schema);
			await run(storage, round);
			rounds.push((await pagesSoFar(pool, schema)) - before);
		}
		counts[name] = Math.min(...rounds);
	}
	await storage.close();
	await pool.end();
	await asSuperuser((client) => client.query(`DROP SCHEMA ${schema} CASCADE`));
	return counts;
}

async function pagesSoFar(pool: pg.Pool, schema: string): Promise<number> {
	await pool.query("SELECT pg_stat_force_next_flush()");
	const { rows } = await pool.query<{ pages: number }>(
		`SELECT (
				SELECT sum(heap_blks_hit + heap_blks_read) FROM pg_statio_all_tables WHERE schemaname = $1
			)::int + (
				SELECT sum(idx_blks_hit + idx_blks_read) FROM pg_statio_all_indexes WHERE schemaname = $1
			)::int AS pages`,
		[schema],
	);
	return rows[0]!.pages;
}

async function fill(schema: string, users: number): Promise<void> {
	const all = `generate_series(1, ${users}) AS i`;
	await asSuperuser(async (client) => {
		const { rows: tables } = await client.query<{ name: string }>(
			"SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = $1",
			[schema],
		);
		for (const { name } of tables) await client.query(`ALTER TABLE ${name} SET (autovacuum_enabled = off)`);
		await client.query(`SET search_path TO ${schema}; SET session_replication_role = replica;
			INSERT INTO latchkey_user (id, epoch, created_at, updated_at) SELECT 'u' || i, 1, 0, 0 FROM ${all};
			INSERT INTO latchkey_identifier (user_id, kind, value, canonical, created_at)
				SELECT 'u' || i, 'email', i || '@example.com', i || '@example.com', 0 FROM ${all};
			INSERT INTO latchkey_password (user_id, sealed, version, changed_at) SELECT 'u' || i, repeat('p', 190), 1, 0 FROM ${all};
			INSERT INTO latchkey_identity (issuer, subject, user_id, created_at) SELECT 'i', 'u' || i, 'u' || i, 0 FROM ${all};
			INSERT INTO latchkey_session (id, secret_hash, user_id, epoch, generation, generation_seen, renewed_at, created_at,
					last_seen_at, idle_expires_at, expires_at, auth_time, amr, level)
				SELECT 's' || i, sha256(i::text::bytea), 'u' || i, 1, 1, 0, 0, i, i, 4000000000000, 4000000000000, 0, '["pwd"]', 'aal1'
				FROM ${all};
			INSERT INTO latchkey_audit_event (id, type, at, subject) SELECT i, 't', i, 'u' || i FROM ${all}`);
		for (const { name } of tables) await client.query(`VACUUM ANALYZE ${name}`);
		// What this connection has looked at is counted now, and not at some later time.
		await client.query("SELECT pg_stat_force_next_flush()");
	});
}
