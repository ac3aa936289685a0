import { sql } from "kysely";
import type { Storage } from "../storage.ts";
import type { PostgresConnection } from "./connection.ts";
import { now } from "./fragments.ts";
import type { Ambient } from "./prepared.ts";

type TokenOperations = Pick<Storage, "putToken" | "consumeToken">;

/** Single-use state. */
export function tokenOperations(connection: PostgresConnection): TokenOperations {
	type New = { purpose: string; tokenHash: Uint8Array; subject: string; payload: string; lifetimeMs: number };
	const put = connection.prepare((db, p: New & Ambient) =>
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
	);

	// Deleted and returned in one statement, so that a replayed link finds nothing.
	const consume = connection.prepare((db, p: { purpose: string; tokenHash: Uint8Array } & Ambient) =>
		db
			.deleteFrom("latchkey_one_time_token")
			.where("purpose", "=", p.purpose)
			.where("token_hash", "=", p.tokenHash)
			.returning(["purpose", "subject", "payload", "created_at", "expires_at"])
			.returning(sql<boolean>`expires_at > ${now(p)}`.as("good")),
	);

	return {
		putToken: async ({ purpose, subject, tokenHash, lifetimeMs, payload }) => {
			await put.all({ purpose, subject, tokenHash, lifetimeMs, payload: JSON.stringify(payload ?? null) });
		},

		consumeToken: async (input) => {
			const row = await consume.first(input);
			if (row === undefined || !row.good) return null;
			return {
				purpose: row.purpose,
				subject: row.subject,
				payload: JSON.parse(row.payload),
				createdAt: row.created_at,
				expiresAt: row.expires_at,
			};
		},
	};
}
