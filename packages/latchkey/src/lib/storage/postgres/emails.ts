import { type RawBuilder, sql } from "kysely";
import { type EmailStorage, pendingPurposes } from "../email-storage.ts";
import { toUser, type UserRow } from "../rows.ts";
import type { PostgresConnection } from "./connection.ts";
import {
	clock,
	endedByEpoch,
	eventRows,
	killedPending,
	lockedUser,
	lockUser,
	logged,
	now,
	type SettlementParameters,
	settled,
	settlementParameters,
	told,
	turn,
} from "./fragments.ts";
import { violatedUnique } from "./postgres-errors.ts";
import type { Ambient } from "./prepared.ts";
import { namesOf } from "./select-users.ts";

type EmailOperations = Pick<EmailStorage, "proveEmail" | "resetPassword" | "changeEmail">;

/** What a mailbox proves. */
export function emailOperations(connection: PostgresConnection): EmailOperations {
	const prove = prepareProof(connection);
	const reset = prepareReset(connection);
	const change = prepareChange(connection);
	const undone = prepareUndo(connection);
	return {
		proveEmail: async ({ userId, canonical, stranger, events }) => {
			const row = await prove.first({ userId, canonical, stranger, events: eventRows(events) });
			return row === undefined ? null : { first: row.first };
		},

		resetPassword: async ({ userId, canonical, token, sealed, settle, events }) => {
			const row = await reset.first({
				...settlementParameters(settle),
				...token,
				userId,
				canonical,
				sealed,
				events: eventRows(events),
			});
			return row === undefined ? null : toUser(row);
		},

		changeEmail: async ({ userId, token, email, undo, epoch, events }) => {
			try {
				const { value, canonical } = email;
				const written = { userId, ...token, value, canonical, events: eventRows(events) };
				if (undo === null) return (await change.all({ ...written, epoch })).length === 1 ? "changed" : "gone";
				return (await undone.all({ ...written, since: undo.since })).length === 1 ? "changed" : "gone";
			} catch (error) {
				if (violatedUnique(error)?.endsWith("_identifier")) return "taken";
				throw error;
			}
		},
	};
}

/**
 * `locked`, the user, first, so that no two that change an account wait for each other; then `held`, the address, if it
 * still is this one: what FOR UPDATE returns is its newest version.
 */
function held(p: { userId: string; canonical: string } & Ambient) {
	return sql`${turn(p)},
		locked as (
			select u.id, u.epoch from turn cross join latchkey_user as u
			where u.id = ${p.userId}::text for no key update of u
		),
		held as (
			select locked.id, i.verified_at is null as unproven from locked
				join latchkey_identifier as i
					on i.user_id = locked.id and i.kind = 'email' and i.canonical = ${p.canonical}::text
			for no key update of i
		)`;
}

/** The factors of whoever never proved that the address is theirs, if `gate` has a row. */
function withoutFactors(gate: string) {
	const of = sql.ref(`${gate}.id`);
	return sql`totps as (
		delete from latchkey_totp using ${sql.raw(gate)} where latchkey_totp.user_id = ${of}
	), keys as (
		delete from latchkey_passkey using ${sql.raw(gate)} where latchkey_passkey.user_id = ${of}
	), codes as (
		delete from latchkey_recovery_code using ${sql.raw(gate)} where latchkey_recovery_code.user_id = ${of}
	)`;
}

function prepareProof(connection: PostgresConnection) {
	type Proof = { userId: string; canonical: string; stranger: boolean; events: string };
	return connection.prepareBehind<Proof, { first: boolean; told: number }>(
		lockUser,
		(_, p) => sql`with ${clock(p)},
			${held(p)},
			${killedPending("held")},
			proven as (
				update latchkey_identifier set verified_at = clock.now from clock, held
				where latchkey_identifier.user_id = held.id and latchkey_identifier.kind = 'email' and held.unproven
				returning latchkey_identifier.user_id as id
			),
			moved as (
				update latchkey_user set epoch = latchkey_user.epoch + 1, passkeys = 0, second_step = 0,
					recovery_set = latchkey_user.recovery_set + 1
				from proven
				where latchkey_user.id = proven.id and ${p.stranger}::boolean
				returning latchkey_user.id, latchkey_user.epoch
			),
			${endedByEpoch(null)},
			passwords as (
				delete from latchkey_password using moved where latchkey_password.user_id = moved.id
			),
			identities as (
				delete from latchkey_identity using moved where latchkey_identity.user_id = moved.id
			),
			${withoutFactors("moved")},
			${logged(p, "proven")}
			select held.unproven as first, ${told(p, "user", "held")} as told from held`,
	);
}

type TokenUse = { userId: string; purpose: string; tokenHash: Uint8Array };

/** `used`: the token, taken by this statement. */
function used(p: TokenUse & Ambient, gate: string) {
	return sql`used as (
		delete from latchkey_one_time_token using ${sql.raw(gate)}
		where latchkey_one_time_token.purpose = ${p.purpose}::text
			and latchkey_one_time_token.token_hash = ${p.tokenHash}::bytea
			and latchkey_one_time_token.subject = ${sql.ref(`${gate}.id`)}
			and latchkey_one_time_token.expires_at > ${now(p)}
		returning latchkey_one_time_token.subject as id, latchkey_one_time_token.created_at
	)`;
}

function prepareReset(connection: PostgresConnection) {
	type Reset = TokenUse & SettlementParameters & { canonical: string; sealed: string; events: string };
	return connection.prepareBehind<Reset, UserRow & { told: number }>(
		lockUser,
		(_, p) => sql`with ${clock(p)},
			${held(p)},
			${used(p, "held")},
			${killedBut(p)},
			moved as (
				update latchkey_user set epoch = latchkey_user.epoch + 1,
					passkeys = case when held.unproven then 0 else latchkey_user.passkeys end,
					second_step = case when held.unproven then 0 else latchkey_user.second_step end,
					recovery_set = latchkey_user.recovery_set + case when held.unproven then 1 else 0 end
				from used, held where latchkey_user.id = used.id
				returning latchkey_user.id, latchkey_user.epoch, latchkey_user.name, latchkey_user.created_at, latchkey_user.fields
			),
			${endedByEpoch(null)},
			proven as (
				update latchkey_identifier set verified_at = clock.now from clock, held, moved
				where latchkey_identifier.user_id = moved.id and latchkey_identifier.kind = 'email' and held.unproven
				returning latchkey_identifier.user_id as id
			),
			identities as (
				delete from latchkey_identity using proven where latchkey_identity.user_id = proven.id
			),
			${withoutFactors("proven")},
			passwords as (
				insert into latchkey_password (user_id, sealed, version, changed_at)
				-- Moved at every change and removal before, so no password of this user ever had it.
				select moved.id, ${p.sealed}::text, moved.epoch, clock.now from clock cross join moved
				on conflict (user_id) do update set
					sealed = excluded.sealed, version = latchkey_password.version + 1, changed_at = excluded.changed_at, failures = 0
			),
			${settled(p, "moved", "ended")},
			${logged(p, "moved")}
			select moved.id as user_id, moved.name as user_name, moved.epoch as user_epoch,
				moved.created_at as user_created_at, moved.fields as user_fields,
				names.email, clock.now as email_verified_at, names.username, ${told(p, "user", "moved")} as told
			from moved cross join clock cross join lateral ${namesOf("moved.id")} as names`,
	);
}

/** `killed`: what was pending for the user of `used`, the token in hand apart, since a row can be deleted once only. */
function killedBut(p: TokenUse) {
	const purposes = sql.join(pendingPurposes.map((purpose) => sql.lit(purpose)));
	return sql`killed as (
		delete from latchkey_one_time_token using used
		where latchkey_one_time_token.subject = used.id and latchkey_one_time_token.purpose in (${purposes})
			and latchkey_one_time_token.token_hash <> ${p.tokenHash}::bytea
	)`;
}

function prepareChange(connection: PostgresConnection) {
	type Change = TokenUse & { value: string; canonical: string; epoch: number | null; events: string };
	return connection.prepare<Change, { id: string; told: number }>(
		(_, p) => sql`with ${clock(p)},
			${lockedUser(p)},
			current as (
				select locked.id from locked where ${p.epoch}::integer is null or locked.epoch = ${p.epoch}::integer
			),
			${used(p, "current")},
			${killedBut(p)},
			written as (
				insert into latchkey_identifier (user_id, kind, value, canonical, verified_at, created_at)
				select used.id, 'email', ${p.value}::text, ${p.canonical}::text, clock.now, clock.now
				from clock cross join used
				${inPlaceOfTheOld}
			),
			${logged(p, "written")}
			select written.id, ${told(p, "user", "written")} as told from written`,
	);
}

const inPlaceOfTheOld = sql`on conflict (user_id, kind) do update set value = excluded.value,
	canonical = excluded.canonical, verified_at = excluded.verified_at, created_at = excluded.created_at
	returning latchkey_identifier.user_id as id`;

function prepareUndo(connection: PostgresConnection) {
	type Change = TokenUse & { value: string; canonical: string; since: number; events: string };
	return connection.prepareBehind<Change, { id: string; told: number }>(
		lockUser,
		(_, p) => sql`with ${clock(p)},
			${lockedUser(p)},
			${used(p, "locked")},
			${killedBut(p)},
			later as (
				delete from latchkey_one_time_token using used
				where latchkey_one_time_token.subject = used.id and latchkey_one_time_token.purpose = ${p.purpose}::text
					and latchkey_one_time_token.created_at >= used.created_at
					and latchkey_one_time_token.token_hash <> ${p.tokenHash}::bytea
			),
			evicted as (
				delete from latchkey_identifier using used
				where latchkey_identifier.kind = 'email' and latchkey_identifier.canonical = ${p.canonical}::text
					and latchkey_identifier.user_id <> used.id and latchkey_identifier.verified_at is null
				returning latchkey_identifier.user_id as id
			),
			written as (
				insert into latchkey_identifier (user_id, kind, value, canonical, verified_at, created_at)
				select used.id, 'email', ${p.value}::text, ${p.canonical}::text, clock.now, clock.now
				-- Counted, so that whoever held the address is gone before it is written.
				from clock cross join used cross join (select count(*) from evicted) as gone
				${inPlaceOfTheOld}
			),
			moved as (
				update latchkey_user set epoch = latchkey_user.epoch + 1, deletes_at = null, ${factorsBefore(p)}
				from written where latchkey_user.id = written.id
				returning latchkey_user.id, latchkey_user.epoch
			),
			${endedByEpoch(null)},
			passwords as (
				delete from latchkey_password using moved where latchkey_password.user_id = moved.id
			),
			${withoutNewer(p, "moved")},
			${logged(p, "written")}
			select written.id, ${told(p, "user", "written")} as told, ${told(p, "user", "evicted")} as told_evicted
			from written`,
	);
}

const keysBefore = (p: { since: number }) => sql`(
	select count(*) from latchkey_passkey as k where k.user_id = latchkey_user.id and k.created_at < ${p.since}::bigint
)`;
const anyBefore = (p: { since: number }, user: RawBuilder<unknown>) => sql`(
	exists (select from latchkey_passkey as k where k.user_id = ${user} and k.created_at < ${p.since}::bigint)
	or exists (select from latchkey_totp as t where t.user_id = ${user} and t.created_at < ${p.since}::bigint)
)`;

/** What the user's row says of factors once {@link withoutNewer} is through. */
function factorsBefore(p: { since: number }) {
	return sql`passkeys = ${keysBefore(p)},
		second_step = case when ${anyBefore(p, sql`latchkey_user.id`)} then latchkey_user.second_step else 0 end`;
}

/** What was added to the account of `gate` from a time on, and with the last factor what stands in for it. */
function withoutNewer(p: { since: number }, gate: string) {
	const of = sql.ref(`${gate}.id`);
	const from = sql.raw(gate);
	const newer = (table: string) => sql`latchkey_${sql.raw(table)}.user_id = ${of}
		and latchkey_${sql.raw(table)}.created_at >= ${p.since}::bigint`;
	return sql`identities as (
		delete from latchkey_identity using ${from} where ${newer("identity")}
	), totps as (
		delete from latchkey_totp using ${from} where ${newer("totp")}
	), keys as (
		delete from latchkey_passkey using ${from} where ${newer("passkey")}
	), codes as (
		delete from latchkey_recovery_code using ${from}
		where latchkey_recovery_code.user_id = ${of}
			and (latchkey_recovery_code.created_at >= ${p.since}::bigint or not ${anyBefore(p, of)})
	)`;
}
