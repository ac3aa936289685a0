import { sql } from "kysely";
import type { AddedPasskey, FactorsStorage } from "../factors-storage.ts";
import { toPasskey } from "../rows.ts";
import type { PostgresConnection } from "./connection.ts";
import { type ChangeParameters, type ChangeRow, changeStatement, runChange, tidiedCodes } from "./factors.ts";
import { clock, eventRows, logged, turn } from "./fragments.ts";
import { violatedUnique } from "./postgres-errors.ts";
import type { Ambient } from "./prepared.ts";

type PasskeyOperations = Pick<
	FactorsStorage,
	"addPasskey" | "findPasskey" | "recordPasskeyUse" | "renamePasskey" | "removePasskey"
>;

/** Passkeys, kept and used. */
export function passkeyOperations(connection: PostgresConnection): PasskeyOperations {
	const add = prepareAdd(connection);
	const remove = prepareRemove(connection);
	const statements = prepareStatements(connection);
	return {
		addPasskey: async ({ passkey, epoch, limit, events }): Promise<AddedPasskey> => {
			const { backupEligible, backedUp, transports, ...rest } = passkey;
			try {
				const row = await add.first({
					...rest,
					eligible: Number(backupEligible),
					backed: Number(backedUp),
					transports: JSON.stringify(transports),
					epoch,
					limit,
					events: eventRows(events),
				});
				if (row?.added === 1) return "added";
				return row?.users === 1 ? "full" : "gone";
			} catch (error) {
				// Which undid the whole statement.
				if (violatedUnique(error)?.endsWith("_passkey")) return "taken";
				throw error;
			}
		},

		findPasskey: async (credentialId) => {
			const row = await statements.find.first({ credentialId });
			return row === undefined ? null : toPasskey(row);
		},

		recordPasskeyUse: async ({ id, counter, backedUp }) =>
			(await statements.use.all({ id, counter, backed: Number(backedUp) })).length === 1,

		renamePasskey: async ({ userId, id, name, events }) =>
			(await statements.rename.all({ userId, id, name, events: eventRows(events) })).length === 1,

		removePasskey: (input) => runChange(remove, input, { id: input.id, usableProviders: input.usableProviders }),
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
	epoch: number;
	limit: number;
	events: string;
};

function prepareAdd(connection: PostgresConnection) {
	return connection.prepare<AddParameters, { users: number; added: number }>(
		(_, p) => sql`with ${clock(p)},
			${turn(p)},
			counted as (
				update latchkey_user set passkeys = latchkey_user.passkeys + 1 from turn
				where latchkey_user.id = ${p.userId}::text and latchkey_user.epoch = ${p.epoch}::integer
					and latchkey_user.passkeys < ${p.limit}::integer
				returning latchkey_user.id
			),
			added as (
				insert into latchkey_passkey (
					id, user_id, credential_id, public_key, counter, transports, aaguid, backup_eligible, backed_up, name,
					created_at
				)
				select ${p.id}::text, counted.id, ${p.credentialId}::text, ${p.publicKey}::text, ${p.counter}::bigint,
					${p.transports}::text, ${p.aaguid}::text, ${p.eligible}::integer, ${p.backed}::integer, ${p.name}::text,
					clock.now
				from clock cross join counted
				returning id
			),
			ended as (
				delete from latchkey_one_time_token using counted
				where latchkey_one_time_token.subject = counted.id and latchkey_one_time_token.purpose = 'attempt'
			),
			untrusted as (
				delete from latchkey_trusted_device using counted where latchkey_trusted_device.user_id = counted.id
			),
			${logged(p, "added")}
			select (select count(*) from latchkey_user as u
				where u.id = ${p.userId}::text and u.epoch = ${p.epoch}::integer) as users,
				(select count(*) from added) as added`,
	);
}

// How many passkeys there are stands in the user's row, which is locked, and so is as it is now: of two who each remove one
// of the last two, the second is refused. An identity that counts as another way in is locked too, after that row, so that
// one which was unlinked while this waited is not taken for one.
function prepareRemove(connection: PostgresConnection) {
	return connection.prepare<ChangeParameters, ChangeRow>((_, p) => {
		const last = sql`latchkey_user.passkeys = 1
			and not exists (select 1 from latchkey_totp as t where t.user_id = latchkey_user.id)`;
		return changeStatement(p, {
			target: sql`select k.id from locked join latchkey_passkey as k on k.user_id = locked.id
				where k.id = ${p.id!}::text for update of k`,
			allowed: sql<boolean>`locked.passkeys > 1
				or exists (select 1 from latchkey_password as w where w.user_id = locked.id)
				or exists (
					select 1 from latchkey_identity as i
					where i.user_id = locked.id and (i.provider is null or i.provider = any(${p.usableProviders!}::text[]))
					for key share of i
				)`,
			set: sql`passkeys = latchkey_user.passkeys - 1,
				second_step = case when ${last} then 0 else latchkey_user.second_step end,
				recovery_set = latchkey_user.recovery_set + case when ${last} then 1 else 0 end`,
			more: sql`gone as (
					delete from latchkey_passkey using moved
					where latchkey_passkey.id = ${p.id!}::text and latchkey_passkey.user_id = moved.id
				),
				${tidiedCodes(sql<boolean>`moved.passkeys = 0
					and not exists (select 1 from latchkey_totp as t where t.user_id = moved.id)`)}`,
		});
	});
}

function prepareStatements(connection: PostgresConnection) {
	return {
		find: connection.prepare((db, p: { credentialId: string } & Ambient) =>
			db.selectFrom("latchkey_passkey").selectAll().where("credential_id", "=", p.credentialId),
		),

		use: connection.prepare<{ id: string; counter: number; backed: number }, { id: string }>(
			(_, p) => sql`with ${clock(p)}
				update latchkey_passkey set counter = greatest(latchkey_passkey.counter, ${p.counter}::bigint),
					backed_up = ${p.backed}::integer, last_used_at = clock.now
				from clock where latchkey_passkey.id = ${p.id}::text
				returning latchkey_passkey.id`,
		),

		rename: connection.prepare<{ userId: string; id: string; name: string; events: string }, { id: string }>(
			(_, p) => sql`with ${clock(p)},
				renamed as (
					update latchkey_passkey set name = ${p.name}::text
					where latchkey_passkey.id = ${p.id}::text and latchkey_passkey.user_id = ${p.userId}::text
					returning latchkey_passkey.id
				),
				${logged(p, "renamed")}
				select renamed.id from renamed`,
		),
	};
}
