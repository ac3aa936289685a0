import { sessionColumns, toSession, toUser } from "../rows.ts";
import type { LiveSession, Storage } from "../storage.ts";
import type { PostgresConnection } from "./connection.ts";
import { now } from "./fragments.ts";
import type { Ambient } from "./prepared.ts";
import { selectUsers } from "./select-users.ts";

/** The read behind a guarded request that memory cannot answer: one statement. */
export function readSessionOperation(connection: PostgresConnection): Pick<Storage, "readSession"> {
	const columns = sessionColumns.map((column) => `s.${column}` as const);
	const read = connection.prepare((db, p: { secretHash: Uint8Array } & Ambient) =>
		selectUsers(db)
			.innerJoin("latchkey_session as s", "s.user_id", "u.id")
			.where("s.secret_hash", "=", p.secretHash)
			.where("s.ended_at", "is", null)
			.where("s.idle_expires_at", ">", now(p))
			.where("s.expires_at", ">", now(p))
			.whereRef("s.epoch", "=", "u.epoch")
			.select(columns)
			.select(now(p).as("now")),
	);
	return {
		readSession: async (secretHash): Promise<LiveSession | null> => {
			const row = await read.first({ secretHash });
			return row === undefined ? null : { now: row.now, session: toSession(row), user: toUser(row) };
		},
	};
}
