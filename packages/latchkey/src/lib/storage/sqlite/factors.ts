import { sql } from "kysely";
import type { ChangeFactors, FactorsChange, FactorsRecord, FactorsStorage } from "../factors-storage.ts";
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
	const factors = factorSteps(connection, steps);
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
				if (statements.userAt.all({ userId, epoch }).length === 0) return new Undo(false);
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

export function factorSteps(connection: SqliteConnection, steps: Steps): FactorSteps {
	const statements = prepareSteps(connection);
	return {
		change: <Answer extends string>(input: ChangeFactors, work: () => Answer) =>
			connection.transaction<Answer | FactorsChange>(() => {
				const now = connection.now();
				const { userId, keepSessionId, events } = input;
				steps.sessions.endLive({ userId, keepSessionId, now });
				if (!steps.sessions.keep({ userId, sessionId: keepSessionId, now }))
					return new Undo<Answer | FactorsChange>("not_live");
				steps.sessions.moveEpoch(userId);
				const answer = work();
				if (answer !== "changed") return new Undo<Answer | FactorsChange>(answer);
				steps.events.append(events, now);
				return answer;
			}),
		replaceCodes(userId, codeHashes, now) {
			const { recovery_set: set } = statements.nextSet.all({ userId })[0]!;
			statements.removeCodes.run({ userId, since: 0 });
			for (const codeHash of codeHashes) statements.addCode.run({ userId, codeHash, set, now });
		},
		tidy(userId) {
			if (statements.tidy.run({ userId }) === 1) statements.removeCodes.run({ userId, since: 0 });
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
			if (statements.tidy.run({ userId }) === 1) statements.removeCodes.run({ userId, since: 0 });
		},
		endAttempts(userId) {
			statements.endAttempts.run({ userId });
			statements.endTrust.run({ userId });
		},
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

		userAt: connection.prepareWrite((db, p: { userId: string; epoch: number }) =>
			db.selectFrom("latchkey_user").select("id").where("id", "=", p.userId).where("epoch", "=", p.epoch),
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

function prepareSteps(connection: SqliteConnection) {
	return {
		removeCodes: connection.prepareWrite((db, p: { userId: string; since: number }) =>
			db.deleteFrom("latchkey_recovery_code").where("user_id", "=", p.userId).where("created_at", ">=", p.since),
		),

		removeTotp: connection.prepareWrite((db, p: { userId: string; since: number }) =>
			db.deleteFrom("latchkey_totp").where("user_id", "=", p.userId).where("created_at", ">=", p.since),
		),

		removePasskeys: connection.prepareWrite((db, p: { userId: string; since: number }) =>
			db.deleteFrom("latchkey_passkey").where("user_id", "=", p.userId).where("created_at", ">=", p.since),
		),

		forget: connection.prepareWrite((db, p: { userId: string }) =>
			db
				.updateTable("latchkey_user")
				.set((eb) => ({ passkeys: 0, second_step: 0, recovery_set: eb("recovery_set", "+", sql.lit(1)) }))
				.where("id", "=", p.userId),
		),

		recount: connection.prepareWrite((db, p: { userId: string }) =>
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

		nextSet: connection.prepareWrite((db, p: { userId: string }) =>
			db
				.updateTable("latchkey_user")
				.set((eb) => ({ recovery_set: eb("recovery_set", "+", sql.lit(1)) }))
				.where("id", "=", p.userId)
				.returning("recovery_set"),
		),

		addCode: connection.prepareWrite((db, p: { userId: string; codeHash: Uint8Array; set: number; now: number }) =>
			db
				.insertInto("latchkey_recovery_code")
				.values({ user_id: p.userId, code_hash: p.codeHash, set_number: p.set, created_at: p.now }),
		),

		tidy: connection.prepareWrite((db, p: { userId: string }) =>
			db
				.updateTable("latchkey_user")
				.set((eb) => ({ second_step: 0, recovery_set: eb("recovery_set", "+", sql.lit(1)) }))
				.where("id", "=", p.userId)
				.where("passkeys", "=", 0)
				.where("id", "not in", (eb) =>
					eb.selectFrom("latchkey_totp").select("user_id").where("user_id", "=", p.userId),
				),
		),

		endTrust: connection.prepareWrite((db, p: { userId: string }) =>
			db.deleteFrom("latchkey_trusted_device").where("user_id", "=", p.userId),
		),

		endAttempts: connection.prepareWrite((db, p: { userId: string }) =>
			db.deleteFrom("latchkey_one_time_token").where("subject", "=", p.userId).where("purpose", "=", "attempt"),
		),
	};
}
