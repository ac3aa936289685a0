import type { Storage } from "../storage.ts";
import type { SqliteConnection } from "./connection.ts";

type TokenOperations = Pick<Storage, "putToken" | "consumeToken">;

/** Single-use state. */
export function tokenOperations(connection: SqliteConnection): TokenOperations {
	const put = connection.prepareWrite(
		(
			db,
			p: { purpose: string; tokenHash: Uint8Array; subject: string; payload: string; now: number; expiresAt: number },
		) =>
			db
				.insertInto("latchkey_one_time_token")
				.values({
					purpose: p.purpose,
					token_hash: p.tokenHash,
					subject: p.subject,
					payload: p.payload,
					created_at: p.now,
					expires_at: p.expiresAt,
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
	const consume = connection.prepareWrite((db, p: { purpose: string; tokenHash: Uint8Array }) =>
		db
			.deleteFrom("latchkey_one_time_token")
			.where("purpose", "=", p.purpose)
			.where("token_hash", "=", p.tokenHash)
			.returning(["purpose", "subject", "payload", "created_at", "expires_at"]),
	);

	return {
		putToken: ({ purpose, tokenHash, subject, payload, lifetimeMs }) =>
			connection.execute(() => {
				const now = connection.now();
				const json = JSON.stringify(payload ?? null);
				put.run({ purpose, tokenHash, subject, payload: json, now, expiresAt: now + lifetimeMs });
			}),

		consumeToken: ({ purpose, tokenHash }) =>
			connection.execute(() => {
				const [row] = consume.all({ purpose, tokenHash });
				if (row === undefined || row.expires_at <= connection.now()) return null;
				return {
					purpose: row.purpose,
					subject: row.subject,
					payload: JSON.parse(row.payload),
					createdAt: row.created_at,
					expiresAt: row.expires_at,
				};
			}),
	};
}
