import { sql } from "kysely";
import { type SessionRow, sessionColumns, toSession } from "../rows.ts";
import type { Storage } from "../storage.ts";
import type { PostgresConnection } from "./connection.ts";
import {
	clock,
	clockNow,
	endedByEpoch,
	eventRows,
	isLive,
	isLiveOrKept,
	isOpen,
	lockedSessions,
	logged,
	looks,
	now,
	opened,
	openedColumns,
	replaced,
	type SessionParameters,
	type SettlementParameters,
	sessionParameters,
	settled,
	settlementParameters,
	told,
	turn,
} from "./fragments.ts";
import { violatesReference } from "./postgres-errors.ts";
import type { Ambient } from "./prepared.ts";

type SessionOperations = Pick<
	Storage,
	"createSession" | "endSession" | "endOtherSessions" | "endAllSessions" | "listSessions"
>;

/** Sessions: opened, listed and ended. */
export function sessionOperations(connection: PostgresConnection): SessionOperations {
	const { create, end } = prepareOne(connection);
	const { endOthers, endAll } = prepareEpochMoves(connection);
	const { listFirst, listNext } = prepareLists(connection);
	return {
		createSession: async ({ session, replaces, settle, events }) => {
			const parameters = {
				...sessionParameters(session),
				...settlementParameters(settle),
				userId: session.userId,
				epoch: session.epoch,
				replaces: replaces?.sessionId ?? null,
				events: eventRows(events),
			};
			try {
				const row = await create.first(parameters);
				return row === undefined ? null : toSession(row);
			} catch (error) {
				// The user was deleted between the statement's view of them and its end.
				if (violatesReference(error)) return null;
				throw error;
			}
		},

		endSession: async ({ userId, sessionId, events }) =>
			(await end.all({ userId, sessionId, events: eventRows(events) })).length === 1,

		endOtherSessions: async ({ userId, keepSessionId, events }) => {
			for (let look = 1; ; look++) {
				const row = await endOthers.first({ userId, keepSessionId, events: eventRows(events) });
				if (row !== undefined) return row.ended;
				if (look === looks) return null;
			}
		},

		endAllSessions: async ({ userId, events }) => {
			await endAll.all({ userId, events: eventRows(events) });
		},

		listSessions: async (userId, { limit, before }) => {
			const rows = await (before === undefined
				? listFirst.all({ userId, limit })
				: listNext.all({ userId, limit, before }));
			return rows.map(toSession);
		},
	};
}

function prepareOne(connection: PostgresConnection) {
	type Create = SessionParameters &
		SettlementParameters & { userId: string; epoch: number; replaces: string | null; events: string };
	return {
		// It names the epoch, and the row keeps it: a session that was judged before an end is either not written or dead.
		create: connection.prepare<Create, SessionRow>(
			(_, p) => sql`with ${clock(p)},
				${opened(p, sql`(select u.id, u.epoch from latchkey_user as u where u.id = ${p.userId}::text and u.epoch = ${p.epoch}::integer)`)},
				${replaced(p, "opened")},
				${settled(p, "opened")},
				${logged(p, "opened")}
				select ${openedColumns}, ${told(p, "session", "replaced")} as told from opened`,
		),

		end: connection.prepare<{ userId: string; sessionId: string; events: string }, { told: number }>(
			(_, p) => sql`with ${clock(p)},
				ended as (
					update latchkey_session set ended_at = clock.now from clock
					where latchkey_session.id = ${p.sessionId}::text and latchkey_session.user_id = ${p.userId}::text
						and ${isLiveOrKept(clockNow)}
					returning latchkey_session.id
				),
				${logged(p, "ended")}
				select ${told(p, "session", "ended")} as told from ended`,
		),
	};
}

/**
 * Whoever moves an epoch locks its user first: that gives the newest epoch, whatever the statement saw when it began,
 * and no two of them wait for each other.
 */
function prepareEpochMoves(connection: PostgresConnection) {
	return {
		endOthers: connection.prepare<{ userId: string; keepSessionId: string; events: string }, { ended: number }>(
			(_, p) => sql`with ${clock(p)},
				${turn(p)},
				locked as (
					select u.id, u.epoch from turn cross join latchkey_user as u
					where u.id = ${p.userId}::text for no key update of u
				),
				${lockedSessions},
				kept as (
					update latchkey_session set epoch = locked.epoch + 1
					from clock, locked, (select count(*) from locked_sessions) as in_order
					where latchkey_session.id = ${p.keepSessionId}::text and latchkey_session.user_id = locked.id
						and latchkey_session.epoch = locked.epoch and ${isOpen(clockNow)}
					returning latchkey_session.id
				),
				moved as (
					update latchkey_user set epoch = locked.epoch + 1 from locked, kept
					where latchkey_user.id = locked.id
					returning latchkey_user.id, latchkey_user.epoch
				),
				${endedByEpoch(sql`${p.keepSessionId}::text`)},
				${logged(p, "moved")}
				select (select count(*) from ended) as ended, ${told(p, "user", "moved")} as told from moved`,
		),

		endAll: connection.prepare<{ userId: string; events: string }, { told: number }>(
			(_, p) => sql`with ${clock(p)},
				${turn(p)},
				moved as (
					update latchkey_user set epoch = latchkey_user.epoch + 1 from turn where latchkey_user.id = ${p.userId}::text
					returning latchkey_user.id, latchkey_user.epoch
				),
				${endedByEpoch(null)},
				${logged(p, "moved")}
				select ${told(p, "user", "moved")} as told from moved`,
		),
	};
}

function prepareLists(connection: PostgresConnection) {
	type First = { userId: string; limit: number };
	return {
		listFirst: connection.prepare((db, p: First & Ambient) =>
			db
				.selectFrom("latchkey_session")
				.select(sessionColumns)
				.where("user_id", "=", p.userId)
				.where(isLive(now(p)))
				.orderBy("created_at", "desc")
				.orderBy("id", "desc")
				.limit(p.limit),
		),

		listNext: connection.prepare((db, p: First & { before: string } & Ambient) => {
			const cursor = sql`from latchkey_session as c where c.id = ${p.before}::text and c.user_id = ${p.userId}::text`;
			return db
				.selectFrom("latchkey_session")
				.select(sessionColumns)
				.where("user_id", "=", p.userId)
				.where(isLive(now(p)))
				.where(sql<boolean>`(created_at, id) < ((select c.created_at ${cursor}), (select c.id ${cursor}))`)
				.orderBy("created_at", "desc")
				.orderBy("id", "desc")
				.limit(p.limit);
		}),
	};
}
