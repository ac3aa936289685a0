import { sql } from "kysely";
import type { Storage } from "../storage.ts";
import { type SqliteConnection, Undo } from "./connection.ts";
import type { Steps } from "./steps.ts";

/** The end of an account. What hangs on the user goes by foreign key; what only names the user goes by hand. */
export function deleteUserOperation(connection: SqliteConnection, steps: Steps): Pick<Storage, "deleteUser"> {
	// `dueBy`: the latest time at which its deletion may be due; `null` where it need not be.
	const deleteUser = connection.prepare((db, p: { userId: string; dueBy: number | null }) =>
		db
			.deleteFrom("latchkey_user")
			.where("id", "=", p.userId)
			.where(sql<boolean>`(${p.dueBy} is null or deletes_at <= ${p.dueBy})`),
	);

	const deleteMails = connection.prepare((db, p: { userId: string }) =>
		db.deleteFrom("latchkey_mail").where("user_id", "=", p.userId),
	);

	const deleteTokens = connection.prepare((db, p: { userId: string }) =>
		db.deleteFrom("latchkey_one_time_token").where("subject", "=", p.userId),
	);

	const anonymise = connection.prepare((db, p: { userId: string; pseudonym: string }) =>
		db
			.updateTable("latchkey_audit_event")
			.set({ subject: p.pseudonym, session_id: null, address: null, user_agent: null, detail: null })
			.where("subject", "=", p.userId),
	);

	return {
		deleteUser: ({ userId, pseudonym, dueOnly = false, events }) =>
			connection.transaction(() => {
				if (deleteUser.run({ userId, dueBy: dueOnly ? connection.now() : null }) === 0) return new Undo(false);
				deleteTokens.run({ userId });
				deleteMails.run({ userId });
				// Before the log is made anonymous, so that the deletion's own event is too.
				steps.events.append(events, connection.now());
				anonymise.run({ userId, pseudonym });
				return true;
			}),
	};
}
