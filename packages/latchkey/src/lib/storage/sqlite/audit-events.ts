import { sql } from "kysely";
import { behindEveryId, toEvent, toEventRow } from "../rows.ts";
import type { EventRecord, NewEvent, Storage } from "../storage.ts";
import type { SqliteConnection } from "./connection.ts";
import { type MailStep, mailStep } from "./mails.ts";

/** What transactions do to the audit log. */
export interface EventSteps {
	append(events: readonly NewEvent[], now: number): void;
}

/** One statement for each so many events, so that no more variants than these are ever prepared. */
const rowsAtOnce = 16;

/** Prepares the steps. */
export function eventSteps(connection: SqliteConnection): EventSteps {
	const post: MailStep = mailStep(connection);
	const insert = connection.prepareRows(
		(
			db,
			rows: {
				id: string;
				type: string;
				subject: string | null;
				session_id: string | null;
				address: string | null;
				user_agent: string | null;
				detail: string | null;
			}[],
			p: { now: number },
		) =>
			db.insertInto("latchkey_audit_event").values(
				rows.map((row) => ({
					id: row.id,
					type: row.type,
					at: p.now,
					subject: row.subject,
					session_id: row.session_id,
					address: row.address,
					user_agent: row.user_agent,
					detail: row.detail,
				})),
			),
	);
	return {
		append(events, now) {
			for (let start = 0; start < events.length; start += rowsAtOnce) {
				insert.run(events.slice(start, start + rowsAtOnce).map(toEventRow), { now });
			}
			for (const { mails = [] } of events) for (const mail of mails) post(mail, now);
		},
	};
}

type AuditOperations = Pick<Storage, "appendEvents" | "listEvents">;

/** The audit log. */
export function auditOperations(connection: SqliteConnection, { append }: EventSteps): AuditOperations {
	const list = connection.prepare((db, p: { userId: string; limit: number; before: string }) =>
		db
			.selectFrom("latchkey_audit_event")
			.selectAll()
			.where("subject", "=", p.userId)
			.where("id", "<", p.before)
			.orderBy("id", "desc")
			.limit(p.limit),
	);
	const listOfTypes = connection.prepare((db, p: { userId: string; limit: number; before: string; types: string }) =>
		db
			.selectFrom("latchkey_audit_event")
			.selectAll()
			.where("subject", "=", p.userId)
			.where("id", "<", p.before)
			.where(sql<boolean>`type in (select value from json_each(${p.types}))`)
			.orderBy("id", "desc")
			.limit(p.limit),
	);
	return {
		appendEvents: async (events) => {
			if (events.length === 0) return;
			const write = () => append(events, connection.now());
			const isOneStatement = events.length <= rowsAtOnce && events.every(({ mails = [] }) => mails.length === 0);
			await (isOneStatement ? connection.execute(write) : connection.transaction(write));
		},

		listEvents: (userId, { limit, before = behindEveryId, types }) =>
			connection.execute((): EventRecord[] => {
				const page = { userId, limit, before };
				const rows = types === undefined ? list.all(page) : listOfTypes.all({ ...page, types: JSON.stringify(types) });
				return rows.map(toEvent);
			}),
	};
}
