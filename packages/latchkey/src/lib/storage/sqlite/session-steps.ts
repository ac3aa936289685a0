import { type RawBuilder, sql } from "kysely";
import { type SessionRow, toSession } from "../rows.ts";
import type { NewSession, SessionRecord } from "../storage.ts";
import type { SqliteConnection } from "./connection.ts";

/** What transactions do to sessions. Every step runs inside one. */
export interface SessionSteps {
	/** Writes the session if its user still is at its epoch; `null` otherwise. */
	insert(session: NewSession, now: number): SessionRecord | null;
	/** Ends the session that another one takes the place of. */
	endReplaced(sessionId: string, now: number): void;
	/** Ends every session of the user, those under way too, and answers the new epoch; `null` when there is no such user. */
	endAll(userId: string, now: number): number | null;
	/** The same for all but one, which must be live: answers how many ended, or `null` when it is not. */
	endOthers(input: { userId: string; keepSessionId: string; now: number }): number | null;
	/** Lets a live session of the user outlive the move of the epoch that is about to come. False when it is not live. */
	keep(input: { userId: string; sessionId: string; now: number }): boolean;
	/** Moves the user's epoch: every session ends that was not kept, and those under way. */
	moveEpoch(userId: string): void;
	/** Whether the user is there and still at this epoch. */
	isAt(userId: string, epoch: number): boolean;
}

/** Prepares the steps. */
export function sessionSteps(connection: SqliteConnection): SessionSteps {
	const insert = prepareInsert(connection);
	const { note, goOn } = prepareBeginning(connection);

	const endReplaced = connection.prepare((db, p: { sessionId: string; now: number }) =>
		db
			.updateTable("latchkey_session")
			.set({ ended_at: p.now })
			.where("id", "=", p.sessionId)
			.where("ended_at", "is", null),
	);

	// What is live is told by the epoch, so this goes before it moves.
	const endLive = connection.prepare((db, p: { userId: string; keepSessionId: string | null; now: number }) =>
		db
			.updateTable("latchkey_session")
			.set({ ended_at: p.now })
			.where("user_id", "=", p.userId)
			.where("id", "is not", p.keepSessionId)
			.where(isLive(p.now)),
	);

	// Stamped with the epoch that is about to come.
	const keep = connection.prepare((db, p: { userId: string; sessionId: string; now: number }) =>
		db
			.updateTable("latchkey_session")
			.set((eb) => ({ epoch: eb("epoch", "+", sql.lit(1)) }))
			.where("id", "=", p.sessionId)
			.where("user_id", "=", p.userId)
			.where(isLive(p.now)),
	);

	const moveEpoch = connection.prepare((db, p: { userId: string }) =>
		db
			.updateTable("latchkey_user")
			.set((eb) => ({ epoch: eb("epoch", "+", sql.lit(1)) }))
			.where("id", "=", p.userId)
			.returning("epoch"),
	);

	const isAt = connection.prepare((db, p: { userId: string; epoch: number }) =>
		db.selectFrom("latchkey_user").select("id").where("id", "=", p.userId).where("epoch", "=", p.epoch),
	);

	return {
		insert(session, now) {
			const row = newSessionRow(session, now);
			if (insert.run({ ...row, secret_hash: session.secretHash }) === 0) return null;
			const { id: sessionId, began } = session;
			if (began && "continues" in began) goOn.run({ sessionId, userId: session.userId, continues: began.continues });
			else if (began) note.run({ sessionId, ...began });
			return toSession(row);
		},
		endReplaced(sessionId, now) {
			endReplaced.run({ sessionId, now });
		},
		endAll(userId, now) {
			endLive.run({ userId, keepSessionId: null, now });
			return moveEpoch.all({ userId })[0]?.epoch ?? null;
		},
		endOthers({ userId, keepSessionId, now }) {
			const ended = endLive.run({ userId, keepSessionId, now });
			if (keep.run({ userId, sessionId: keepSessionId, now }) === 0) return null;
			moveEpoch.all({ userId });
			return ended;
		},
		keep: (input) => keep.run(input) === 1,
		moveEpoch(userId) {
			moveEpoch.all({ userId });
		},
		isAt: (userId, epoch) => isAt.all({ userId, epoch }).length === 1,
	};
}

/** Whether a row of `latchkey_session` is neither ended nor expired. Whether its epoch is current is another matter. */
export function isOpen(now: number): RawBuilder<boolean> {
	return sql<boolean>`latchkey_session.ended_at is null
		and latchkey_session.idle_expires_at > ${now}
		and latchkey_session.expires_at > ${now}`;
}

/** Whether a row of `latchkey_session` is live, in a statement that has that table and no other. */
export function isLive(now: number): RawBuilder<boolean> {
	return sql<boolean>`${isOpen(now)}
		and latchkey_session.epoch = (select u.epoch from latchkey_user as u where u.id = latchkey_session.user_id)`;
}

/** One statement reads the epoch and writes the row, so that a session can never outlive an end that came first. */
function prepareInsert(connection: SqliteConnection) {
	return connection.prepare((db, p: SessionRow & { secret_hash: Uint8Array }) =>
		db
			.insertInto("latchkey_session")
			.columns([
				"id",
				"secret_hash",
				"user_id",
				"epoch",
				"generation",
				"generation_seen",
				"renewed_at",
				"seen_at",
				"created_at",
				"last_seen_at",
				"idle_expires_at",
				"expires_at",
				"auth_time",
				"amr",
				"level",
				"address",
				"user_agent",
				"sweep_at",
			])
			.expression((eb) =>
				eb
					.selectFrom("latchkey_user as u")
					.where("u.id", "=", p.user_id)
					.where("u.epoch", "=", p.epoch)
					.select((eb) => [
						eb.val(p.id).as("id"),
						eb.val(p.secret_hash).as("secret_hash"),
						"u.id as user_id",
						"u.epoch",
						eb.val(p.generation).as("generation"),
						eb.val(p.generation_seen).as("generation_seen"),
						eb.val(p.renewed_at).as("renewed_at"),
						eb.val(p.seen_at).as("seen_at"),
						eb.val(p.created_at).as("created_at"),
						eb.val(p.last_seen_at).as("last_seen_at"),
						eb.val(p.idle_expires_at).as("idle_expires_at"),
						eb.val(p.expires_at).as("expires_at"),
						eb.val(p.auth_time).as("auth_time"),
						eb.val(p.amr).as("amr"),
						eb.val(p.level).as("level"),
						eb.val(p.address).as("address"),
						eb.val(p.user_agent).as("user_agent"),
						eb.val(p.idle_expires_at).as("sweep_at"),
					]),
			),
	);
}

/** At which provider a session began is written with it, so that no end that is told of there can miss it. */
function prepareBeginning(connection: SqliteConnection) {
	const columns = ["session_id", "issuer", "subject", "provider_session"] as const;
	return {
		note: connection.prepare(
			(db, p: { sessionId: string; issuer: string; subject: string; providerSession: string | null }) =>
				db.insertInto("latchkey_provider_session").values({
					session_id: p.sessionId,
					issuer: p.issuer,
					subject: p.subject,
					provider_session: p.providerSession,
				}),
		),

		goOn: connection.prepare((db, p: { sessionId: string; userId: string; continues: string }) =>
			db
				.insertInto("latchkey_provider_session")
				.columns([...columns])
				.expression((eb) =>
					eb
						.selectFrom("latchkey_provider_session as b")
						.innerJoin("latchkey_session as s", "s.id", "b.session_id")
						.where("b.session_id", "=", p.continues)
						.where("s.user_id", "=", p.userId)
						.select((eb) => [eb.val(p.sessionId).as("session_id"), "b.issuer", "b.subject", "b.provider_session"]),
				),
		),
	};
}

function newSessionRow(session: NewSession, now: number): SessionRow {
	const expiresAt = now + session.lifetimeMs;
	return {
		id: session.id,
		user_id: session.userId,
		epoch: session.epoch,
		generation: 1,
		generation_seen: 0,
		renewed_at: now,
		seen_at: null,
		created_at: now,
		last_seen_at: now,
		idle_expires_at: session.idleMs === null ? expiresAt : Math.min(now + session.idleMs, expiresAt),
		expires_at: expiresAt,
		auth_time: now,
		amr: JSON.stringify(session.amr),
		level: session.level,
		address: session.address,
		user_agent: session.userAgent,
	};
}
