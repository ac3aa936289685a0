import { sql } from "kysely";
import { type FactorRow, type NamedBy, type NullablePassword, toCredentials, type UserRow } from "../rows.ts";
import { requireSoundCounters } from "../sound-counters.ts";
import type { Counter, CounterState, Storage } from "../storage.ts";
import type { PostgresConnection } from "./connection.ts";
import { clock, now } from "./fragments.ts";
import type { Ambient } from "./prepared.ts";
import { selectCredentials } from "./select-users.ts";

type ThrottleOperations = Pick<Storage, "increment" | "countAttempt">;

/** Counted state. */
export function throttleOperations(connection: PostgresConnection): ThrottleOperations {
	const { increment, incrementAndFind } = prepareIncrements(connection);
	return {
		increment: async (counters) => {
			requireSoundCounters(counters);
			if (counters.length === 0) return [];
			const rows = await increment.all({ counters: JSON.stringify(counters) });
			return statesOf(counters, rows);
		},

		countAttempt: async (counters, { kind, canonical }) => {
			requireSoundCounters(counters);
			const rows = await incrementAndFind.all({ counters: JSON.stringify(counters), kind, canonical });
			const { user_id } = rows[0]!;
			const found = user_id === null ? undefined : { ...rows[0]!, user_id };
			return { states: statesOf(counters, rows), credentials: toCredentials(found) };
		},
	};
}

function statesOf(counters: readonly Counter[], rows: readonly CounterRow[]): CounterState[] {
	const found = new Map(rows.map((row) => [row.key, row]));
	return counters.map(({ key }) => {
		const { accepted, refused, wait_ms: retryAfterMs } = found.get(key)!;
		// An accepted attempt sets the refused ones back to 0, a refused one makes them 1 or more.
		return { key, accepted: refused === 0, acceptedCount: accepted, refusedCount: refused, retryAfterMs };
	});
}

interface CounterRow {
	key: string;
	accepted: number;
	refused: number;
	wait_ms: number;
}

/**
 * One upsert judges and counts: a row that another one is counting is waited for and then seen as it is, so of parallel
 * callers each sees what the one before left. `excluded` is the row that a first attempt would make, and carries the rule.
 */
function countOn(p: Ambient) {
	const was = (column: string) => sql.ref<number>(`latchkey_throttle.${column}`);
	const moment = sql`(excluded.window_ends_at - excluded.window_ms)`;
	const isForgotten = sql`${was("forgotten_at")} <= ${moment}`;
	const isBlocked = sql`${was("blocked_until")} > ${moment}`;
	const acceptedNow = sql`${was("accepted")} + 1`;
	const isUnderLimit = sql`${acceptedNow} < excluded.attempt_limit`;
	// Doubled by a shift for each attempt past the limit; 32 doublings outlast any sensible maximum.
	const waitsUntil = sql`${moment} + least(
		excluded.max_wait_ms,
		excluded.wait_ms << least(${acceptedNow} - excluded.attempt_limit, 32)
	)`;
	return sql`insert into latchkey_throttle (
				key, attempt_limit, window_ms, wait_ms, max_wait_ms, accepted, refused, window_ends_at, blocked_until, forgotten_at
			)
			-- In one order, so that two callers with the same keys never wait for each other.
			select key, attempt_limit, window_ms, wait_ms, max_wait_ms, 1, 0, window_ends_at, blocked_until, forgotten_at
			from first_attempt order by key collate "C"
			on conflict (key) do update set
				attempt_limit = excluded.attempt_limit,
				window_ms = excluded.window_ms,
				wait_ms = excluded.wait_ms,
				max_wait_ms = excluded.max_wait_ms,
				accepted = case
					when ${isForgotten} then 1
					when ${isBlocked} then ${was("accepted")}
					else ${acceptedNow}
				end,
				refused = case
					when ${isForgotten} then 0
					when ${isBlocked} then ${was("refused")} + 1
					else 0
				end,
				window_ends_at = case
					when ${isForgotten} then excluded.window_ends_at
					else ${was("window_ends_at")}
				end,
				blocked_until = case
					when ${isForgotten} then excluded.blocked_until
					when ${isBlocked} then ${was("blocked_until")}
					when ${isUnderLimit} then 0
					when excluded.wait_ms = 0 then ${was("window_ends_at")}
					else ${waitsUntil}
				end,
				forgotten_at = case
					when ${isForgotten} then excluded.forgotten_at
					when ${isBlocked} then ${was("forgotten_at")}
					when ${isUnderLimit} or excluded.wait_ms = 0 then ${was("window_ends_at")}
					else ${waitsUntil} + excluded.window_ms
				end
			returning key, accepted, refused, greatest(0, blocked_until - ${now(p)}) as wait_ms`;
}

function prepareIncrements(connection: PostgresConnection) {
	type Counted = { counters: string };
	// Of nobody all columns are null; `user_id` tells.
	type Found = Omit<UserRow, "user_id"> & { user_id: string | null } & NullablePassword & FactorRow;
	return {
		increment: connection.prepare<Counted, CounterRow>(
			(_, p) => sql`with ${clock(p)}, ${firstAttempts(p)} ${countOn(p)}`,
		),
		incrementAndFind: connection.prepare<Counted & NamedBy, CounterRow & Found>(
			(db, p) => sql`with ${clock(p)}, ${firstAttempts(p)}, counted as (${countOn(p)})
				select counted.*, found.* from counted left join ${selectCredentials(db, p)} as found
					on not exists (select from counted as refusing where refusing.refused > 0)`,
		),
	};
}

/** `first_attempt`: the rows that the first attempt of a window makes. */
function firstAttempts(p: { counters: string }) {
	return sql`first_attempt as (
		select rule.key, rule."limit" as attempt_limit, rule."windowMs" as window_ms, rule."waitMs" as wait_ms,
			rule."maxWaitMs" as max_wait_ms, clock.now + rule."windowMs" as window_ends_at,
			case
				when rule."limit" > 1 then 0
				when rule."waitMs" = 0 then clock.now + rule."windowMs"
				else clock.now + least(rule."waitMs", rule."maxWaitMs")
			end as blocked_until,
			case
				when rule."limit" > 1 or rule."waitMs" = 0 then clock.now + rule."windowMs"
				else clock.now + least(rule."waitMs", rule."maxWaitMs") + rule."windowMs"
			end as forgotten_at
		from clock cross join json_to_recordset(${p.counters}::json) as rule(
			key text, "limit" integer, "windowMs" bigint, "waitMs" bigint, "maxWaitMs" bigint
		)
	)`;
}
