import { sql } from "kysely";
import { sessionColumns, toSession } from "../rows.ts";
import type { Storage } from "../storage.ts";
import type { SqliteConnection } from "./connection.ts";
import { isLive, isOpen } from "./session-steps.ts";

type RenewalOperations = Pick<Storage, "advanceGeneration" | "recordSight" | "touchSessions">;

/** What moves in a session while it lives: one guarded UPDATE each. */
export function renewalOperations(connection: SqliteConnection): RenewalOperations {
	const advance = connection.prepare((db, p: { sessionId: string; generation: number; graceMs: number; now: number }) =>
		db
			.updateTable("latchkey_session")
			.set((eb) => ({
				generation: eb("generation", "+", sql.lit(1)),
				renewed_at: p.now,
				seen_at: null,
			}))
			.where("id", "=", p.sessionId)
			.where("generation", "=", p.generation)
			.where("seen_at", "is not", null)
			.where(sql<boolean>`max(renewed_at, seen_at) + ${p.graceMs} <= ${p.now}`)
			.where(isLive(p.now))
			.returning(sessionColumns),
	);

	const recordSight = connection.prepare((db, p: { sessionId: string; generation: number; now: number }) =>
		db
			.updateTable("latchkey_session")
			.set({
				generation_seen: p.generation,
				seen_at: sql<number | null>`case when generation = ${p.generation} then ${p.now} end`,
			})
			.where("id", "=", p.sessionId)
			.where("generation_seen", "<", p.generation)
			.where("generation", ">=", p.generation),
	);

	const touch = connection.prepare((db, p: { activity: string; now: number }) =>
		db
			.updateTable("latchkey_session")
			.from(
				sql<{ id: string; at: number; idle_expires_at: number | null }>`(
					select value ->> 'id' as id, max(value ->> 'at') as at, max(value ->> 'idleExpiresAt') as idle_expires_at
					from json_each(${p.activity}) group by 1
				)`.as("activity"),
			)
			.set({
				last_seen_at: sql<number>`max(last_seen_at, activity.at)`,
				idle_expires_at: sql<number>`max(
					latchkey_session.idle_expires_at,
					min(expires_at, coalesce(activity.idle_expires_at, expires_at))
				)`,
			})
			.whereRef("latchkey_session.id", "=", "activity.id")
			// Without the user's epoch: what is written here brings nobody back, and a look-up for each row is saved.
			.where(isOpen(p.now)),
	);

	return {
		advanceGeneration: ({ sessionId, generation, graceMs }) =>
			connection.execute(() => {
				const [row] = advance.all({ sessionId, generation, graceMs, now: connection.now() });
				return row === undefined ? null : toSession(row);
			}),

		recordSight: ({ sessionId, generation }) =>
			connection.execute(() => {
				recordSight.run({ sessionId, generation, now: connection.now() });
			}),

		touchSessions: async (activity) => {
			if (activity.length === 0) return;
			await connection.execute(() => {
				const now = connection.now();
				const seen = activity.map(({ sessionId, at, idleMs }) => {
					// Nobody was active in the future: a caller's wrong clock must not prolong anything.
					const when = Math.min(at, now);
					return { id: sessionId, at: when, idleExpiresAt: idleMs === null ? null : when + idleMs };
				});
				touch.run({ activity: JSON.stringify(seen), now });
			});
		},
	};
}
