import { sql } from "kysely";
import type { ChangeFactors, FactorsChange } from "../factors-storage.ts";
import type { EventSteps } from "./audit-events.ts";
import { type SqliteConnection, Undo } from "./connection.ts";
import type { SessionSteps } from "./session-steps.ts";

/** What several changes of factors share. Every step runs inside a transaction, except `change`, which is one. */
export interface FactorSteps {
	/** A change that moves the epoch: all of it, or nothing when `work` answers anything but `changed`. */
	change<Answer extends string>(input: ChangeFactors, work: () => Answer): Promise<Answer | FactorsChange>;
	/** Puts these in the place of those of the user, who must be there. */
	replaceCodes(userId: string, codeHashes: readonly Uint8Array[], now: number): void;
	/** With no factor left there is nothing for recovery codes to stand in for. */
	tidy(userId: string): void;
	/** What somebody left who never proved that the account's address is theirs. */
	removeAll(userId: string): void;
	/** What was added from a time on, and with the last factor what stands in for it. */
	removeSince(userId: string, since: number): void;
	/** Sign-ins that wait for their second step do not survive a change of what it may be, nor do devices that need none. */
	endAttempts(userId: string): void;
}

interface FactorParts {
	sessions: SessionSteps;
	events: EventSteps;
}

/** Prepares the steps. */
export function factorSteps(connection: SqliteConnection, { sessions, events }: FactorParts): FactorSteps {
	const statements = prepareStatements(connection);

	function tidy(userId: string): void {
		if (statements.tidy.run({ userId }) === 1) statements.removeCodes.run({ userId, since: 0 });
	}

	return {
		tidy,
		change: <Answer extends string>(input: ChangeFactors, work: () => Answer) =>
			connection.transaction<Answer | FactorsChange>(() => {
				const now = connection.now();
				const { userId, keepSessionId } = input;
				if (sessions.endOthers({ userId, keepSessionId, now }) === null) {
					return new Undo<Answer | FactorsChange>("not_live");
				}
				const answer = work();
				if (answer !== "changed") return new Undo<Answer | FactorsChange>(answer);
				events.append(input.events, now);
				return answer;
			}),
		replaceCodes(userId, codeHashes, now) {
			const { recovery_set: set } = statements.nextSet.all({ userId })[0]!;
			statements.removeCodes.run({ userId, since: 0 });
			for (const codeHash of codeHashes) statements.addCode.run({ userId, codeHash, set, now });
		},
		removeAll(userId) {
			statements.removeTotp.run({ userId, since: 0 });
			statements.removePasskeys.run({ userId, since: 0 });
			statements.removeCodes.run({ userId, since: 0 });
			statements.forget.run({ userId });
		},
		removeSince(userId, since) {
			statements.removeTotp.run({ userId, since });
			statements.removePasskeys.run({ userId, since });
			statements.removeCodes.run({ userId, since });
			statements.recount.run({ userId });
			tidy(userId);
		},
		endAttempts(userId) {
			statements.endAttempts.run({ userId });
			statements.endTrust.run({ userId });
		},
	};
}

function prepareStatements(connection: SqliteConnection) {
	return {
		removeCodes: connection.prepare((db, p: { userId: string; since: number }) =>
			db.deleteFrom("latchkey_recovery_code").where("user_id", "=", p.userId).where("created_at", ">=", p.since),
		),

		removeTotp: connection.prepare((db, p: { userId: string; since: number }) =>
			db.deleteFrom("latchkey_totp").where("user_id", "=", p.userId).where("created_at", ">=", p.since),
		),

		removePasskeys: connection.prepare((db, p: { userId: string; since: number }) =>
			db.deleteFrom("latchkey_passkey").where("user_id", "=", p.userId).where("created_at", ">=", p.since),
		),

		forget: connection.prepare((db, p: { userId: string }) =>
			db
				.updateTable("latchkey_user")
				.set((eb) => ({ passkeys: 0, second_step: 0, recovery_set: eb("recovery_set", "+", sql.lit(1)) }))
				.where("id", "=", p.userId),
		),

		recount: connection.prepare((db, p: { userId: string }) =>
			db
				.updateTable("latchkey_user")
				.set((eb) => ({
					passkeys: eb
						.selectFrom("latchkey_passkey")
						.select((eb) => eb.fn.countAll<number>().as("count"))
						.where("user_id", "=", p.userId),
				}))
				.where("id", "=", p.userId),
		),

		nextSet: connection.prepare((db, p: { userId: string }) =>
			db
				.updateTable("latchkey_user")
				.set((eb) => ({ recovery_set: eb("recovery_set", "+", sql.lit(1)) }))
				.where("id", "=", p.userId)
				.returning("recovery_set"),
		),

		addCode: connection.prepare((db, p: { userId: string; codeHash: Uint8Array; set: number; now: number }) =>
			db
				.insertInto("latchkey_recovery_code")
				.values({ user_id: p.userId, code_hash: p.codeHash, set_number: p.set, created_at: p.now }),
		),

		tidy: connection.prepare((db, p: { userId: string }) =>
			db
				.updateTable("latchkey_user")
				.set((eb) => ({ second_step: 0, recovery_set: eb("recovery_set", "+", sql.lit(1)) }))
				.where("id", "=", p.userId)
				.where("passkeys", "=", 0)
				.where("id", "not in", (eb) =>
					eb.selectFrom("latchkey_totp").select("user_id").where("user_id", "=", p.userId),
				),
		),

		endTrust: connection.prepare((db, p: { userId: string }) =>
			db.deleteFrom("latchkey_trusted_device").where("user_id", "=", p.userId),
		),

		endAttempts: connection.prepare((db, p: { userId: string }) =>
			db.deleteFrom("latchkey_one_time_token").where("subject", "=", p.userId).where("purpose", "=", "attempt"),
		),
	};
}
