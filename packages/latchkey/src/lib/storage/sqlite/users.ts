import { sql } from "kysely";
import {
	factorColumns,
	type NamedBy,
	passwordColumns,
	selectCredentials,
	selectUsers,
	toCredentials,
	toUser,
} from "../rows.ts";
import type { Storage, UpdatedUser } from "../storage.ts";
import { type SqliteConnection, Undo } from "./connection.ts";
import type { Steps } from "./steps.ts";

type UserOperations = Pick<Storage, "findCredentials" | "findCredentialsOfUser" | "findUserByIdentity" | "updateUser">;

/** Users found and changed. */
export function userOperations(connection: SqliteConnection, steps: Steps): UserOperations {
	const find = prepareLookups(connection);
	const change = prepareChanges(connection);
	return {
		findCredentials: ({ kind, canonical }) =>
			connection.execute(() => toCredentials(find.byIdentifier.get({ kind, canonical }))),

		findCredentialsOfUser: (userId) => connection.execute(() => toCredentials(find.byId.get({ userId }))),

		findUserByIdentity: ({ issuer, subject }) =>
			connection.execute(() => {
				const row = find.byIdentity.get({ issuer, subject });
				return row === undefined ? null : toUser(row);
			}),

		updateUser: ({ userId, name, username, fields, events }) =>
			connection.transaction((): UpdatedUser | Undo<UpdatedUser> => {
				const now = connection.now();
				const changesName = name === undefined ? 0 : 1;
				if (change.name.run({ userId, changesName, name: name ?? null, now }) === 0) return refuse("gone");
				if (fields !== undefined && change.fields.run({ userId, ...fields }) === 0) return refuse("moved");
				if (username !== undefined) {
					const hadOne = change.removeUsername.run({ userId }) === 1;
					if (username === null) {
						if (hadOne && change.anyIdentifier.all({ userId }).length === 0) return refuse("last_identifier");
					} else if (change.addUsername.run({ userId, ...username, now }) === 0) {
						return refuse("taken");
					}
				}
				steps.events.append(events, now);
				return { ok: true, user: toUser(change.read.get({ userId })!) };
			}),
	};
}

function refuse(reason: Extract<UpdatedUser, { ok: false }>["reason"]): Undo<UpdatedUser> {
	return new Undo({ ok: false, reason });
}

function prepareLookups(connection: SqliteConnection) {
	return {
		byIdentifier: connection.prepare((db, p: NamedBy) => selectCredentials(db, p)),

		byId: connection.prepare((db, p: { userId: string }) =>
			selectUsers(db)
				.leftJoin("latchkey_password as password", "password.user_id", "u.id")
				.select(passwordColumns)
				.select(factorColumns)
				.where("u.id", "=", p.userId),
		),

		byIdentity: connection.prepare((db, p: { issuer: string; subject: string }) =>
			selectUsers(db)
				.innerJoin("latchkey_identity as identity", "identity.user_id", "u.id")
				.where("identity.issuer", "=", p.issuer)
				.where("identity.subject", "=", p.subject),
		),
	};
}

function prepareChanges(connection: SqliteConnection) {
	return {
		name: connection.prepare((db, p: { userId: string; changesName: number; name: string | null; now: number }) =>
			db
				.updateTable("latchkey_user")
				.set({
					name: sql<string | null>`case when ${p.changesName} then ${p.name} else name end`,
					updated_at: p.now,
				})
				.where("id", "=", p.userId),
		),

		fields: connection.prepare((db, p: { userId: string; from: string | null; to: string | null }) =>
			db
				.updateTable("latchkey_user")
				.set({ fields: p.to })
				.where("id", "=", p.userId)
				.where(sql<boolean>`fields is ${p.from}`),
		),

		removeUsername: connection.prepare((db, p: { userId: string }) =>
			db
				.deleteFrom("latchkey_identifier")
				.where("user_id", "=", p.userId)
				.where("kind", "=", sql.lit("username" as const)),
		),

		// Nothing is written when somebody else has it.
		addUsername: connection.prepare((db, p: { userId: string; value: string; canonical: string; now: number }) =>
			db
				.insertInto("latchkey_identifier")
				.values({
					user_id: p.userId,
					kind: sql.lit("username" as const),
					value: p.value,
					canonical: p.canonical,
					created_at: p.now,
				})
				.onConflict((conflict) => conflict.columns(["kind", "canonical"]).doNothing()),
		),

		anyIdentifier: connection.prepare((db, p: { userId: string }) =>
			db.selectFrom("latchkey_identifier").select("kind").where("user_id", "=", p.userId).limit(1),
		),

		read: connection.prepare((db, p: { userId: string }) => selectUsers(db).where("u.id", "=", p.userId)),
	};
}
