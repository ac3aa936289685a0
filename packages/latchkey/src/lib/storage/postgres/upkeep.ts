import { type RawBuilder, sql } from "kysely";
import type { Storage } from "../storage.ts";
import type { PostgresConnection } from "./connection.ts";
import { now } from "./fragments.ts";
import type { Ambient } from "./prepared.ts";

type UpkeepOperations = Pick<Storage, "deleteExpired" | "ping">;

/** A clock that jumps must not destroy what is still alive. */
const keptAfterEndMs = 24 * 60 * 60 * 1000;

/** Strangers can make as many of these as they like; what concerns an account is kept with it. */
const keptOfNobodyMs = 90 * 24 * 60 * 60 * 1000;

/** Upkeep of the database itself. */
export function upkeepOperations(connection: PostgresConnection): UpkeepOperations {
	const deletions = prepareDeletions(connection);

	// Reads a table of ours, which `SELECT 1` would not.
	const ping = connection.prepare((db, _: Ambient) => db.selectFrom("latchkey_migration").select("version").limit(1));

	return {
		deleteExpired: async (limit) => {
			const sessions = await deletions.sessions.all({ limit });
			const tokens = await deletions.tokens.all({ limit });
			const counters = await deletions.counters.all({ limit });
			const ofNobody = await deletions.ofNobody.all({ limit });
			const mails = await deletions.mails.all({ limit });
			const trusted = await deletions.trusted.all({ limit });
			const gone = [sessions, tokens, counters, ofNobody, mails, trusted];
			return gone.reduce((total, { length }) => total + length, 0);
		},

		ping: async () => {
			await ping.all({});
		},
	};
}

/**
 * What another instance is deleting just now is left to it. Each batch is an array: it is chosen once, and however many
 * rows the planner expects in it, they are found by their keys.
 */
function prepareDeletions(connection: PostgresConnection) {
	return {
		sessions: prepareSweep(connection),

		tokens: connection.prepare<{ limit: number }, { gone: number }>(
			(_, p) => sql`delete from latchkey_one_time_token where ctid = any(array(
				select t.ctid from latchkey_one_time_token as t where t.expires_at <= ${now(p)}
				order by t.expires_at limit ${p.limit}::integer for update skip locked
			-- Two partitions have rows at the same place.
			)) and expires_at <= ${now(p)} returning 1 as gone`,
		),

		ofNobody: connection.prepare<{ limit: number }, { gone: number }>(
			(_, p) => sql`delete from latchkey_audit_event where id = any(array(
				select e.id from latchkey_audit_event as e
				where e.subject is null and e.at < ${now(p)} - ${sql.lit(keptOfNobodyMs)}::bigint
				order by e.at limit ${p.limit}::integer for update skip locked
			)) returning 1 as gone`,
		),

		mails: connection.prepare<{ limit: number }, { gone: number }>(
			(_, p) => sql`delete from latchkey_mail where id = any(array(
				select m.id from latchkey_mail as m where m.expires_at <= ${now(p)}
				order by m.expires_at limit ${p.limit}::integer for update skip locked
			)) returning 1 as gone`,
		),

		trusted: connection.prepare<{ limit: number }, { gone: number }>(
			(_, p) => sql`delete from latchkey_trusted_device where id = any(array(
				select d.id from latchkey_trusted_device as d where d.expires_at <= ${now(p)}
				order by d.expires_at limit ${p.limit}::integer for update skip locked
			)) returning 1 as gone`,
		),

		counters: connection.prepare<{ limit: number }, { gone: number }>(
			(_, p) => sql`delete from latchkey_throttle where key = any(array(
				select t.key from latchkey_throttle as t where t.forgotten_at <= ${now(p)}
				order by t.forgotten_at limit ${p.limit}::integer for update skip locked
			)) returning 1 as gone`,
		),
	};
}

/**
 * Of the sessions whose turn it is: those that are gone are deleted, those that were used since are put off, so that none of
 * them stands before others again. Whether it was used is decided by the row as it is locked.
 */
function prepareSweep(connection: PostgresConnection) {
	const longAgo = (p: Ambient) => sql`${now(p)} - ${sql.lit(keptAfterEndMs)}::bigint`;
	const batch = (p: { limit: number } & Ambient, column: RawBuilder<unknown>) =>
		sql`select s.id, s.idle_expires_at < ${longAgo(p)} as expired from latchkey_session as s
			where ${column} < ${longAgo(p)} order by ${column} limit ${p.limit}::integer for update skip locked`;
	return connection.prepare<{ limit: number }, { done: number }>(
		(_, p) => sql`with due as materialized (${batch(p, sql`s.sweep_at`)}),
			ended as materialized (${batch(p, sql`s.ended_at`)}),
			gone as (
				delete from latchkey_session where id = any(array(
					select id from due where expired union select id from ended limit ${p.limit}::integer
				)) returning 1
			), put_off as (
				update latchkey_session set sweep_at = idle_expires_at where id = any(array(
					select id from due where not expired except select id from ended
				)) returning 1
			)
			select 1 as done from gone union all select 1 from put_off`,
	);
}
