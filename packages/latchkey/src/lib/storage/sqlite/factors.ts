import { sql } from "kysely";
import type { FactorsRecord, FactorsStorage } from "../factors-storage.ts";
import { type SqliteConnection, Undo } from "./connection.ts";
import { factorColumns, toPasskey } from "./rows.ts";
import type { Steps } from "./steps.ts";

type FactorOperations = Omit<
	FactorsStorage,
	"addPasskey" | "findPasskey" | "recordPasskeyUse" | "renamePasskey" | "removePasskey"
>;

/** What an account has besides a password, passkeys' own doings apart. */
export function factorOperations(connection: SqliteConnection, steps: Steps): FactorOperations {
	const read = prepareReads(connection);
	const { factors } = steps;
	const statements = prepareStatements(connection);
	return {
		readFactors: (userId) =>
			connection.snapshot((): FactorsRecord | null => {
				const user = read.user.get({ userId });
				if (user === undefined) return null;
				const totp = read.totp.get({ userId });
				return {
					totp:
						totp === undefined
							? null
							: {
									sealed: totp.sealed,
									lastStep: totp.last_step,
									name: totp.name,
									createdAt: totp.created_at,
									lastUsedAt: totp.last_used_at,
								},
					passkeys: read.passkeys.all({ userId }).map(toPasskey),
					recoveryCodes: user.recovery_codes,
					secondStep: user.second_step === 1,
					password: user.password !== null,
				};
			}),

		addTotp: ({ userId, epoch, sealed, step, name, recoveryCodeHashes, session, replaces, settle, events }) =>
			connection.transaction(() => {
				const now = connection.now();
				if (statements.addTotp.run({ userId, epoch, sealed, step, name, now }) === 0) return new Undo(null);
				if (recoveryCodeHashes !== null) factors.replaceCodes(userId, recoveryCodeHashes, now);
				steps.sessions.endLive({ userId, keepSessionId: null, now });
				const opened = steps.sessions.insert({ ...session, userId, epoch: steps.sessions.moveEpoch(userId)! }, now);
				if (opened === null) return new Undo(null);
				if (replaces !== null) steps.sessions.endReplaced(replaces.sessionId, now);
				steps.settle(settle);
				steps.events.append(events, now);
				return opened;
			}),

		recordTotpUse: ({ userId, sealed, step, resealed }) =>
			connection.execute(
				() =>
					statements.recordTotpUse.run({ userId, sealed, step, next: resealed ?? sealed, now: connection.now() }) === 1,
			),

		renameTotp: ({ userId, name, events }) =>
			connection.transaction(() => {
				if (statements.renameTotp.run({ userId, name }) === 0) return new Undo(false);
				steps.events.append(events, connection.now());
				return true;
			}),

		removeTotp: (input) =>
			factors.change(input, () => {
				if (statements.removeTotp.run({ userId: input.userId }) === 0) return "gone";
				factors.tidy(input.userId);
				return "changed";
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
		user: connection.prepareRead((db, p: { userId: string }) =>
			db
				.selectFrom("latchkey_user as u")
				.leftJoin("latchkey_password as password", "password.user_id", "u.id")
				.select("password.user_id as password")
				.select(factorColumns)
				.where("u.id", "=", p.userId),
		),
		totp: connection.prepareRead((db, p: { userId: string }) =>
			db.selectFrom("latchkey_totp").selectAll().where("user_id", "=", p.userId),
		),
		passkeys: connection.prepareRead((db, p: { userId: string }) =>
			db.selectFrom("latchkey_passkey").selectAll().where("user_id", "=", p.userId).orderBy("id"),
		),
	};
}

function prepareStatements(connection: SqliteConnection) {
	return {
		addTotp: connection.prepareWrite(
			(db, p: { userId: string; epoch: number; sealed: string; step: number; name: string | null; now: number }) =>
				db
					.insertInto("latchkey_totp")
					.columns(["user_id", "sealed", "last_step", "created_at", "name"])
					.expression((eb) =>
						eb
							.selectFrom("latchkey_user as u")
							.where("u.id", "=", p.userId)
							.where("u.epoch", "=", p.epoch)
							.select((eb) => [
								"u.id as user_id",
								eb.val(p.sealed).as("sealed"),
								eb.val(p.step).as("last_step"),
								eb.val(p.now).as("created_at"),
								eb.val(p.name).as("name"),
							]),
					)
					.onConflict((conflict) => conflict.doNothing()),
		),

		recordTotpUse: connection.prepareWrite(
			(db, p: { userId: string; sealed: string; step: number; next: string; now: number }) =>
				db
					.updateTable("latchkey_totp")
					.set({ last_step: p.step, sealed: p.next, last_used_at: p.now })
					.where("user_id", "=", p.userId)
					.where("sealed", "=", p.sealed)
					.where("last_step", "<", p.step),
		),

		renameTotp: connection.prepareWrite((db, p: { userId: string; name: string }) =>
			db.updateTable("latchkey_totp").set({ name: p.name }).where("user_id", "=", p.userId),
		),

		removeTotp: connection.prepareWrite((db, p: { userId: string }) =>
			db.deleteFrom("latchkey_totp").where("user_id", "=", p.userId),
		),

		consumeCode: connection.prepareWrite((db, p: { userId: string; codeHash: Uint8Array }) =>
			db
				.deleteFrom("latchkey_recovery_code")
				.where("user_id", "=", p.userId)
				.where("code_hash", "=", p.codeHash)
				.where("set_number", "=", (eb) =>
					eb.selectFrom("latchkey_user as u").select("u.recovery_set").where("u.id", "=", p.userId),
				),
		),

		switchSecondStep: connection.prepareWrite((db, p: { userId: string; on: number }) =>
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
