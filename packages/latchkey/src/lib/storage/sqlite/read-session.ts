import { sql } from "kysely";
import { parseAmr } from "../rows.ts";
import type { AssuranceLevel, LiveSession, Storage } from "../storage.ts";
import type { SqliteConnection } from "./connection.ts";

/**
 * The read behind every guarded request: one statement, whose row comes as an array. Node builds an object with a
 * column's name for each value slowly enough to double the time of the whole read.
 */
export function readSessionOperation(connection: SqliteConnection): Pick<Storage, "readSession"> {
	const read = prepareRead(connection);
	return {
		readSession: (secretHash) =>
			connection.execute(() => {
				const now = connection.now();
				const row = read({ secretHash, now });
				return row === undefined ? null : toLiveSession(row, now);
			}),
	};
}

/** In the order of the columns that the statement selects. */
type LiveRow = readonly [
	sessionId: string,
	generation: number,
	generationSeen: number,
	renewedAt: number,
	seenAt: number | null,
	sessionCreatedAt: number,
	lastSeenAt: number,
	idleExpiresAt: number,
	expiresAt: number,
	authTime: number,
	amr: string,
	level: AssuranceLevel,
	address: string | null,
	userAgent: string | null,
	userId: string,
	epoch: number,
	name: string | null,
	userCreatedAt: number,
	email: string | null,
	emailVerifiedAt: number | null,
	username: string | null,
	fields: string | null,
];

function prepareRead(connection: SqliteConnection) {
	return connection.prepareArray<{ secretHash: Uint8Array; now: number }, LiveRow>((db, p) =>
		db
			.selectFrom("latchkey_session as s")
			.innerJoin("latchkey_user as u", "u.id", "s.user_id")
			.leftJoin("latchkey_identifier as email", (join) =>
				join.onRef("email.user_id", "=", "u.id").on("email.kind", "=", sql.lit("email" as const)),
			)
			.leftJoin("latchkey_identifier as username", (join) =>
				join.onRef("username.user_id", "=", "u.id").on("username.kind", "=", sql.lit("username" as const)),
			)
			.where("s.secret_hash", "=", p.secretHash)
			.where("s.ended_at", "is", null)
			.where("s.idle_expires_at", ">", p.now)
			.where("s.expires_at", ">", p.now)
			.whereRef("s.epoch", "=", "u.epoch")
			.select([
				"s.id",
				"s.generation",
				"s.generation_seen",
				"s.renewed_at",
				"s.seen_at",
				"s.created_at",
				"s.last_seen_at",
				"s.idle_expires_at",
				"s.expires_at",
				"s.auth_time",
				"s.amr",
				"s.level",
				"s.address",
				"s.user_agent",
				"u.id as user_id",
				"u.epoch",
				"u.name",
				"u.created_at as user_created_at",
				"email.value as email",
				"email.verified_at",
				"username.value as username",
				"u.fields",
			]),
	);
}

function toLiveSession(row: LiveRow, now: number): LiveSession {
	return {
		now,
		session: {
			id: row[0],
			userId: row[14],
			epoch: row[15],
			generation: row[1],
			generationSeen: row[2],
			renewedAt: row[3],
			seenAt: row[4],
			createdAt: row[5],
			lastSeenAt: row[6],
			idleExpiresAt: row[7],
			expiresAt: row[8],
			authTime: row[9],
			amr: parseAmr(row[10]),
			level: row[11],
			address: row[12],
			userAgent: row[13],
		},
		user: {
			id: row[14],
			name: row[16],
			email: row[18],
			emailVerifiedAt: row[19],
			username: row[20],
			epoch: row[15],
			createdAt: row[17],
			fields: row[21],
		},
	};
}
