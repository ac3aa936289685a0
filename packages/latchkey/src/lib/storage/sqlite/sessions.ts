import { sessionColumns, toSession } from "../rows.ts";
import type { Storage } from "../storage.ts";
import { type SqliteConnection, Undo } from "./connection.ts";
import { isLive } from "./session-steps.ts";
import type { Steps } from "./steps.ts";

type SessionOperations = Pick<
	Storage,
	"createSession" | "endSession" | "endOtherSessions" | "endAllSessions" | "listSessions"
>;

/** Sessions: opened, listed and ended. */
export function sessionOperations(connection: SqliteConnection, steps: Steps): SessionOperations {
	const statements = prepareStatements(connection);
	return {
		createSession: ({ session, replaces, settle, events }) =>
			connection.transaction(() => {
				const now = connection.now();
				const created = steps.sessions.insert(session, now);
				if (created === null) return new Undo(null);
				if (replaces !== null) steps.sessions.endReplaced(replaces.sessionId, now);
				steps.settle(settle);
				steps.events.append(events, now);
				return created;
			}),

		endSession: ({ userId, sessionId, events }) =>
			connection.transaction(() => {
				const now = connection.now();
				if (statements.end.run({ userId, sessionId, now }) === 0) return new Undo(false);
				steps.events.append(events, now);
				return true;
			}),

		endOtherSessions: ({ userId, keepSessionId, events }) =>
			connection.transaction(() => {
				const now = connection.now();
				const ended = steps.sessions.endOthers({ userId, keepSessionId, now });
				if (ended === null) return new Undo(null);
				steps.events.append(events, now);
				return ended;
			}),

		endAllSessions: ({ userId, events }) =>
			connection.transaction(() => {
				const now = connection.now();
				if (steps.sessions.endAll(userId, now) === null) return new Undo(undefined);
				steps.events.append(events, now);
			}),

		listSessions: (userId, { limit, before }) =>
			connection.execute(() => {
				const now = connection.now();
				const rows =
					before === undefined
						? statements.listFirst.all({ userId, now, limit })
						: statements.listNext.all({ userId, now, limit, before });
				return rows.map(toSession);
			}),
	};
}

function prepareStatements(connection: SqliteConnection) {
	return {
		end: connection.prepare((db, p: { userId: string; sessionId: string; now: number }) =>
			db
				.updateTable("latchkey_session")
				.set({ ended_at: p.now })
				.where("id", "=", p.sessionId)
				.where("user_id", "=", p.userId)
				.where(isLive(p.now)),
		),

		listFirst: connection.prepare((db, p: { userId: string; now: number; limit: number }) =>
			db
				.selectFrom("latchkey_session")
				.select(sessionColumns)
				.where("user_id", "=", p.userId)
				.where(isLive(p.now))
				.orderBy("created_at", "desc")
				.orderBy("id", "desc")
				.limit(p.limit),
		),

		listNext: connection.prepare((db, p: { userId: string; now: number; limit: number; before: string }) =>
			db
				.selectFrom("latchkey_session")
				.select(sessionColumns)
				.where("user_id", "=", p.userId)
				.where(isLive(p.now))
				.where((eb) =>
					eb(
						eb.refTuple("created_at", "id"),
						"<",
						eb
							.selectFrom("latchkey_session as cursor")
							.select(["cursor.created_at", "cursor.id"])
							.where("cursor.id", "=", p.before)
							.where("cursor.user_id", "=", p.userId)
							.$asTuple("created_at", "id"),
					),
				)
				.orderBy("created_at", "desc")
				.orderBy("id", "desc")
				.limit(p.limit),
		),
	};
}
