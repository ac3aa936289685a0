import { sql } from "kysely";
import type { EmailStorage } from "../email-storage.ts";
import { type TokenRow, tokenColumns, toToken } from "../rows.ts";
import type { NewToken, Storage } from "../storage.ts";
import type { PostgresConnection } from "./connection.ts";
import { clock, eventRows, logged, now } from "./fragments.ts";
import type { Ambient } from "./prepared.ts";

type TokenOperations = Pick<Storage, "putToken" | "consumeToken"> &
	Pick<EmailStorage, "peekToken" | "findToken" | "replaceToken" | "dropTokens">;

/** Single-use state. */
export function tokenOperations(connection: PostgresConnection): TokenOperations {
	const { put, consume, peek, find, replace, drop } = prepareStatements(connection);
	return {
		putToken: async (token) => {
			await put.all(written(token));
		},

		consumeToken: async (input) => {
			const row = await consume.first(input);
			return row === undefined || !row.good ? null : toToken(row);
		},

		peekToken: async (input) => {
			const row = await peek.first(input);
			return row === undefined ? null : toToken(row);
		},

		findToken: async (input) => {
			const row = await find.first(input);
			return row === undefined ? null : toToken(row);
		},

		replaceToken: async ({ token, events }) => {
			await replace.all({ ...written(token), events: eventRows(events) });
		},

		dropTokens: async ({ purpose, subject, events }) =>
			(await drop.all({ purpose, subject, events: eventRows(events) })).length > 0,
	};
}

type New = { purpose: string; tokenHash: Uint8Array; subject: string; payload: string; lifetimeMs: number };

function written({ purpose, subject, tokenHash, lifetimeMs, payload }: NewToken): New {
	return { purpose, subject, tokenHash, lifetimeMs, payload: JSON.stringify(payload ?? null) };
}

function prepareStatements(connection: PostgresConnection) {
	const columns = sql`t.purpose, t.subject, t.payload, t.created_at, t.expires_at`;
	return {
		put: connection.prepare((db, p: New & Ambient) =>
			db
				.insertInto("latchkey_one_time_token")
				.values({
					purpose: p.purpose,
					token_hash: p.tokenHash,
					subject: p.subject,
					payload: p.payload,
					created_at: now(p),
					expires_at: sql<number>`${now(p)} + ${p.lifetimeMs}::bigint`,
				})
				.onConflict((conflict) =>
					conflict.columns(["purpose", "token_hash"]).doUpdateSet((eb) => ({
						subject: eb.ref("excluded.subject"),
						payload: eb.ref("excluded.payload"),
						created_at: eb.ref("excluded.created_at"),
						expires_at: eb.ref("excluded.expires_at"),
					})),
				),
		),

		// Deleted and returned in one statement, so that a replayed link finds nothing.
		consume: connection.prepare((db, p: { purpose: string; tokenHash: Uint8Array } & Ambient) =>
			db
				.deleteFrom("latchkey_one_time_token")
				.where("purpose", "=", p.purpose)
				.where("token_hash", "=", p.tokenHash)
				.returning(tokenColumns)
				.returning(sql<boolean>`expires_at > ${now(p)}`.as("good")),
		),

		peek: connection.prepare<{ purpose: string; tokenHash: Uint8Array }, TokenRow>(
			(_, p) => sql`select ${columns} from latchkey_one_time_token as t
				where t.purpose = ${p.purpose}::text and t.token_hash = ${p.tokenHash}::bytea and t.expires_at > ${now(p)}`,
		),

		find: connection.prepare<{ purpose: string; subject: string }, TokenRow>(
			(_, p) => sql`select ${columns} from latchkey_one_time_token as t
				where t.subject = ${p.subject}::text and t.purpose = ${p.purpose}::text and t.expires_at > ${now(p)} limit 1`,
		),

		replace: connection.prepare<New & { events: string }, never>(
			(_, p) => sql`with ${clock(p)},
				dropped as (
					delete from latchkey_one_time_token
					where latchkey_one_time_token.subject = ${p.subject}::text
						and latchkey_one_time_token.purpose = ${p.purpose}::text
						and latchkey_one_time_token.token_hash <> ${p.tokenHash}::bytea
				),
				put as (
					insert into latchkey_one_time_token (purpose, token_hash, subject, payload, created_at, expires_at)
					select ${p.purpose}::text, ${p.tokenHash}::bytea, ${p.subject}::text, ${p.payload}::text,
						clock.now, clock.now + ${p.lifetimeMs}::bigint
					from clock
					returning purpose
				),
				${logged(p, "put")}
				select from put`,
		),

		drop: connection.prepare<{ purpose: string; subject: string; events: string }, { purpose: string }>(
			(_, p) => sql`with ${clock(p)},
				dropped as (
					delete from latchkey_one_time_token
					where latchkey_one_time_token.subject = ${p.subject}::text
						and latchkey_one_time_token.purpose = ${p.purpose}::text
					returning latchkey_one_time_token.purpose
				),
				gone as (select dropped.purpose from dropped limit 1),
				${logged(p, "gone")}
				select gone.purpose from gone`,
		),
	};
}
