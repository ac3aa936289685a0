import { sql } from "kysely";
import { type SessionRow, sessionColumns, toSession } from "../rows.ts";
import type { Storage } from "../storage.ts";
import type { PostgresConnection } from "./connection.ts";
import { clock, clockNow, isLive, isOpen, now } from "./fragments.ts";
import type { Ambient } from "./prepared.ts";

type RenewalOperations = Pick<Storage, "advanceGeneration" | "recordSight" | "touchSessions">;

/** What moves in a session while it lives: one guarded UPDATE each. */
export function renewalOperations(connection: PostgresConnection): RenewalOperations {
	const advance = connection.prepare<{ sessionId: string; generation: number; graceMs: number }, SessionRow>((db, p) =>
		db
			.updateTable("latchkey_session")
			.set((eb) => ({ generation: eb("generation", "+", sql.lit(1)), renewed_at: now(p), seen_at: null }))
			.where("id", "=", p.sessionId)
			.where("generation", "=", p.generation)
			.where("seen_at", "is not", null)
			.where(sql<boolean>`greatest(renewed_at, seen_at) + ${p.graceMs}::bigint <= ${now(p)}`)
			.where(isLive(now(p)))
			.returning(sessionColumns),
	);

	const recordSight = connection.prepare((db, p: { sessionId: string; generation: number } & Ambient) =>
		db
			.updateTable("latchkey_session")
			.set({
				generation_seen: p.generation,
				seen_at: sql<number | null>`case when generation = ${p.generation}::integer then ${now(p)} end`,
			})
			.where("id", "=", p.sessionId)
			.where("generation_seen", "<", p.generation)
			.where("generation", ">=", p.generation),
	);

	const touch = prepareTouch(connection);

	return {
		advanceGeneration: async (input) => {
			const row = await advance.first(input);
			return row === undefined ? null : toSession(row);
		},

		recordSight: async (input) => {
			await recordSight.all(input);
		},

		touchSessions: async (activity) => {
			if (activity.length === 0) return;
			await touch.all({ activity: JSON.stringify(activity) });
		},
	};
}

function prepareTouch(connection: PostgresConnection) {
	return connection.prepare<{ activity: string }, never>(
		(_, p) => sql`with ${clock(p)},
			-- Nobody was active in the future: a caller's wrong clock must not prolong anything.
			activity as (
				select used.id, max(least(used.at, clock.now)) as at,
					max(least(used.at, clock.now) + used.idle_ms) as idle_expires_at
				from clock cross join json_to_recordset(${p.activity}::json) as raw("sessionId" text, at bigint, "idleMs" bigint)
					cross join lateral (select raw."sessionId" as id, raw.at, raw."idleMs" as idle_ms) as used
				group by used.id
			),
			-- Locked in one order, so that two batches never wait for each other. What was seen comes along: a join of the two
			-- lists, of whose lengths the planner knows nothing, would compare each with each.
			seen as (
				select s.id, activity.at, activity.idle_expires_at
				from latchkey_session as s join activity on activity.id = s.id order by s.id for no key update of s
			)
			update latchkey_session set
				last_seen_at = greatest(last_seen_at, seen.at),
				idle_expires_at = greatest(
					latchkey_session.idle_expires_at,
					least(expires_at, coalesce(seen.idle_expires_at, expires_at))
				)
			from clock, seen
			-- Without the user's epoch: what is written here brings nobody back, and a look-up for each row is saved.
			where latchkey_session.id = seen.id and ${isOpen(clockNow)}`,
	);
}
