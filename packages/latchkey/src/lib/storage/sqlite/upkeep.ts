import { sql } from "kysely";
import type { Storage } from "../storage.ts";
import type { SqliteConnection } from "./connection.ts";

type UpkeepOperations = Pick<Storage, "deleteExpired" | "ping" | "close">;

/** A clock that jumps must not destroy what is still alive. */
const keptAfterEndMs = 24 * 60 * 60 * 1000;

/** Strangers can make as many of these as they like; what concerns an account is kept with it. */
const keptOfNobodyMs = 90 * 24 * 60 * 60 * 1000;

/** Upkeep of the database itself. */
export function upkeepOperations(connection: SqliteConnection): UpkeepOperations {
	const deletions = prepareDeletions(connection);
	const sweep = prepareSweep(connection);

	// Reads the file, which `SELECT 1` would not.
	const ping = connection.prepare((db) => db.selectFrom("latchkey_migration").select("version").limit(1));

	return {
		deleteExpired: async (limit) => {
			// One by one, so that each holds the lock for a moment only.
			const sessions = await connection.execute(() =>
				sweep.gone.run({ before: connection.now() - keptAfterEndMs, limit }),
			);
			const putOff = await connection.execute(() =>
				sweep.putOff.run({ before: connection.now() - keptAfterEndMs, limit }),
			);
			const tokens = await connection.execute(() => deletions.tokens.run({ now: connection.now(), limit }));
			const counters = await connection.execute(() => deletions.counters.run({ now: connection.now(), limit }));
			const ofNobody = await connection.execute(() =>
				deletions.ofNobody.run({ before: connection.now() - keptOfNobodyMs, limit }),
			);
			const mails = await connection.execute(() => deletions.mails.run({ now: connection.now(), limit }));
			const trusted = await connection.execute(() => deletions.trusted.run({ now: connection.now(), limit }));
			return sessions + putOff + tokens + counters + ofNobody + mails + trusted;
		},

		ping: () =>
			connection.execute(() => {
				ping.all({});
			}),

		close: async () => connection.close(),
	};
}

function prepareDeletions(connection: SqliteConnection) {
	return {
		tokens: connection.prepare((db, p: { now: number; limit: number }) =>
			db.deleteFrom("latchkey_one_time_token").where(
				(eb) => eb.refTuple("purpose", "token_hash"),
				"in",
				(eb) =>
					eb
						.selectFrom("latchkey_one_time_token")
						.select(["purpose", "token_hash"])
						.where("expires_at", "<=", p.now)
						.limit(p.limit)
						.$asTuple("purpose", "token_hash"),
			),
		),

		ofNobody: connection.prepare((db, p: { before: number; limit: number }) =>
			db
				.deleteFrom("latchkey_audit_event")
				.where("id", "in", (eb) =>
					eb
						.selectFrom("latchkey_audit_event")
						.select("id")
						.where("subject", "is", null)
						.where("at", "<", p.before)
						.limit(p.limit),
				),
		),

		mails: connection.prepare((db, p: { now: number; limit: number }) =>
			db
				.deleteFrom("latchkey_mail")
				.where("id", "in", (eb) =>
					eb.selectFrom("latchkey_mail").select("id").where("expires_at", "<=", p.now).limit(p.limit),
				),
		),

		trusted: connection.prepare((db, p: { now: number; limit: number }) =>
			db
				.deleteFrom("latchkey_trusted_device")
				.where("id", "in", (eb) =>
					eb.selectFrom("latchkey_trusted_device").select("id").where("expires_at", "<=", p.now).limit(p.limit),
				),
		),

		counters: connection.prepare((db, p: { now: number; limit: number }) =>
			db
				.deleteFrom("latchkey_throttle")
				.where("key", "in", (eb) =>
					eb.selectFrom("latchkey_throttle").select("key").where("forgotten_at", "<=", p.now).limit(p.limit),
				),
		),
	};
}

/**
 * Of the sessions whose turn it is: those that are gone are deleted, those that were used since are put off, so that none of
 * them stands before others again. Both look at the first of the line only, however many of them stay.
 */
function prepareSweep(connection: SqliteConnection) {
	type Parameters = { before: number; limit: number };
	const due = (p: Parameters) => sql`(
		select rowid, idle_expires_at from latchkey_session where sweep_at < ${p.before} order by sweep_at limit ${p.limit}
	) as due`;
	return {
		gone: connection.prepare((db, p: Parameters) =>
			db.deleteFrom("latchkey_session").where(
				sql<boolean>`rowid in (
					select rowid from ${due(p)} where idle_expires_at < ${p.before}
					union all
					select rowid from (select rowid from latchkey_session where ended_at < ${p.before} limit ${p.limit}) as ended
					limit ${p.limit}
				)`,
			),
		),

		putOff: connection.prepare((db, p: Parameters) =>
			db
				.updateTable("latchkey_session")
				.set((eb) => ({ sweep_at: eb.ref("idle_expires_at") }))
				.where(sql<boolean>`rowid in (select rowid from ${due(p)} where idle_expires_at >= ${p.before})`),
		),
	};
}
