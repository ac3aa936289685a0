import { sql } from "kysely";
import { behindEveryId, toEvent } from "../rows.ts";
import type { Storage } from "../storage.ts";
import type { PostgresConnection } from "./connection.ts";
import { clock, eventRows, logged } from "./fragments.ts";
import type { Ambient } from "./prepared.ts";

type AuditOperations = Pick<Storage, "appendEvents" | "listEvents">;

/** Named one by one: a prepared statement that says `*` fails once a migration has added a column. */
export const eventColumns = ["id", "type", "at", "subject", "session_id", "address", "user_agent", "detail"] as const;

/** The audit log. */
export function auditOperations(connection: PostgresConnection): AuditOperations {
	const append = connection.prepare<{ events: string }, never>(
		(_, p) => sql`with ${clock(p)}, once as (values (1)), ${logged(p, "once")} select from once`,
	);

	const list = connection.prepare((db, p: { userId: string; limit: number; before: string } & Ambient) =>
		db
			.selectFrom("latchkey_audit_event")
			.select(eventColumns)
			.where("subject", "=", p.userId)
			.where("id", "<", p.before)
			.orderBy("id", "desc")
			.limit(p.limit),
	);

	const listOfTypes = connection.prepare(
		(db, p: { userId: string; limit: number; before: string; types: readonly string[] } & Ambient) =>
			db
				.selectFrom("latchkey_audit_event")
				.select(eventColumns)
				.where("subject", "=", p.userId)
				.where("id", "<", p.before)
				.where(sql<boolean>`type = any(${p.types}::text[])`)
				.orderBy("id", "desc")
				.limit(p.limit),
	);

	return {
		appendEvents: async (events) => {
			if (events.length > 0) await append.all({ events: eventRows(events) });
		},

		listEvents: async (userId, { limit, before = behindEveryId, types }) => {
			const page = { userId, limit, before };
			const rows = await (types === undefined ? list.all(page) : listOfTypes.all({ ...page, types }));
			return rows.map(toEvent);
		},
	};
}
