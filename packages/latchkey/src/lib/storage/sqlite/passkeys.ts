import { sql } from "kysely";
import type { AddedPasskey, FactorsStorage, NewPasskey } from "../factors-storage.ts";
import { toPasskey } from "../rows.ts";
import { type SqliteConnection, Undo } from "./connection.ts";
import type { Steps } from "./steps.ts";

type PasskeyOperations = Pick<
	FactorsStorage,
	"addPasskey" | "findPasskey" | "recordPasskeyUse" | "renamePasskey" | "removePasskey"
>;

/** Passkeys, kept and used. */
export function passkeyOperations(connection: SqliteConnection, steps: Steps): PasskeyOperations {
	const statements = prepareStatements(connection);
	const insert = passkeyStep(connection);
	const { factors } = steps;

	function whyNot(userId: string, epoch: number): Undo<AddedPasskey> {
		return new Undo(steps.sessions.isAt(userId, epoch) ? "full" : "gone");
	}

	return {
		addPasskey: ({ passkey, epoch, limit, events }) =>
			connection.transaction((): AddedPasskey | Undo<AddedPasskey> => {
				const now = connection.now();
				if (statements.countOne.run({ userId: passkey.userId, epoch, limit }) === 0)
					return whyNot(passkey.userId, epoch);
				if (!insert(passkey, now)) return new Undo("taken");
				factors.endAttempts(passkey.userId);
				steps.events.append(events, now);
				return "added";
			}),

		findPasskey: (credentialId) =>
			connection.execute(() => {
				const row = statements.find.get({ credentialId });
				return row === undefined ? null : toPasskey(row);
			}),

		recordPasskeyUse: ({ id, counter, backedUp }) =>
			connection.execute(
				() => statements.use.run({ id, counter, backed: Number(backedUp), now: connection.now() }) === 1,
			),

		renamePasskey: ({ userId, id, name, events }) =>
			connection.transaction(() => {
				if (statements.rename.run({ userId, id, name }) === 0) return new Undo(false);
				steps.events.append(events, connection.now());
				return true;
			}),

		removePasskey: (input) =>
			factors.change(input, () => {
				const { userId, id, usableProviders } = input;
				if (statements.remove.run({ userId, id }) === 0) return "gone";
				statements.discountOne.run({ userId });
				if (statements.waysIn.all({ userId, usable: JSON.stringify(usableProviders) }).length === 0) return "last";
				factors.tidy(userId);
				return "changed";
			}),
	};
}

/** Writes a passkey, inside a transaction. False when somebody has the credential. */
export function passkeyStep(connection: SqliteConnection): (passkey: NewPasskey, now: number) => boolean {
	const add = connection.prepare((db, p: AddParameters) =>
		db
			.insertInto("latchkey_passkey")
			.values({
				id: p.id,
				user_id: p.userId,
				credential_id: p.credentialId,
				public_key: p.publicKey,
				counter: p.counter,
				transports: p.transports,
				aaguid: p.aaguid,
				backup_eligible: p.eligible,
				backed_up: p.backed,
				name: p.name,
				created_at: p.now,
			})
			.onConflict((conflict) => conflict.column("credential_id").doNothing()),
	);
	return ({ backupEligible, backedUp, transports, ...rest }, now) => {
		const flags = { eligible: Number(backupEligible), backed: Number(backedUp) };
		return add.run({ ...rest, ...flags, transports: JSON.stringify(transports), now }) === 1;
	};
}

type AddParameters = {
	id: string;
	userId: string;
	credentialId: string;
	publicKey: string;
	counter: number;
	transports: string;
	aaguid: string;
	eligible: number;
	backed: number;
	name: string;
	now: number;
};

function prepareStatements(connection: SqliteConnection) {
	return {
		countOne: connection.prepare((db, p: { userId: string; epoch: number; limit: number }) =>
			db
				.updateTable("latchkey_user")
				.set((eb) => ({ passkeys: eb("passkeys", "+", sql.lit(1)) }))
				.where("id", "=", p.userId)
				.where("epoch", "=", p.epoch)
				.where("passkeys", "<", p.limit),
		),

		find: connection.prepare((db, p: { credentialId: string }) =>
			db.selectFrom("latchkey_passkey").selectAll().where("credential_id", "=", p.credentialId),
		),

		use: connection.prepare((db, p: { id: string; counter: number; backed: number; now: number }) =>
			db
				.updateTable("latchkey_passkey")
				.set({ counter: sql<number>`max(counter, ${p.counter})`, backed_up: p.backed, last_used_at: p.now })
				.where("id", "=", p.id),
		),

		rename: connection.prepare((db, p: { userId: string; id: string; name: string }) =>
			db.updateTable("latchkey_passkey").set({ name: p.name }).where("id", "=", p.id).where("user_id", "=", p.userId),
		),

		remove: connection.prepare((db, p: { userId: string; id: string }) =>
			db.deleteFrom("latchkey_passkey").where("id", "=", p.id).where("user_id", "=", p.userId),
		),

		discountOne: connection.prepare((db, p: { userId: string }) =>
			db
				.updateTable("latchkey_user")
				.set((eb) => ({ passkeys: eb("passkeys", "-", sql.lit(1)) }))
				.where("id", "=", p.userId),
		),

		waysIn: connection.prepare((db, p: { userId: string; usable: string }) =>
			db
				.selectFrom("latchkey_password")
				.select("user_id")
				.where("user_id", "=", p.userId)
				.unionAll((eb) => eb.selectFrom("latchkey_passkey").select("user_id").where("user_id", "=", p.userId))
				.unionAll((eb) =>
					eb
						.selectFrom("latchkey_identity")
						.select("user_id")
						.where("user_id", "=", p.userId)
						.where(sql<boolean>`(provider is null or provider in (select value from json_each(${p.usable})))`),
				)
				.limit(1),
		),
	};
}
