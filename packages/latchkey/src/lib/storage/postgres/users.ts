import { sql } from "kysely";
import { factorColumns, type NamedBy, passwordColumns, toCredentials, toUser, type UserRow } from "../rows.ts";
import type { Storage, UpdatedUser, UpdateUser } from "../storage.ts";
import type { PostgresConnection } from "./connection.ts";
import { clock, eventRows, logged, told, turn } from "./fragments.ts";
import { violatedUnique } from "./postgres-errors.ts";
import type { Ambient } from "./prepared.ts";
import { namesOf, selectCredentials, selectUsers } from "./select-users.ts";

type UserOperations = Pick<Storage, "findCredentials" | "findCredentialsOfUser" | "findUserByIdentity" | "updateUser">;

/** Users found and changed. */
export function userOperations(connection: PostgresConnection): UserOperations {
	const find = prepareLookups(connection);
	const update = prepareUpdate(connection);
	return {
		findCredentials: async (identifier) => toCredentials(await find.byIdentifier.first(identifier)),

		findCredentialsOfUser: async (userId) => toCredentials(await find.byId.first({ userId })),

		findUserByIdentity: async (identity) => {
			const row = await find.byIdentity.first(identity);
			return row === undefined ? null : toUser(row);
		},

		updateUser: async (input): Promise<UpdatedUser> => {
			try {
				const row = await update.first(toParameters(input));
				if (row === undefined) return { ok: false, reason: "gone" };
				if (row.changed) return { ok: true, user: toUser(row) };
				return { ok: false, reason: row.moved ? "moved" : "last_identifier" };
			} catch (error) {
				if (violatedUnique(error)?.endsWith("_identifier")) return { ok: false, reason: "taken" };
				throw error;
			}
		},
	};
}

function prepareLookups(connection: PostgresConnection) {
	return {
		byIdentifier: connection.prepare((db, p: NamedBy & Ambient) => selectCredentials(db, p)),

		byId: connection.prepare((db, p: { userId: string } & Ambient) =>
			selectUsers(db)
				.leftJoin("latchkey_password as password", "password.user_id", "u.id")
				.select(passwordColumns)
				.select(factorColumns)
				.where("u.id", "=", p.userId),
		),

		byIdentity: connection.prepare((db, p: { issuer: string; subject: string } & Ambient) =>
			selectUsers(db)
				.innerJoin("latchkey_identity as identity", "identity.user_id", "u.id")
				.where("identity.issuer", "=", p.issuer)
				.where("identity.subject", "=", p.subject),
		),
	};
}

type UpdateParameters = {
	userId: string;
	changesName: boolean;
	name: string | null;
	changesUsername: boolean;
	/** `null` with `changesUsername` removes it. */
	value: string | null;
	canonical: string | null;
	changesFields: boolean;
	fieldsFrom: string | null;
	fieldsTo: string | null;
	events: string;
};

function toParameters({ userId, name, username, fields, events }: UpdateUser): UpdateParameters {
	return {
		userId,
		changesName: name !== undefined,
		name: name ?? null,
		changesUsername: username !== undefined,
		value: username?.value ?? null,
		canonical: username?.canonical ?? null,
		changesFields: fields !== undefined,
		fieldsFrom: fields?.from ?? null,
		fieldsTo: fields?.to ?? null,
		events: eventRows(events),
	};
}

/**
 * One row when there is such a user, with them as they are afterwards; `changed` is false, and nothing was written,
 * when the user name is the last identifier, or with `moved` when the fields are others meanwhile. A user name that somebody else has violates its constraint.
 */
function prepareUpdate(connection: PostgresConnection) {
	const removes = (p: UpdateParameters) => sql`(${p.changesUsername}::boolean and ${p.canonical}::text is null)`;
	return connection.prepare<UpdateParameters, UserRow & { changed: boolean; moved: boolean }>(
		(_, p) => sql`with ${clock(p)},
			${turn(p)},
			found as (
				select u.id, u.name, u.epoch, u.created_at, u.fields,
					${p.changesFields}::boolean and u.fields is distinct from ${p.fieldsFrom}::text as moved
				from turn cross join latchkey_user as u where u.id = ${p.userId}::text
				for no key update of u
			),
			held as (
				select found.id, names.email, names.email_verified_at, names.username,
					not found.moved and not (${removes(p)} and names.username is not null and names.email is null) as allowed
				from found cross join lateral ${namesOf("found.id")} as names
			),
			changed as (
				update latchkey_user set
					name = case when ${p.changesName}::boolean then ${p.name}::text else latchkey_user.name end,
					fields = case when ${p.changesFields}::boolean then ${p.fieldsTo}::text else latchkey_user.fields end,
					updated_at = clock.now
				from clock, held where latchkey_user.id = held.id and held.allowed
				returning latchkey_user.id, latchkey_user.name, latchkey_user.fields
			),
			removed as (
				delete from latchkey_identifier using changed
				-- Not by the kind: see namesOf.
				where latchkey_identifier.user_id = changed.id and latchkey_identifier.kind || '' = 'username' and ${removes(p)}
			),
			written as (
				insert into latchkey_identifier (user_id, kind, value, canonical, created_at)
				select changed.id, 'username', ${p.value}::text, ${p.canonical}::text, clock.now from clock cross join changed
				where ${p.canonical}::text is not null
				on conflict (user_id, kind) do update set
					value = excluded.value, canonical = excluded.canonical, verified_at = null, created_at = excluded.created_at
			),
			${logged(p, "changed")}
			select found.id as user_id, changed.name as user_name, found.epoch as user_epoch,
				found.created_at as user_created_at, held.email, held.email_verified_at,
				case when ${p.changesUsername}::boolean then ${p.value}::text else held.username end as username,
				changed.fields as user_fields, found.moved,
				changed.id is not null as changed, ${told(p, "user", "changed")} as told
			from found join held on held.id = found.id left join changed on changed.id = found.id`,
	);
}
