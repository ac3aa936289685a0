import { sql } from "kysely";
import type { FactorsRecord, FactorsStorage } from "../factors-storage.ts";
import { factorColumns, toFactors } from "../rows.ts";
import { type SqliteConnection, Undo } from "./connection.ts";
import type { Steps } from "./steps.ts";

type FactorOperations = Pick<
	FactorsStorage,
	"readFactors" | "replaceRecoveryCodes" | "consumeRecoveryCode" | "forgetAttempts" | "switchSecondStep"
>;

/** What an account has besides a password: all of it at a glance, recovery codes, and whether it asks for a second step. */
export function factorOperations(connection: SqliteConnection, steps: Steps): FactorOperations {
	const read = prepareReads(connection);
	const { factors } = steps;
	const statements = prepareStatements(connection);
	return {
		readFactors: (userId) =>
			connection.snapshot((): FactorsRecord | null => {
				const user = read.user.get({ userId });
				if (user === undefined) return null;
				return toFactors(user, read.totp.get({ userId }), read.passkeys.all({ userId }));
			}),

		replaceRecoveryCodes: ({ userId, epoch, codeHashes, settle, events }) =>
			connection.transaction(() => {
				const now = connection.now();
				if (!steps.sessions.isAt(userId, epoch)) return new Undo(false);
				factors.replaceCodes(userId, codeHashes, now);
				factors.endAttempts(userId);
				steps.settle(settle);
				steps.events.append(events, now);
				return true;
			}),

		consumeRecoveryCode: ({ userId, codeHash }) =>
			connection.execute(() => statements.consumeCode.run({ userId, codeHash }) === 1),

		forgetAttempts: ({ keys, events }) =>
			connection.transaction(() => {
				steps.settle({ clear: keys, giveBack: [] });
				steps.events.append(events, connection.now());
			}),

		switchSecondStep: (input) =>
			factors.change(input, () => {
				const { userId, on } = input;
				return statements.switchSecondStep.run({ userId, on: on ? 1 : 0 }) === 1 ? "changed" : "gone";
			}),
	};
}

function prepareReads(connection: SqliteConnection) {
	return {
		user: connection.prepare((db, p: { userId: string }) =>
			db
				.selectFrom("latchkey_user as u")
				.leftJoin("latchkey_password as password", "password.user_id", "u.id")
				.select("password.user_id as password")
				.select(factorColumns)
				.where("u.id", "=", p.userId),
		),
		totp: connection.prepare((db, p: { userId: string }) =>
			db.selectFrom("latchkey_totp").selectAll().where("user_id", "=", p.userId),
		),
		passkeys: connection.prepare((db, p: { userId: string }) =>
			db.selectFrom("latchkey_passkey").selectAll().where("user_id", "=", p.userId).orderBy("id"),
		),
	};
}

function prepareStatements(connection: SqliteConnection) {
	return {
		consumeCode: connection.prepare((db, p: { userId: string; codeHash: Uint8Array }) =>
			db
				.deleteFrom("latchkey_recovery_code")
				.where("user_id", "=", p.userId)
				.where("code_hash", "=", p.codeHash)
				.where("set_number", "=", (eb) =>
					eb.selectFrom("latchkey_user as u").select("u.recovery_set").where("u.id", "=", p.userId),
				),
		),

		switchSecondStep: connection.prepare((db, p: { userId: string; on: number }) =>
			db
				.updateTable("latchkey_user")
				.set({ second_step: p.on })
				.where("id", "=", p.userId)
				.where(
					sql<boolean>`(${p.on} = 0 or passkeys > 0
						or exists (select 1 from latchkey_totp as t where t.user_id = latchkey_user.id))`,
				),
		),
	};
}
