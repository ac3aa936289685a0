import { sql } from "kysely";
import type { EmailStorage } from "../email-storage.ts";
import { type SqliteConnection, Undo } from "./connection.ts";
import type { Steps } from "./steps.ts";

type DeletionOperations = Pick<
	EmailStorage,
	"requestDeletion" | "undoDeletion" | "readDeletion" | "listDueDeletions" | "recordFailure" | "forgetFailures"
>;

/** Deletions that can be undone, and passwords that are guessed at. */
export function deletionOperations(connection: SqliteConnection, steps: Steps): DeletionOperations {
	const statements = prepareStatements(connection);
	return {
		requestDeletion: ({ userId, afterMs, events }) =>
			connection.transaction((): number | null | Undo<null> => {
				const now = connection.now();
				if (statements.mark.run({ userId, deletesAt: now + afterMs }) === 0) return new Undo(null);
				steps.sessions.endAll(userId, now);
				steps.events.append(events, now);
				return now + afterMs;
			}),

		undoDeletion: ({ userId, events }) =>
			connection.transaction(() => {
				if (statements.unmark.run({ userId }) === 0) return new Undo(false);
				steps.events.append(events, connection.now());
				return true;
			}),

		readDeletion: (userId) => connection.execute(() => statements.read.get({ userId })?.deletes_at ?? null),

		listDueDeletions: (limit) =>
			connection.execute(() =>
				statements.due
					.all({ now: connection.now(), limit })
					.map(({ id, email, language }) => ({ userId: id, email, language })),
			),

		recordFailure: ({ userId, events }) =>
			connection.transaction(() => {
				const [row] = statements.fail.all({ userId: userId ?? "" });
				steps.events.append(events, connection.now());
				return row?.failures ?? 0;
			}),

		forgetFailures: (userId) =>
			connection.execute(() => {
				statements.forget.run({ userId });
			}),
	};
}

function prepareStatements(connection: SqliteConnection) {
	return {
		mark: connection.prepare((db, p: { userId: string; deletesAt: number }) =>
			db.updateTable("latchkey_user").set({ deletes_at: p.deletesAt }).where("id", "=", p.userId),
		),

		unmark: connection.prepare((db, p: { userId: string }) =>
			db
				.updateTable("latchkey_user")
				.set({ deletes_at: null })
				.where("id", "=", p.userId)
				.where("deletes_at", "is not", null),
		),

		read: connection.prepare((db, p: { userId: string }) =>
			db.selectFrom("latchkey_user").select("deletes_at").where("id", "=", p.userId),
		),

		due: connection.prepare((db, p: { now: number; limit: number }) =>
			db
				.selectFrom("latchkey_user as u")
				.leftJoin("latchkey_identifier as email", (join) =>
					join.onRef("email.user_id", "=", "u.id").on("email.kind", "=", sql.lit("email" as const)),
				)
				.select(["u.id", "u.language", "email.value as email"])
				.where("u.deletes_at", "<=", p.now)
				.limit(p.limit),
		),

		fail: connection.prepare((db, p: { userId: string }) =>
			db
				.updateTable("latchkey_password")
				.set((eb) => ({ failures: eb("failures", "+", sql.lit(1)) }))
				.where("user_id", "=", p.userId)
				.returning("failures"),
		),

		forget: connection.prepare((db, p: { userId: string }) =>
			db
				.updateTable("latchkey_password")
				.set({ failures: sql.lit(0) })
				.where("user_id", "=", p.userId),
		),
	};
}
