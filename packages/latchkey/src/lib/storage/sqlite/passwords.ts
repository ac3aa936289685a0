import { sql } from "kysely";
import type { PasswordsStorage } from "../passwords-storage.ts";
import { type SqliteConnection, Undo } from "./connection.ts";
import type { Steps } from "./steps.ts";

/** Passwords chosen, changed, and stored anew without a change. */
export function passwordOperations(connection: SqliteConnection, steps: Steps): PasswordsStorage {
	const change = connection.prepare((db, p: { userId: string; version: number; sealed: string; now: number }) =>
		db
			.updateTable("latchkey_password")
			.set((eb) => ({
				sealed: p.sealed,
				version: eb("version", "+", sql.lit(1)),
				changed_at: p.now,
				failures: sql.lit(0),
			}))
			.where("user_id", "=", p.userId)
			.where("version", "=", p.version),
	);

	const { factors } = steps;
	// The epoch moved at every change and removal before, so no password of this user ever had it for a version.
	const add = connection.prepare((db, p: { userId: string; sealed: string; now: number }) =>
		db
			.insertInto("latchkey_password")
			.columns(["user_id", "sealed", "version", "changed_at"])
			.expression((eb) =>
				eb
					.selectFrom("latchkey_user as u")
					.where("u.id", "=", p.userId)
					.select((eb) => ["u.id", eb.val(p.sealed).as("sealed"), "u.epoch", eb.val(p.now).as("now")]),
			)
			.onConflict((conflict) => conflict.doNothing()),
	);

	const reseal = connection.prepare((db, p: { userId: string; version: number; from: string; to: string }) =>
		db
			.updateTable("latchkey_password")
			.set({ sealed: p.to })
			.where("user_id", "=", p.userId)
			.where("version", "=", p.version)
			.where("sealed", "=", p.from),
	);

	return {
		changePassword: ({ userId, version, sealed, session, settle, events }) =>
			connection.transaction(() => {
				const now = connection.now();
				if (change.run({ userId, version, sealed, now }) === 0) return new Undo(null);
				const epoch = steps.sessions.endAll(userId, now);
				const opened = epoch === null ? null : steps.sessions.insert({ ...session, userId, epoch }, now);
				if (opened === null) return new Undo(null);
				steps.killPending(userId);
				steps.settle(settle);
				steps.events.append(events, now);
				return opened;
			}),

		addPassword: (input) =>
			factors.change(input, () => {
				const { userId, sealed } = input;
				if (add.run({ userId, sealed, now: connection.now() }) === 0) return "gone";
				steps.killPending(userId);
				return "changed";
			}),

		resealPassword: (input) => connection.execute(() => reseal.run(input) === 1),
	};
}
