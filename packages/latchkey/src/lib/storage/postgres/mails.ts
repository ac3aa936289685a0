import { sql } from "kysely";
import type { MailStorage } from "../mail-storage.ts";
import type { MailTable } from "../schema.ts";
import { keptDeadMs, mostCounted, toClaimedMail } from "../sqlite/mails.ts";
import type { PostgresConnection } from "./connection.ts";
import { clock, now } from "./fragments.ts";

type ClaimedRow = Omit<MailTable, "due_at" | "dead_at"> & { now: number };

/** The outbox. */
export function mailOperations(connection: PostgresConnection): MailStorage {
	// What another instance is taking just now is left to it.
	const claim = connection.prepare<{ limit: number; leaseMs: number }, ClaimedRow>(
		(_, p) => sql`with ${clock(p)},
			due as materialized (
				select m.id from latchkey_mail as m
				where m.dead_at is null and m.due_at <= ${now(p)} and m.expires_at > ${now(p)}
				order by m.due_at limit ${p.limit}::integer for update skip locked
			)
			update latchkey_mail set due_at = clock.now + ${p.leaseMs}::bigint, attempts = latchkey_mail.attempts + 1
			from clock where latchkey_mail.id = any(array(select due.id from due))
			returning latchkey_mail.id, kind, user_id, recipient, language, about, created_at, expires_at, attempts, clock.now`,
	);

	const finish = connection.prepare<{ id: string; attempts: number }, { id: string }>(
		(_, p) => sql`delete from latchkey_mail
			where latchkey_mail.id = ${p.id}::text and attempts = ${p.attempts}::integer returning latchkey_mail.id`,
	);

	type Postponed = { id: string; attempts: number; waitMs: number; isDead: boolean };
	const postpone = connection.prepare<Postponed, { id: string }>(
		(_, p) => sql`with ${clock(p)}
			update latchkey_mail set
				due_at = clock.now + ${p.waitMs}::bigint,
				dead_at = case when ${p.isDead}::boolean then clock.now end,
				expires_at = case when ${p.isDead}::boolean then clock.now + ${sql.lit(keptDeadMs)} else expires_at end
			from clock where latchkey_mail.id = ${p.id}::text and attempts = ${p.attempts}::integer
			returning latchkey_mail.id`,
	);

	const count = connection.prepare<{ lateMs: number }, { dead: number; late: number }>(
		(_, p) => sql`select
			(select count(*) from (
				select 1 from latchkey_mail as m where m.dead_at > 0 order by m.dead_at limit ${sql.lit(mostCounted)}
			) as dead_ones) as dead,
			(select count(*) from (
				select 1 from latchkey_mail as m
				where m.dead_at is null and m.due_at < ${now(p)} - ${p.lateMs}::bigint
				order by m.due_at limit ${sql.lit(mostCounted)}
			) as late_ones) as late`,
	);

	return {
		claimMails: async (input) => {
			const rows = await claim.all(input);
			return rows.map((row) => toClaimedMail(row, row.now));
		},

		finishMail: async ({ id, attempts }) => (await finish.all({ id, attempts })).length === 1,

		postponeMail: async ({ id, attempts, waitMs }) =>
			(await postpone.all({ id, attempts, waitMs: waitMs ?? 0, isDead: waitMs === null })).length === 1,

		countMails: async (input) => {
			const { dead, late } = (await count.first(input))!;
			return { dead, late };
		},
	};
}
