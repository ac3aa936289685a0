import {
	exportedFactors,
	factorColumns,
	selectUsers,
	sessionColumns,
	toEvent,
	toSession,
	toTrustedDevice,
	toUser,
	trustedDeviceColumns,
} from "../rows.ts";
import type { Storage } from "../storage.ts";
import type { SqliteConnection } from "./connection.ts";

/** Everything stored about a person, read on one state of the database. */
export function exportUserOperation(connection: SqliteConnection): Pick<Storage, "exportUser"> {
	const statements = prepareStatements(connection);
	return {
		exportUser: (userId) =>
			connection.snapshot(() => {
				const row = statements.user.get({ userId });
				if (row === undefined) return null;
				const password = statements.password.get({ userId });
				return {
					user: { ...toUser(row), updatedAt: row.updated_at },
					identifiers: statements.identifiers.all({ userId }).map(({ kind, value, verified_at, created_at }) => ({
						kind,
						value,
						verifiedAt: verified_at,
						createdAt: created_at,
					})),
					identities: statements.identities
						.all({ userId })
						.map(({ created_at, ...identity }) => ({ ...identity, createdAt: created_at })),
					password: password === undefined ? null : { changedAt: password.changed_at },
					factors: exportedFactors(row, statements.totp.get({ userId }), statements.passkeys.all({ userId })),
					trustedDevices: statements.trustedDevices.all({ userId }).map(toTrustedDevice),
					sessions: statements.sessions.all({ userId }).map(toSession),
					events: statements.events.all({ userId }).map(toEvent),
				};
			}),
	};
}

function prepareStatements(connection: SqliteConnection) {
	return {
		user: connection.prepare((db, p: { userId: string }) =>
			selectUsers(db).select("u.updated_at").select(factorColumns).where("u.id", "=", p.userId),
		),
		totp: connection.prepare((db, p: { userId: string }) =>
			db.selectFrom("latchkey_totp").select(["name", "created_at", "last_used_at"]).where("user_id", "=", p.userId),
		),
		passkeys: connection.prepare((db, p: { userId: string }) =>
			db.selectFrom("latchkey_passkey").selectAll().where("user_id", "=", p.userId).orderBy("id"),
		),
		identifiers: connection.prepare((db, p: { userId: string }) =>
			db
				.selectFrom("latchkey_identifier")
				.select(["kind", "value", "verified_at", "created_at"])
				.where("user_id", "=", p.userId)
				.orderBy("kind"),
		),
		identities: connection.prepare((db, p: { userId: string }) =>
			db
				.selectFrom("latchkey_identity")
				.select(["issuer", "subject", "provider", "label", "created_at"])
				.where("user_id", "=", p.userId)
				.orderBy("issuer")
				.orderBy("subject"),
		),
		password: connection.prepare((db, p: { userId: string }) =>
			db.selectFrom("latchkey_password").select("changed_at").where("user_id", "=", p.userId),
		),
		trustedDevices: connection.prepare((db, p: { userId: string }) =>
			db
				.selectFrom("latchkey_trusted_device")
				.select(trustedDeviceColumns)
				.where("user_id", "=", p.userId)
				.orderBy("id", "desc"),
		),
		sessions: connection.prepare((db, p: { userId: string }) =>
			db
				.selectFrom("latchkey_session")
				.select(sessionColumns)
				.where("user_id", "=", p.userId)
				.orderBy("created_at", "desc")
				.orderBy("id", "desc"),
		),
		events: connection.prepare((db, p: { userId: string }) =>
			db.selectFrom("latchkey_audit_event").selectAll().where("subject", "=", p.userId).orderBy("id", "desc"),
		),
	};
}
