import { jsonArrayFrom } from "kysely/helpers/postgres";
import {
	exportedFactors,
	factorColumns,
	sessionColumns,
	toEvent,
	toSession,
	toTrustedDevice,
	toUser,
	trustedDeviceColumns,
} from "../rows.ts";
import type { Storage } from "../storage.ts";
import { eventColumns } from "./audit-events.ts";
import type { PostgresConnection } from "./connection.ts";
import type { Ambient } from "./prepared.ts";
import { selectUsers } from "./select-users.ts";

/** Everything stored about a person, in one statement and so on one state of the database. */
export function exportUserOperation(connection: PostgresConnection): Pick<Storage, "exportUser"> {
	const read = prepareRead(connection);
	return {
		exportUser: async (userId) => {
			const row = await read.first({ userId });
			if (row === undefined) return null;
			return {
				user: { ...toUser(row), updatedAt: row.updated_at },
				identifiers: row.identifiers.map(({ kind, value, verified_at, created_at }) => ({
					kind,
					value,
					verifiedAt: verified_at,
					createdAt: created_at,
				})),
				identities: row.identities.map(({ created_at, ...identity }) => ({ ...identity, createdAt: created_at })),
				password: row.changed_at === null ? null : { changedAt: row.changed_at },
				factors: exportedFactors(row, row.totp[0], row.keys),
				trustedDevices: row.trusted.map(toTrustedDevice),
				sessions: row.sessions.map(toSession),
				events: row.events.map(toEvent),
			};
		},
	};
}

function prepareRead(connection: PostgresConnection) {
	return connection.prepare((db, p: { userId: string } & Ambient) =>
		selectUsers(db)
			.leftJoin("latchkey_password as password", "password.user_id", "u.id")
			.where("u.id", "=", p.userId)
			.select(["u.updated_at", "password.changed_at"])
			.select(factorColumns)
			.select((eb) => [
				jsonArrayFrom(
					eb
						.selectFrom("latchkey_totp as totp")
						.select(["totp.name", "totp.created_at", "totp.last_used_at"])
						.whereRef("totp.user_id", "=", "u.id"),
				).as("totp"),
				jsonArrayFrom(
					eb
						.selectFrom("latchkey_passkey as key")
						.selectAll("key")
						.whereRef("key.user_id", "=", "u.id")
						.orderBy("key.id"),
				).as("keys"),
				jsonArrayFrom(
					eb
						.selectFrom("latchkey_identifier as i")
						.select(["i.kind", "i.value", "i.verified_at", "i.created_at"])
						.whereRef("i.user_id", "=", "u.id")
						.orderBy("i.kind"),
				).as("identifiers"),
				jsonArrayFrom(
					eb
						.selectFrom("latchkey_identity as i")
						.select(["i.issuer", "i.subject", "i.provider", "i.label", "i.created_at"])
						.whereRef("i.user_id", "=", "u.id")
						.orderBy("i.issuer")
						.orderBy("i.subject"),
				).as("identities"),
				jsonArrayFrom(
					eb
						.selectFrom("latchkey_trusted_device as d")
						.select(trustedDeviceColumns.map((column) => `d.${column}` as const))
						.whereRef("d.user_id", "=", "u.id")
						.orderBy("d.id", "desc"),
				).as("trusted"),
				jsonArrayFrom(
					eb
						.selectFrom("latchkey_session as s")
						.select(sessionColumns.map((column) => `s.${column}` as const))
						.whereRef("s.user_id", "=", "u.id")
						.orderBy("s.created_at", "desc")
						.orderBy("s.id", "desc"),
				).as("sessions"),
				jsonArrayFrom(
					eb
						.selectFrom("latchkey_audit_event as e")
						.select(eventColumns.map((column) => `e.${column}` as const))
						.whereRef("e.subject", "=", "u.id")
						.orderBy("e.id", "desc"),
				).as("events"),
			]),
	);
}
