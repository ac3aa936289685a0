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

	// Reads the file, which `SELECT 1` would not.
	const ping = connection.prepareRead((db) => db.selectFrom("latchkey_migration").select("version").limit(1));

	return {
		deleteExpired: async (limit) => {
			// One by one, so that each holds the lock for a moment only.
			const sessions = await connection.execute(() =>
				deletions.sessions.run({ before: connection.now() - keptAfterEndMs, limit }),
			);
			const tokens = await connection.execute(() => deletions.tokens.run({ now: connection.now(), limit }));
			const counters = await connection.execute(() => deletions.counters.run({ now: connection.now(), limit }));
			const ofNobody = await connection.execute(() =>
				deletions.ofNobody.run({ before: connection.now() - keptOfNobodyMs, limit }),
			);
			const mails = await connection.execute(() => deletions.mails.run({ now: connection.now(), limit }));
			const trusted = await connection.execute(() => deletions.trusted.run({ now: connection.now(), limit }));
			return sessions + tokens + counters + ofNobody + mails + trusted;
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
		sessions: connection.prepareWrite((db, p: { before: number; limit: number }) =>
			db.deleteFrom("latchkey_session").where("id", "in", (eb) =>
				eb
					.selectFrom("latchkey_session")
					.select("id")
					.where((eb) => eb.or([eb("idle_expires_at", "<", p.before), eb("ended_at", "<", p.before)]))
					.limit(p.limit),
			),
		),

		tokens: connection.prepareWrite((db, p: { now: number; limit: number }) =>
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

		ofNobody: connection.prepareWrite((db, p: { before: number; limit: number }) =>
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

		mails: connection.prepareWrite((db, p: { now: number; limit: number }) =>
			db
				.deleteFrom("latchkey_mail")
				.where("id", "in", (eb) =>
					eb.selectFrom("latchkey_mail").select("id").where("expires_at", "<=", p.now).limit(p.limit),
				),
		),

		trusted: connection.prepareWrite((db, p: { now: number; limit: number }) =>
			db
				.deleteFrom("latchkey_trusted_device")
				.where("id", "in", (eb) =>
					eb.selectFrom("latchkey_trusted_device").select("id").where("expires_at", "<=", p.now).limit(p.limit),
				),
		),

		counters: connection.prepareWrite((db, p: { now: number; limit: number }) =>
			db
				.deleteFrom("latchkey_throttle")
				.where("key", "in", (eb) =>
					eb.selectFrom("latchkey_throttle").select("key").where("forgotten_at", "<=", p.now).limit(p.limit),
				),
		),
	};
}
