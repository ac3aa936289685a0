import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { callEverything } from "../contract/call-everything.ts";
import type { Storage } from "../storage.ts";
import { asSuperuser, freshName, inSchema, sharedServer } from "./fixtures/postgres-contract-store.ts";
import { openPostgres } from "./open-postgres.ts";

/** A whole table; and every user name, which seems cheap for as long as the statistics know of few. */
const readsTooMuch = /Seq Scan on latchkey_(?!migration)|Index Cond: \(kind = '\w+'::text\)$/;

describe("statements of the PostgreSQL store", { timeout: 60_000 }, () => {
	let schema: string;
	let storage: Storage;
	let executed: string[];

	beforeEach(async () => {
		schema = freshName();
		executed = [];
		storage = await openPostgres({
			url: inSchema(await sharedServer(), schema),
			onStatement: (sql) => executed.push(sql),
		});
	});
	afterEach(() => storage.close());

	it("are one for every operation, whatever it does, but the upkeep's six and two where an address decides", async () => {
		const counts = new Map<string, number>();
		const counted = new Proxy(storage, {
			get:
				(target, name: keyof Storage) =>
				async (...args: unknown[]) => {
					executed = [];
					const answer = await (target[name] as (...args: unknown[]) => Promise<unknown>)(...args);
					counts.set(name, Math.max(counts.get(name) ?? 0, executed.length));
					return answer;
				},
		});
		await callEverything(counted);
		const { deleteExpired, ...others } = Object.fromEntries(counts);
		expect(deleteExpired).toBe(6);
		// These lock the user first, so that they see what came in at that very moment.
		const behind = ["changeEmail", "linkIdentity", "proveEmail", "resetPassword", "unlinkIdentity"];
		const all = Object.keys(storage).filter((name) => !["close", "deleteExpired"].includes(name));
		expect(Object.keys(others).toSorted()).toEqual(all.toSorted());
		expect(Object.entries(others).filter(([name, count]) => count !== (behind.includes(name) ? 2 : 1))).toEqual([]);
	});

	it("let everybody who changes a user take turns, so that none of them wait in a circle", async () => {
		await callEverything(storage);
		const changing = [...new Set(executed)].filter((sql) =>
			/(update|delete from) [^ ]*latchkey_user\b|latchkey_user as u\s+where [^)]* for (no key )?update/.test(sql),
		);
		expect(changing.length).toBeGreaterThan(12);
		expect(changing.filter((sql) => !/\bturn as materialized \([^,]*pg_advisory_xact_lock/.test(sql))).toEqual([]);
		expect(changing.filter((sql) => !/(from|using) [^)]*\bturn\b/.test(sql))).toEqual([]);
	});

	it("find every row by an index, so that a million users are as fast as a thousand", async () => {
		await callEverything(storage);
		const statements = [...new Set(executed)];
		expect(statements.length).toBeGreaterThan(28);
		await fillTables();
		const scans = await asSuperuser(async (client) => {
			const found: { sql: string; line: string }[] = [];
			for (const sql of statements) {
				// The plan for any parameters, which is what a prepared statement ends up with.
				const { rows } = await client.query<{ "QUERY PLAN": string }>(`EXPLAIN (GENERIC_PLAN) ${sql}`);
				const lines = rows.map((row) => row["QUERY PLAN"]).filter((line) => readsTooMuch.test(line));
				found.push(...lines.map((line) => ({ sql, line })));
			}
			return found;
		});
		expect(scans).toEqual([]);
	});

	/** Enough rows, past the port, that reading a whole table would never look cheap. */
	async function fillTables(): Promise<void> {
		await asSuperuser((client) =>
			client.query(`SET search_path TO ${schema};
				INSERT INTO latchkey_user SELECT 'u' || i, null, 1, 0, 0, null, CASE WHEN i % 50 = 0 THEN 4000000000000 + i END FROM generate_series(1, 20000) AS i;
				INSERT INTO latchkey_identifier SELECT 'u' || i, 'email', i, i, null, 0 FROM generate_series(1, 20000) AS i;
				INSERT INTO latchkey_password SELECT 'u' || i, 'x', 1, 0 FROM generate_series(1, 20000) AS i;
				INSERT INTO latchkey_identity SELECT 'i', i, 'u' || i, 0 FROM generate_series(1, 20000) AS i;
				INSERT INTO latchkey_provider_token SELECT 'i', i, 'x', 1, 0, 0, 0 FROM generate_series(1, 20000) AS i;
				INSERT INTO latchkey_session SELECT i, decode(md5(i::text), 'hex'), 'u' || (i % 20000 + 1), 1, 1, 0, 0, null, i, i,
					4000000000000 + i, 4000000000000, 0, '[]', 'aal1', null, null, CASE WHEN i % 10 = 0 THEN 4000000000000 + i END,
					4000000000000 + i FROM generate_series(1, 40000) AS i;
				INSERT INTO latchkey_provider_session SELECT i, 'i', i, i FROM generate_series(1, 20000) AS i;
				INSERT INTO latchkey_one_time_token SELECT 'p', decode(md5(i::text), 'hex'), i, '{}', 0, 4000000000000 + i
					FROM generate_series(1, 20000) AS i;
				INSERT INTO latchkey_throttle SELECT i, 1, 1, 1, 1, 1, 1, 1, 1, 4000000000000 + i FROM generate_series(1, 20000) AS i;
				INSERT INTO latchkey_audit_event SELECT i, 't', i, 'u' || (i % 20000), null, null, null, null
					FROM generate_series(1, 40000) AS i;
				INSERT INTO latchkey_totp SELECT 'u' || i, 'x', 0, 0, null, null FROM generate_series(1, 20000) AS i;
				INSERT INTO latchkey_recovery_code SELECT 'u' || i, decode(md5(i::text), 'hex'), 0, 0
					FROM generate_series(1, 20000) AS i;
				INSERT INTO latchkey_passkey SELECT i, 'u' || i, i, 'x', 0, '[]', 'x', 0, 0, 'x', 0, null
					FROM generate_series(1, 20000) AS i;
				INSERT INTO latchkey_trusted_device SELECT i, 'u' || i, 1, decode(md5(i::text), 'hex'), 0, 0, 4000000000000 + i, null, null
					FROM generate_series(1, 20000) AS i;
				INSERT INTO latchkey_mail SELECT i, 'k', 'u' || i, 'r', null, '{}', i, 4000000000000 + i, 4000000000000 + i, 0,
					CASE WHEN i % 50 = 0 THEN i END FROM generate_series(1, 20000) AS i;
				ANALYZE`),
		);
	}
});
