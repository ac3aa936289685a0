import { sql } from "kysely";
import type { FactorsChange } from "../factors-storage.ts";
import type { PasswordsStorage } from "../passwords-storage.ts";
import { type SessionRow, toSession } from "../rows.ts";
import type { PostgresConnection } from "./connection.ts";
import { type ChangeParameters, type ChangeRow, changeStatement, runChange } from "./factors.ts";
import {
	clock,
	endedByEpoch,
	eventRows,
	killedPending,
	logged,
	opened,
	openedColumns,
	type SessionParameters,
	type SettlementParameters,
	sessionParameters,
	settled,
	settlementParameters,
	told,
	turn,
} from "./fragments.ts";
import type { Ambient } from "./prepared.ts";

/** Passwords chosen, changed, and stored anew without a change. */
export function passwordOperations(connection: PostgresConnection): PasswordsStorage {
	const change = prepareChange(connection);

	const add = connection.prepare<ChangeParameters, ChangeRow>((_, p) =>
		changeStatement(p, {
			target: sql`select locked.id from locked
				where not exists (select 1 from latchkey_password as w where w.user_id = locked.id)`,
			more: sql`added as (
					-- The epoch moved at every change and removal before, so no password of this user ever had it for a version.
					insert into latchkey_password (user_id, sealed, version, changed_at)
					select moved.id, ${p.sealed!}::text, moved.epoch, clock.now from clock cross join moved
				),
				${killedPending("moved")},`,
		}),
	);

	const reseal = connection.prepare((db, p: { userId: string; version: number; from: string; to: string } & Ambient) =>
		db
			.updateTable("latchkey_password")
			.set({ sealed: p.to })
			.where("user_id", "=", p.userId)
			.where("version", "=", p.version)
			.where("sealed", "=", p.from)
			.returning("version"),
	);

	return {
		changePassword: async ({ userId, version, sealed, session, settle, events }) => {
			const row = await change.first({
				...sessionParameters(session),
				...settlementParameters(settle),
				userId,
				version,
				sealed,
				events: eventRows(events),
			});
			return row === undefined ? null : toSession(row);
		},

		addPassword: async (input) => (await runChange(add, input, { sealed: input.sealed })) as FactorsChange,

		resealPassword: async (input) => (await reseal.all(input)).length === 1,
	};
}

function prepareChange(connection: PostgresConnection) {
	type Change = SessionParameters &
		SettlementParameters & { userId: string; version: number; sealed: string; events: string };
	return connection.prepare<Change, SessionRow>(
		(_, p) => sql`with ${clock(p)},
			${turn(p)},
			locked as (
				select u.id from turn cross join latchkey_user as u
				where u.id = ${p.userId}::text for no key update of u
			),
			changed as (
				update latchkey_password set sealed = ${p.sealed}::text, version = latchkey_password.version + 1,
					changed_at = clock.now, failures = 0
				from clock, locked
				where latchkey_password.user_id = locked.id and latchkey_password.version = ${p.version}::integer
				returning latchkey_password.user_id
			),
			moved as (
				update latchkey_user set epoch = latchkey_user.epoch + 1 from changed
				where latchkey_user.id = changed.user_id
				returning latchkey_user.id, latchkey_user.epoch
			),
			${endedByEpoch(null)},
			${killedPending("moved")},
			${opened(p, sql`moved`)},
			${settled(p, "moved", "ended")},
			${logged(p, "moved")}
			select ${openedColumns}, ${told(p, "user", "moved")} as told from opened`,
	);
}
