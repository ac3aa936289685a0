import { sql } from "kysely";
import type { EmailStorage } from "../email-storage.ts";
import type { PostgresConnection } from "./connection.ts";
import { clock, endedByEpoch, eventRows, logged, now, told, turn } from "./fragments.ts";

type DeletionOperations = Pick<
	EmailStorage,
	"requestDeletion" | "undoDeletion" | "readDeletion" | "listDueDeletions" | "recordFailure" | "forgetFailures"
>;

/** Deletions that can be undone, and passwords that are guessed at. */
export function deletionOperations(connection: PostgresConnection): DeletionOperations {
	const { mark, unmark, read, due } = prepareDeletions(connection);
	const { fail, forget } = prepareFailures(connection);
	return {
		requestDeletion: async ({ userId, afterMs, events }) => {
			const row = await mark.first({ userId, afterMs, events: eventRows(events) });
			return row?.deletes_at ?? null;
		},

		undoDeletion: async ({ userId, events }) => (await unmark.all({ userId, events: eventRows(events) })).length === 1,

		readDeletion: async (userId) => (await read.first({ userId }))?.deletes_at ?? null,

		listDueDeletions: (limit) => due.all({ limit }),

		recordFailure: async ({ userId, events }) => {
			const row = await fail.first({ userId: userId ?? "", events: eventRows(events) });
			return row?.failures ?? 0;
		},

		forgetFailures: async (userId) => {
			await forget.all({ userId });
		},
	};
}

function prepareDeletions(connection: PostgresConnection) {
	type Mark = { userId: string; afterMs: number; events: string };
	return {
		mark: connection.prepare<Mark, { deletes_at: number; told: number }>(
			(_, p) => sql`with ${clock(p)},
				${turn(p)},
				moved as (
					update latchkey_user set epoch = latchkey_user.epoch + 1, deletes_at = clock.now + ${p.afterMs}::bigint
					from clock, turn where latchkey_user.id = ${p.userId}::text
					returning latchkey_user.id, latchkey_user.epoch, latchkey_user.deletes_at
				),
				${endedByEpoch(null)},
				${logged(p, "moved")}
				select moved.deletes_at, ${told(p, "user", "moved")} as told from moved`,
		),

		unmark: connection.prepare<{ userId: string; events: string }, { id: string }>(
			(_, p) => sql`with ${clock(p)},
				${turn(p)},
				kept as (
					update latchkey_user set deletes_at = null from turn
					where latchkey_user.id = ${p.userId}::text and latchkey_user.deletes_at is not null
					returning latchkey_user.id
				),
				${logged(p, "kept")}
				select kept.id from kept`,
		),

		read: connection.prepare<{ userId: string }, { deletes_at: number | null }>(
			(_, p) => sql`select u.deletes_at from latchkey_user as u where u.id = ${p.userId}::text`,
		),

		due: connection.prepare<{ limit: number }, { userId: string; email: string | null; language: string | null }>(
			(_, p) => sql`select u.id as "userId", u.language, (
					select i.value from latchkey_identifier as i where i.user_id = u.id and i.kind = 'email'
				) as email
				from latchkey_user as u where u.deletes_at <= ${now(p)} order by u.deletes_at limit ${p.limit}::integer`,
		),
	};
}

function prepareFailures(connection: PostgresConnection) {
	return {
		fail: connection.prepare<{ userId: string; events: string }, { failures: number | null }>(
			(_, p) => sql`with ${clock(p)}, once as (values (1)),
				failed as (
					update latchkey_password set failures = latchkey_password.failures + 1
					where latchkey_password.user_id = ${p.userId}::text returning latchkey_password.failures
				),
				${logged(p, "once")}
				select failed.failures from once left join failed on true`,
		),

		forget: connection.prepare<{ userId: string }, never>(
			(_, p) => sql`update latchkey_password set failures = 0 where latchkey_password.user_id = ${p.userId}::text`,
		),
	};
}
