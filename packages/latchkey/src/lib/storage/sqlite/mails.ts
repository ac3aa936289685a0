import { sql } from "kysely";
import type { ClaimedMail, MailStorage, NewMail } from "../mail-storage.ts";
import type { MailTable } from "../schema.ts";
import type { SqliteConnection } from "./connection.ts";

/** For how long a dead message is kept for the operator. */
export const keptDeadMs = 30 * 24 * 60 * 60 * 1000;

/** A count beyond it says no more. */
export const mostCounted = 1000;

/** Writes a message into the outbox, inside the transaction of what it tells of. */
export type MailStep = (mail: NewMail, now: number) => void;

const columns = ["id", "kind", "user_id", "recipient", "language", "about"] as const;
const timeColumns = ["created_at", "due_at", "expires_at", "attempts"] as const;

/** Prepares the step. */
export function mailStep(connection: SqliteConnection): MailStep {
	type Row = Omit<MailTable, "due_at" | "dead_at" | "attempts">;
	const toAddress = connection.prepare((db, p: Row & Record<string, string | number | null>) =>
		db.insertInto("latchkey_mail").values({
			id: p.id,
			kind: p.kind,
			user_id: p.user_id,
			recipient: p.recipient,
			language: sql<
				string | null
			>`coalesce(${p.language}, (select u.language from latchkey_user as u where u.id = ${p.user_id}))`,
			about: p.about,
			created_at: p.created_at,
			due_at: p.created_at,
			expires_at: p.expires_at,
			attempts: sql.lit(0),
		}),
	);

	type ToUser = Omit<Row, "recipient"> & { user_id: string };
	const toUser = connection.prepare((db, p: ToUser & Record<string, string | number | null>) =>
		db
			.insertInto("latchkey_mail")
			.columns([...columns, ...timeColumns])
			.expression((eb) =>
				eb
					.selectFrom("latchkey_identifier as i")
					.innerJoin("latchkey_user as u", "u.id", "i.user_id")
					.where("i.user_id", "=", p.user_id)
					.where("i.kind", "=", sql.lit("email" as const))
					.select((eb) => [
						eb.val(p.id).as("id"),
						eb.val(p.kind).as("kind"),
						"u.id as user_id",
						"i.value as recipient",
						sql<string | null>`coalesce(${p.language}, u.language)`.as("language"),
						eb.val(p.about).as("about"),
						eb.val(p.created_at).as("created_at"),
						eb.val(p.created_at).as("due_at"),
						eb.val(p.expires_at).as("expires_at"),
						sql<number>`0`.as("attempts"),
					]),
			),
	);

	return ({ id, kind, userId, recipient, language, about, lifetimeMs }, now) => {
		const row = { id, kind, language, about: JSON.stringify(about), created_at: now, expires_at: now + lifetimeMs };
		if (recipient !== null) toAddress.run({ ...row, user_id: userId, recipient });
		else if (userId !== null) toUser.run({ ...row, user_id: userId });
	};
}

/** The outbox. */
export function mailOperations(connection: SqliteConnection): MailStorage {
	const claim = prepareClaim(connection);
	const { finish, postpone } = prepareEnds(connection);
	const count = prepareCounts(connection);
	return {
		claimMails: ({ limit, leaseMs }) =>
			connection.execute(() => {
				const now = connection.now();
				return claim.all({ now, until: now + leaseMs, limit }).map((row) => toClaimedMail(row, now));
			}),

		finishMail: (claim) => connection.execute(() => finish.run({ ...claim }) === 1),

		postponeMail: ({ id, attempts, waitMs }) =>
			connection.execute(() => {
				const now = connection.now();
				const isDead = waitMs === null ? 1 : 0;
				return postpone.run({ id, attempts, isDead, dueAt: now + (waitMs ?? 0), now, until: now + keptDeadMs }) === 1;
			}),

		countMails: ({ lateMs }) =>
			connection.execute(() => ({
				dead: count.dead.all({}).length,
				late: count.late.all({ before: connection.now() - lateMs }).length,
			})),
	};
}

export function toClaimedMail(
	row: Pick<
		MailTable,
		"id" | "kind" | "user_id" | "recipient" | "language" | "about" | "created_at" | "expires_at" | "attempts"
	>,
	now: number,
): ClaimedMail {
	return {
		id: row.id,
		kind: row.kind,
		recipient: row.recipient,
		userId: row.user_id,
		language: row.language,
		about: JSON.parse(row.about),
		createdAt: row.created_at,
		expiresAt: row.expires_at,
		attempts: row.attempts,
		now,
	};
}

function prepareClaim(connection: SqliteConnection) {
	return connection.prepare((db, p: { now: number; until: number; limit: number }) =>
		db
			.updateTable("latchkey_mail")
			.set((eb) => ({ due_at: p.until, attempts: eb("attempts", "+", sql.lit(1)) }))
			.where("id", "in", (eb) =>
				eb
					.selectFrom("latchkey_mail")
					.select("id")
					.where("dead_at", "is", null)
					.where("due_at", "<=", p.now)
					.where("expires_at", ">", p.now)
					.orderBy("due_at")
					.limit(p.limit),
			)
			.returning([...columns, "created_at", "expires_at", "attempts"]),
	);
}

function prepareEnds(connection: SqliteConnection) {
	return {
		finish: connection.prepare((db, p: { id: string; attempts: number }) =>
			db.deleteFrom("latchkey_mail").where("id", "=", p.id).where("attempts", "=", p.attempts),
		),

		postpone: connection.prepare(
			(db, p: { id: string; attempts: number; isDead: number; dueAt: number; now: number; until: number }) =>
				db
					.updateTable("latchkey_mail")
					.set({
						due_at: p.dueAt,
						dead_at: sql<number | null>`case when ${p.isDead} then ${p.now} end`,
						expires_at: sql<number>`case when ${p.isDead} then ${p.until} else expires_at end`,
					})
					.where("id", "=", p.id)
					.where("attempts", "=", p.attempts),
		),
	};
}

function prepareCounts(connection: SqliteConnection) {
	return {
		dead: connection.prepare((db) =>
			db.selectFrom("latchkey_mail").select("id").where("dead_at", ">", sql.lit(0)).limit(sql.lit(mostCounted)),
		),

		late: connection.prepare((db, p: { before: number }) =>
			db
				.selectFrom("latchkey_mail")
				.select("id")
				.where("dead_at", "is", null)
				.where("due_at", "<", p.before)
				.limit(sql.lit(mostCounted)),
		),
	};
}
