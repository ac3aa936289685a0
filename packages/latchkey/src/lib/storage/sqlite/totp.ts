import type { FactorsStorage } from "../factors-storage.ts";
import { type SqliteConnection, Undo } from "./connection.ts";
import type { Steps } from "./steps.ts";

type TotpOperations = Pick<FactorsStorage, "addTotp" | "recordTotpUse" | "renameTotp" | "removeTotp">;

/** Authenticator apps, kept and used. */
export function totpOperations(connection: SqliteConnection, steps: Steps): TotpOperations {
	const statements = prepareStatements(connection);
	const { factors } = steps;
	return {
		addTotp: ({ userId, epoch, sealed, step, name, recoveryCodeHashes, session, replaces, settle, events }) =>
			connection.transaction(() => {
				const now = connection.now();
				if (statements.add.run({ userId, epoch, sealed, step, name, now }) === 0) return new Undo(null);
				if (recoveryCodeHashes !== null) factors.replaceCodes(userId, recoveryCodeHashes, now);
				const moved = steps.sessions.endAll(userId, now)!;
				const opened = steps.sessions.insert({ ...session, userId, epoch: moved }, now);
				if (opened === null) return new Undo(null);
				if (replaces !== null) steps.sessions.endReplaced(replaces.sessionId, now);
				steps.settle(settle);
				steps.events.append(events, now);
				return opened;
			}),

		recordTotpUse: ({ userId, sealed, step, resealed }) =>
			connection.execute(
				() => statements.use.run({ userId, sealed, step, next: resealed ?? sealed, now: connection.now() }) === 1,
			),

		renameTotp: ({ userId, name, events }) =>
			connection.transaction(() => {
				if (statements.rename.run({ userId, name }) === 0) return new Undo(false);
				steps.events.append(events, connection.now());
				return true;
			}),

		removeTotp: (input) =>
			factors.change(input, () => {
				if (statements.remove.run({ userId: input.userId }) === 0) return "gone";
				factors.tidy(input.userId);
				return "changed";
			}),
	};
}

function prepareStatements(connection: SqliteConnection) {
	return {
		add: connection.prepare(
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

		use: connection.prepare((db, p: { userId: string; sealed: string; step: number; next: string; now: number }) =>
			db
				.updateTable("latchkey_totp")
				.set({ last_step: p.step, sealed: p.next, last_used_at: p.now })
				.where("user_id", "=", p.userId)
				.where("sealed", "=", p.sealed)
				.where("last_step", "<", p.step),
		),

		rename: connection.prepare((db, p: { userId: string; name: string }) =>
			db.updateTable("latchkey_totp").set({ name: p.name }).where("user_id", "=", p.userId),
		),

		remove: connection.prepare((db, p: { userId: string }) =>
			db.deleteFrom("latchkey_totp").where("user_id", "=", p.userId),
		),
	};
}
