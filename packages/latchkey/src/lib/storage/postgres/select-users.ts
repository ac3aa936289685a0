import { type RawBuilder, sql } from "kysely";
import type { QueryBuilder } from "../query-builder.ts";
import { factorColumns, type NamedBy, passwordColumns, type UserRow } from "../rows.ts";

/**
 * What the user of this id goes by, one row for each: both kinds by one look into one index. Asked for by user and kind, they
 * could be looked for by the kind alone, which seems cheap to the planner while its statistics know of few user names.
 */
export function namesOf(userId: string): RawBuilder<Pick<UserRow, "email" | "email_verified_at" | "username">> {
	return sql`(
		select
			max(i.value) filter (where i.kind = 'email') as email,
			max(i.verified_at) filter (where i.kind = 'email') as email_verified_at,
			max(i.value) filter (where i.kind = 'username') as username
		from latchkey_identifier as i where i.user_id = ${sql.ref(userId)}
	)`;
}

/** Users as `u`, each with its address and user name. */
export function selectUsers(db: QueryBuilder) {
	return db
		.selectFrom("latchkey_user as u")
		.innerJoinLateral(namesOf("u.id").as("names"), (join) => join.onTrue())
		.select([
			"u.id as user_id",
			"u.name as user_name",
			"u.epoch as user_epoch",
			"u.created_at as user_created_at",
			"names.email",
			"names.email_verified_at",
			"names.username",
			"u.fields as user_fields",
		]);
}

/** Whom an identifier names, with the password and the summary of the factors. */
export function selectCredentials(db: QueryBuilder, p: NamedBy) {
	return selectUsers(db)
		.innerJoin("latchkey_identifier as named", "named.user_id", "u.id")
		.leftJoin("latchkey_password as password", "password.user_id", "u.id")
		.select(passwordColumns)
		.select(factorColumns)
		.where("named.kind", "=", p.kind)
		.where("named.canonical", "=", p.canonical);
}
