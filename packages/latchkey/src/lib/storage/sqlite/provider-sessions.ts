import { sql } from "kysely";
import type { EndedThere, OAuthStorage } from "../oauth-storage.ts";
import type { QueryBuilder } from "../query-builder.ts";
import { type SqliteConnection, Undo } from "./connection.ts";
import type { Statement } from "./prepared.ts";
import { isLive } from "./session-steps.ts";
import type { Steps } from "./steps.ts";

type ProviderSessionOperations = Pick<
	OAuthStorage,
	"findProviderSession" | "findSessionsOfProvider" | "endSessionsOfProvider"
>;

/** The sessions that began at a provider. */
export function providerSessionOperations(connection: SqliteConnection, steps: Steps): ProviderSessionOperations {
	const findOne = prepareFindOne(connection);
	const believe = prepareBelief(connection);
	const found = { ofSubject: connection.prepare(ofSubject), ofSession: connection.prepare(ofSession) };
	const meant = { ofSubject: connection.prepare(ofSubject), ofSession: connection.prepare(ofSession) };
	return {
		findProviderSession: (sessionId) =>
			connection.execute(() => {
				const row = findOne.get({ sessionId });
				if (row === undefined) return null;
				const { provider_session: providerSession, ...rest } = row;
				return { ...rest, providerSession };
			}),

		findSessionsOfProvider: (ended) =>
			connection.execute(() =>
				liveOf(found, ended, connection.now()).map(({ id, user_id }) => ({ sessionId: id, userId: user_id })),
			),

		endSessionsOfProvider: ({ ended, once, sessionIds, events }) =>
			connection.transaction(() => {
				const now = connection.now();
				const live = new Set(liveOf(meant, ended, now).map(({ id }) => id));
				if ([...live].some((id) => !sessionIds.includes(id))) return new Undo("moved" as const);
				if (believe.run({ ...once, now, until: now + once.lifetimeMs }) === 0) return new Undo("repeated" as const);
				for (const id of live) steps.sessions.endReplaced(id, now);
				const recorded = events.filter(({ sessionId }) => sessionId !== null && live.has(sessionId));
				steps.events.append(recorded, now);
				return "ended";
			}),
	};
}

type OfSubject = { issuer: string; subject: string | null; now: number };
type OfSession = OfSubject & { providerSession: string };

interface Finding {
	ofSubject: Statement<OfSubject, { id: string; user_id: string }>;
	ofSession: Statement<OfSession, { id: string; user_id: string }>;
}

function liveOf(statements: Finding, { issuer, subject, providerSession }: EndedThere, now: number) {
	return providerSession === null
		? statements.ofSubject.all({ issuer, subject, now })
		: statements.ofSession.all({ issuer, providerSession, subject, now });
}

function ofSubject(db: QueryBuilder, p: OfSubject) {
	return db
		.selectFrom("latchkey_provider_session as b")
		.innerJoin("latchkey_session", "latchkey_session.id", "b.session_id")
		.select(["latchkey_session.id", "latchkey_session.user_id"])
		.where("b.issuer", "=", p.issuer)
		.where("b.subject", "=", p.subject)
		.where(isLive(p.now));
}

function ofSession(db: QueryBuilder, p: OfSession) {
	return db
		.selectFrom("latchkey_provider_session as b")
		.innerJoin("latchkey_session", "latchkey_session.id", "b.session_id")
		.select(["latchkey_session.id", "latchkey_session.user_id"])
		.where("b.issuer", "=", p.issuer)
		.where("b.provider_session", "=", p.providerSession)
		.where(sql<boolean>`(${p.subject} is null or b.subject = ${p.subject})`)
		.where(isLive(p.now));
}

function prepareFindOne(connection: SqliteConnection) {
	return connection.prepare((db, p: { sessionId: string }) =>
		db
			.selectFrom("latchkey_provider_session as b")
			.leftJoin("latchkey_identity as i", (join) =>
				join.onRef("i.issuer", "=", "b.issuer").onRef("i.subject", "=", "b.subject"),
			)
			.leftJoin("latchkey_provider_token as t", (join) =>
				join.onRef("t.issuer", "=", "b.issuer").onRef("t.subject", "=", "b.subject"),
			)
			.select(["b.issuer", "b.subject", "b.provider_session", "i.provider", "t.sealed"])
			.where("b.session_id", "=", p.sessionId),
	);
}

/** A counter that is full with the first: the key decides, and who comes second waits for what becomes of the first. */
function prepareBelief(connection: SqliteConnection) {
	return connection.prepare((db, p: { key: string; now: number; until: number; lifetimeMs: number }) =>
		db
			.insertInto("latchkey_throttle")
			.values({
				key: p.key,
				attempt_limit: sql.lit(1),
				window_ms: p.lifetimeMs,
				wait_ms: sql.lit(0),
				max_wait_ms: sql.lit(0),
				accepted: sql.lit(1),
				refused: sql.lit(0),
				window_ends_at: p.until,
				blocked_until: p.until,
				forgotten_at: p.until,
			})
			.onConflict((conflict) =>
				conflict
					.column("key")
					.doUpdateSet((eb) => ({
						window_ends_at: eb.ref("excluded.window_ends_at"),
						blocked_until: eb.ref("excluded.blocked_until"),
						forgotten_at: eb.ref("excluded.forgotten_at"),
					}))
					.where("latchkey_throttle.forgotten_at", "<=", p.now),
			),
	);
}
