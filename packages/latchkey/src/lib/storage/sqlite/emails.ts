import { sql } from "kysely";
import type { EmailStorage } from "../email-storage.ts";
import { selectUsers, toUser } from "../rows.ts";
import { type SqliteConnection, Undo } from "./connection.ts";
import type { Steps } from "./steps.ts";

type EmailOperations = Pick<EmailStorage, "proveEmail" | "resetPassword" | "changeEmail">;

/** What a mailbox proves. */
export function emailOperations(connection: SqliteConnection, steps: Steps): EmailOperations {
	const tokens = prepareTokens(connection);
	const address = prepareAddress(connection);
	const account = prepareAccount(connection);
	const { factors } = steps;

	/** Takes away what somebody left, besides a password, who never proved that the address is theirs. */
	function removeUnproven(userId: string): void {
		account.removeIdentities.run({ userId, since: 0 });
		factors.removeAll(userId);
	}

	return {
		proveEmail: ({ userId, canonical, stranger, events }) =>
			connection.transaction((): { first: boolean } | Undo<null> => {
				const now = connection.now();
				const [held] = address.find.all({ userId, canonical });
				if (held === undefined) return new Undo(null);
				steps.killPending(userId);
				if (held.verified_at !== null) return { first: false };
				address.verify.run({ userId, now });
				if (stranger) {
					steps.sessions.endAll(userId, now);
					account.removePassword.run({ userId });
					removeUnproven(userId);
				}
				steps.events.append(events, now);
				return { first: true };
			}),

		resetPassword: ({ userId, canonical, token, sealed, settle, events }) =>
			connection.transaction(() => {
				const now = connection.now();
				const [held] = address.find.all({ userId, canonical });
				if (held === undefined || tokens.use.run({ ...token, subject: userId, now }) === 0) return new Undo(null);
				steps.killPending(userId);
				if (held.verified_at === null) {
					address.verify.run({ userId, now });
					removeUnproven(userId);
				}
				steps.sessions.endAll(userId, now);
				account.setPassword.run({ userId, sealed, now });
				steps.settle(settle);
				steps.events.append(events, now);
				return toUser(account.read.all({ userId })[0]!);
			}),

		changeEmail: ({ userId, token, email, undo, epoch, events }) =>
			connection.transaction((): Changed | Undo<Changed> => {
				const now = connection.now();
				if (epoch !== null && !steps.sessions.isAt(userId, epoch)) return new Undo<Changed>("gone");
				const [used] = tokens.use.all({ ...token, subject: userId, now });
				if (used === undefined) return new Undo<Changed>("gone");
				steps.killPending(userId);
				if (undo !== null) address.evict.run({ userId, canonical: email.canonical });
				address.remove.run({ userId });
				if (address.add.run({ userId, ...email, now }) === 0) return new Undo<Changed>("taken");
				if (undo !== null) {
					steps.sessions.endAll(userId, now);
					tokens.dropSince.run({ purpose: token.purpose, subject: userId, since: used.created_at });
					account.removePassword.run({ userId });
					account.removeIdentities.run({ userId, since: undo.since });
					account.keep.run({ userId });
					factors.removeSince(userId, undo.since);
				}
				steps.events.append(events, now);
				return "changed";
			}),
	};
}

type Changed = "changed" | "gone" | "taken";

function prepareTokens(connection: SqliteConnection) {
	return {
		dropSince: connection.prepare((db, p: { purpose: string; subject: string; since: number }) =>
			db
				.deleteFrom("latchkey_one_time_token")
				.where("subject", "=", p.subject)
				.where("purpose", "=", p.purpose)
				.where("created_at", ">=", p.since),
		),

		use: connection.prepare((db, p: { purpose: string; tokenHash: Uint8Array; subject: string; now: number }) =>
			db
				.deleteFrom("latchkey_one_time_token")
				.where("purpose", "=", p.purpose)
				.where("token_hash", "=", p.tokenHash)
				.where("subject", "=", p.subject)
				.where("expires_at", ">", p.now)
				.returning("created_at"),
		),
	};
}

function prepareAddress(connection: SqliteConnection) {
	const email = sql.lit("email" as const);
	return {
		find: connection.prepare((db, p: { userId: string; canonical: string }) =>
			db
				.selectFrom("latchkey_identifier")
				.select("verified_at")
				.where("user_id", "=", p.userId)
				.where("kind", "=", email)
				.where("canonical", "=", p.canonical),
		),

		verify: connection.prepare((db, p: { userId: string; now: number }) =>
			db
				.updateTable("latchkey_identifier")
				.set({ verified_at: p.now })
				.where("user_id", "=", p.userId)
				.where("kind", "=", email),
		),

		/** Somebody else's claim to an address that they never proved. */
		evict: connection.prepare((db, p: { userId: string; canonical: string }) =>
			db
				.deleteFrom("latchkey_identifier")
				.where("kind", "=", email)
				.where("canonical", "=", p.canonical)
				.where("user_id", "<>", p.userId)
				.where("verified_at", "is", null),
		),

		remove: connection.prepare((db, p: { userId: string }) =>
			db.deleteFrom("latchkey_identifier").where("user_id", "=", p.userId).where("kind", "=", email),
		),

		// Nothing is written when somebody else has it.
		add: connection.prepare((db, p: { userId: string; value: string; canonical: string; now: number }) =>
			db
				.insertInto("latchkey_identifier")
				.values({
					user_id: p.userId,
					kind: email,
					value: p.value,
					canonical: p.canonical,
					verified_at: p.now,
					created_at: p.now,
				})
				.onConflict((conflict) => conflict.columns(["kind", "canonical"]).doNothing()),
		),
	};
}

/** What proves who somebody is, and their wish to leave. */
function prepareAccount(connection: SqliteConnection) {
	return {
		setPassword: connection.prepare((db, p: { userId: string; sealed: string; now: number }) =>
			db
				.insertInto("latchkey_password")
				.values((eb) => ({
					user_id: p.userId,
					sealed: p.sealed,
					// Moved at every change and removal before, so no password of this user ever had it.
					version: eb
						.selectFrom("latchkey_user as u")
						.select("u.epoch")
						.where("u.id", "=", p.userId)
						.$asScalar()
						.$notNull(),
					changed_at: p.now,
				}))
				.onConflict((conflict) =>
					conflict.column("user_id").doUpdateSet({
						sealed: p.sealed,
						version: sql<number>`latchkey_password.version + 1`,
						changed_at: p.now,
						failures: 0,
					}),
				),
		),

		removePassword: connection.prepare((db, p: { userId: string }) =>
			db.deleteFrom("latchkey_password").where("user_id", "=", p.userId),
		),

		removeIdentities: connection.prepare((db, p: { userId: string; since: number }) =>
			db.deleteFrom("latchkey_identity").where("user_id", "=", p.userId).where("created_at", ">=", p.since),
		),

		keep: connection.prepare((db, p: { userId: string }) =>
			db.updateTable("latchkey_user").set({ deletes_at: null }).where("id", "=", p.userId),
		),

		read: connection.prepare((db, p: { userId: string }) => selectUsers(db).where("u.id", "=", p.userId)),
	};
}
