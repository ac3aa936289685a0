import { sql } from "kysely";
import type { EmailStorage } from "../email-storage.ts";
import { tokenColumns, toToken } from "../rows.ts";
import type { NewToken, Storage } from "../storage.ts";
import { type SqliteConnection, Undo } from "./connection.ts";
import type { Steps } from "./steps.ts";

type TokenOperations = Pick<Storage, "putToken" | "consumeToken"> &
	Pick<EmailStorage, "peekToken" | "findToken" | "replaceToken" | "dropTokens">;

/** Single-use state. */
export function tokenOperations(connection: SqliteConnection, steps: Steps): TokenOperations {
	const { put, insert } = prepareWrites(connection);
	const { peek, find } = prepareReads(connection);
	const { consume, drop } = prepareDeletions(connection);

	function written({ purpose, subject, tokenHash, lifetimeMs, payload }: NewToken, now: number) {
		return { purpose, subject, tokenHash, payload: JSON.stringify(payload ?? null), now, expiresAt: now + lifetimeMs };
	}

	return {
		putToken: (token) =>
			connection.execute(() => {
				put.run(written(token, connection.now()));
			}),

		consumeToken: ({ purpose, tokenHash }) =>
			connection.execute(() => {
				const [row] = consume.all({ purpose, tokenHash });
				return row === undefined || row.expires_at <= connection.now() ? null : toToken(row);
			}),

		peekToken: ({ purpose, tokenHash }) =>
			connection.execute(() => {
				const row = peek.get({ purpose, tokenHash, now: connection.now() });
				return row === undefined ? null : toToken(row);
			}),

		findToken: ({ purpose, subject }) =>
			connection.execute(() => {
				const row = find.get({ purpose, subject, now: connection.now() });
				return row === undefined ? null : toToken(row);
			}),

		replaceToken: ({ token, events }) =>
			connection.transaction(() => {
				const now = connection.now();
				drop.run({ purpose: token.purpose, subject: token.subject });
				insert.run(written(token, now));
				steps.events.append(events, now);
			}),

		dropTokens: ({ purpose, subject, events }) =>
			connection.transaction(() => {
				if (drop.run({ purpose, subject }) === 0) return new Undo(false);
				steps.events.append(events, connection.now());
				return true;
			}),
	};
}

type Written = {
	purpose: string;
	tokenHash: Uint8Array;
	subject: string;
	payload: string;
	now: number;
	expiresAt: number;
};

function toRow(p: Written) {
	return {
		purpose: p.purpose,
		token_hash: p.tokenHash,
		subject: p.subject,
		payload: p.payload,
		created_at: p.now,
		expires_at: p.expiresAt,
	};
}

function prepareWrites(connection: SqliteConnection) {
	return {
		put: connection.prepare((db, p: Written) =>
			db
				.insertInto("latchkey_one_time_token")
				.values(toRow(p))
				.onConflict((conflict) =>
					conflict.columns(["purpose", "token_hash"]).doUpdateSet((eb) => ({
						subject: eb.ref("excluded.subject"),
						payload: eb.ref("excluded.payload"),
						created_at: eb.ref("excluded.created_at"),
						expires_at: eb.ref("excluded.expires_at"),
					})),
				),
		),

		insert: connection.prepare((db, p: Written) => db.insertInto("latchkey_one_time_token").values(toRow(p))),
	};
}

function prepareReads(connection: SqliteConnection) {
	return {
		peek: connection.prepare((db, p: { purpose: string; tokenHash: Uint8Array; now: number }) =>
			db
				.selectFrom("latchkey_one_time_token")
				.select(tokenColumns)
				.where("purpose", "=", p.purpose)
				.where("token_hash", "=", p.tokenHash)
				.where("expires_at", ">", p.now),
		),

		find: connection.prepare((db, p: { purpose: string; subject: string; now: number }) =>
			db
				.selectFrom("latchkey_one_time_token")
				.select(tokenColumns)
				.where("subject", "=", p.subject)
				.where("purpose", "=", p.purpose)
				.where("expires_at", ">", p.now)
				.limit(sql.lit(1)),
		),
	};
}

function prepareDeletions(connection: SqliteConnection) {
	return {
		// Deleted and returned in one statement, so that a replayed link finds nothing.
		consume: connection.prepare((db, p: { purpose: string; tokenHash: Uint8Array }) =>
			db
				.deleteFrom("latchkey_one_time_token")
				.where("purpose", "=", p.purpose)
				.where("token_hash", "=", p.tokenHash)
				.returning(tokenColumns),
		),

		drop: connection.prepare((db, p: { purpose: string; subject: string }) =>
			db.deleteFrom("latchkey_one_time_token").where("subject", "=", p.subject).where("purpose", "=", p.purpose),
		),
	};
}
