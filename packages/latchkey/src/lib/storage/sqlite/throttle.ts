import { sql } from "kysely";
import { jsonObjectFrom } from "kysely/helpers/sqlite";
import type { QueryBuilder } from "../query-builder.ts";
import { type NamedBy, selectCredentials, toCredentials } from "../rows.ts";
import type { ThrottleTable } from "../schema.ts";
import { requireSoundCounters } from "../sound-counters.ts";
import type { Counter, CounterState, Settlement, Storage } from "../storage.ts";
import type { SqliteConnection } from "./connection.ts";

/** Settles the counters after a success, inside a transaction. */
export type SettleStep = (settlement: Settlement) => void;

/** Prepares the step: one statement, whatever there is to clear and to give back. */
export function settleStep(connection: SqliteConnection): SettleStep {
	const settle = connection.prepare((db, p: { clear: string; giveBack: string }) => {
		const cleared = sql<boolean>`key in (select value from json_each(${p.clear}))`;
		// A row without attempts is no row: its window begins with the next attempt.
		const startsAnew = sql<boolean>`(${cleared} or accepted <= 1)`;
		const isUnderLimit = sql<boolean>`accepted - 1 < attempt_limit`;
		return db
			.updateTable("latchkey_throttle")
			.set({
				accepted: sql<number>`case when ${startsAnew} then 0 else accepted - 1 end`,
				blocked_until: sql<number>`case when ${isUnderLimit} then 0 else blocked_until end`,
				forgotten_at: sql<number>`case
					when ${startsAnew} then 0
					when ${isUnderLimit} then window_ends_at
					else forgotten_at
				end`,
			})
			.where(
				sql<boolean>`key in (
					select value from json_each(${p.clear}) union all select value from json_each(${p.giveBack})
				)`,
			);
	});
	return ({ clear, giveBack }) => {
		if (clear.length === 0 && giveBack.length === 0) return;
		settle.run({ clear: JSON.stringify(clear), giveBack: JSON.stringify(giveBack) });
	};
}

type ThrottleOperations = Pick<Storage, "increment" | "countAttempt">;

/** Counted state. */
export function throttleOperations(connection: SqliteConnection): ThrottleOperations {
	const { increment, incrementAndFind } = prepareIncrements(connection);
	return {
		increment: async (counters) => {
			requireSoundCounters(counters);
			if (counters.length === 0) return [];
			return connection.execute(() => {
				const now = connection.now();
				const rows = increment.all(firstAttempts(counters, now), { now });
				return statesOf(counters, rows, now);
			});
		},

		countAttempt: async (counters, { kind, canonical }) => {
			requireSoundCounters(counters);
			return connection.execute(() => {
				const now = connection.now();
				const account = counters[0]!.key;
				const rows = incrementAndFind.all(firstAttempts(counters, now), { now, kind, canonical, account });
				const states = statesOf(counters, rows, now);
				const found = rows.find(({ key }) => key === account)!.credentials;
				const isFound = found !== null && states.every(({ accepted }) => accepted);
				return { states, credentials: toCredentials(isFound ? JSON.parse(found) : undefined) };
			});
		},
	};
}

type CountedRow = Pick<ThrottleTable, "key" | "accepted" | "refused" | "blocked_until">;

function statesOf(counters: readonly Counter[], rows: readonly CountedRow[], now: number): CounterState[] {
	const states = new Map(rows.map((row) => [row.key, toState(row, now)]));
	return counters.map(({ key }) => states.get(key)!);
}

function firstAttempts(counters: readonly Counter[], now: number): CounterRow[] {
	return counters.map((counter) => firstAttempt(counter, now));
}

interface CounterRow {
	[column: string]: string | number;
	key: string;
	attempt_limit: number;
	window_ms: number;
	wait_ms: number;
	max_wait_ms: number;
	window_ends_at: number;
	blocked_until: number;
	forgotten_at: number;
}

/**
 * One upsert judges and counts: SQLite evaluates it under the write lock, so of parallel callers each sees what the one
 * before left. `excluded` is the row that a first attempt would make, and carries the rule.
 */
function countOn(db: QueryBuilder, rows: CounterRow[], p: { now: number }) {
	const isForgotten = sql<boolean>`latchkey_throttle.forgotten_at <= ${p.now}`;
	const isBlocked = sql<boolean>`latchkey_throttle.blocked_until > ${p.now}`;
	const acceptedNow = sql<number>`latchkey_throttle.accepted + 1`;
	const isUnderLimit = sql<boolean>`${acceptedNow} < excluded.attempt_limit`;
	// Doubled by a shift for each attempt past the limit; 32 doublings outlast any sensible maximum.
	const waitsUntil = sql<number>`${p.now} + min(
			excluded.max_wait_ms,
			excluded.wait_ms << min(${acceptedNow} - excluded.attempt_limit, 32)
		)`;
	return db
		.insertInto("latchkey_throttle")
		.values(
			rows.map((row) => ({
				key: row.key,
				attempt_limit: row.attempt_limit,
				window_ms: row.window_ms,
				wait_ms: row.wait_ms,
				max_wait_ms: row.max_wait_ms,
				accepted: 1,
				refused: 0,
				window_ends_at: row.window_ends_at,
				blocked_until: row.blocked_until,
				forgotten_at: row.forgotten_at,
			})),
		)
		.onConflict((conflict) =>
			conflict.column("key").doUpdateSet({
				attempt_limit: (eb) => eb.ref("excluded.attempt_limit"),
				window_ms: (eb) => eb.ref("excluded.window_ms"),
				wait_ms: (eb) => eb.ref("excluded.wait_ms"),
				max_wait_ms: (eb) => eb.ref("excluded.max_wait_ms"),
				accepted: sql<number>`case
						when ${isForgotten} then 1
						when ${isBlocked} then latchkey_throttle.accepted
						else ${acceptedNow}
					end`,
				refused: sql<number>`case
						when ${isForgotten} then 0
						when ${isBlocked} then latchkey_throttle.refused + 1
						else 0
					end`,
				window_ends_at: sql<number>`case
						when ${isForgotten} then excluded.window_ends_at
						else latchkey_throttle.window_ends_at
					end`,
				blocked_until: sql<number>`case
						when ${isForgotten} then excluded.blocked_until
						when ${isBlocked} then latchkey_throttle.blocked_until
						when ${isUnderLimit} then 0
						when excluded.wait_ms = 0 then latchkey_throttle.window_ends_at
						else ${waitsUntil}
					end`,
				forgotten_at: sql<number>`case
						when ${isForgotten} then excluded.forgotten_at
						when ${isBlocked} then latchkey_throttle.forgotten_at
						when ${isUnderLimit} or excluded.wait_ms = 0 then latchkey_throttle.window_ends_at
						else ${waitsUntil} + excluded.window_ms
					end`,
			}),
		)
		.returning(["key", "accepted", "refused", "blocked_until"]);
}

function prepareIncrements(connection: SqliteConnection) {
	return {
		increment: connection.prepareRows((db, rows: CounterRow[], p: { now: number }) => countOn(db, rows, p)),
		incrementAndFind: connection.prepareRows((db, rows: CounterRow[], p: { now: number; account: string } & NamedBy) =>
			countOn(db, rows, p).returning(
				sql<string | null>`case when refused = 0 and key = ${p.account}
						then ${jsonObjectFrom(selectCredentials(db, p))} end`.as("credentials"),
			),
		),
	};
}

/** The row that the first attempt of a window makes. */
function firstAttempt({ key, limit, windowMs, waitMs, maxWaitMs }: Counter, now: number): CounterRow {
	const windowEndsAt = now + windowMs;
	const waitsUntil = now + Math.min(waitMs, maxWaitMs);
	const isUnderLimit = limit > 1;
	return {
		key,
		attempt_limit: limit,
		window_ms: windowMs,
		wait_ms: waitMs,
		max_wait_ms: maxWaitMs,
		window_ends_at: windowEndsAt,
		blocked_until: isUnderLimit ? 0 : waitMs === 0 ? windowEndsAt : waitsUntil,
		forgotten_at: isUnderLimit || waitMs === 0 ? windowEndsAt : waitsUntil + windowMs,
	};
}

function toState(row: CountedRow, now: number): CounterState {
	return {
		key: row.key,
		// An accepted attempt sets the refused ones back to 0, a refused one makes them 1 or more.
		accepted: row.refused === 0,
		acceptedCount: row.accepted,
		refusedCount: row.refused,
		retryAfterMs: Math.max(0, row.blocked_until - now),
	};
}
