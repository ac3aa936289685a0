import { sql } from "kysely";
import type { Storage } from "../storage.ts";
import type { PostgresConnection } from "./connection.ts";
import { clock, eventRows, logged, told, turn } from "./fragments.ts";

/** The end of an account. What hangs on the user goes by foreign key; what only names the user goes by hand. */
export function deleteUserOperation(connection: PostgresConnection): Pick<Storage, "deleteUser"> {
	const remove = connection.prepare<
		{ userId: string; pseudonym: string; dueOnly: boolean; events: string },
		{ told: number }
	>(
		(_, p) => sql`with ${clock(p)},
			${turn(p)},
			gone as (
				delete from latchkey_user using clock, turn
				where latchkey_user.id = ${p.userId}::text
					and (not ${p.dueOnly}::boolean or latchkey_user.deletes_at <= clock.now)
				returning latchkey_user.id
			),
			unsent as (
				delete from latchkey_mail using gone where latchkey_mail.user_id = gone.id
			),
			forgotten as (
				delete from latchkey_one_time_token using gone where latchkey_one_time_token.subject = gone.id
			),
			anonymised as (
				update latchkey_audit_event
				set subject = ${p.pseudonym}::text, session_id = null, address = null, user_agent = null, detail = null
				from gone where latchkey_audit_event.subject = gone.id
			),
			${logged(p, "gone")}
			select ${told(p, "user", "gone")} as told from gone`,
	);

	return {
		deleteUser: async ({ userId, pseudonym, dueOnly = false, events }) => {
			// The deletion's own events are made anonymous before they are written: the statement cannot see them itself.
			const bare = { userId: pseudonym, sessionId: null, address: null, userAgent: null, detail: null };
			const last = events.map((event) => (event.userId === userId ? { ...event, ...bare } : event));
			return (await remove.all({ userId, pseudonym, dueOnly, events: eventRows(last) })).length === 1;
		},
	};
}
