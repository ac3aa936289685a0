import { type RawBuilder, sql } from "kysely";
import { selectTrustedDevices, type TrustedDeviceRow, toTrustedDevice, trustedDeviceColumns } from "../rows.ts";
import type { TrustedDevicesStorage } from "../trusted-devices-storage.ts";
import type { PostgresConnection } from "./connection.ts";
import { clock, eventRows, logged, now } from "./fragments.ts";
import type { Ambient } from "./prepared.ts";

/** Devices that a second step need not be asked for on. */
export function trustedDeviceOperations(connection: PostgresConnection): TrustedDevicesStorage {
	const add = prepareAdd(connection);
	const rotate = prepareRotation(connection);
	const { list, forget } = prepareOthers(connection);
	return {
		addTrustedDevice: async ({ events, ...input }) => {
			const row = await add.first({ ...input, events: eventRows(events) });
			return row === undefined ? null : toTrustedDevice(row);
		},

		rotateTrustedDevice: async ({ events, ...input }) => {
			const row = (await rotate.first({ ...input, events: eventRows(events) }))!;
			if (row.copied === 1) return "copied";
			return row.id === null ? null : toTrustedDevice(row as TrustedDeviceRow);
		},

		listTrustedDevices: async (userId) => (await list.all({ userId })).map(toTrustedDevice),

		forgetTrustedDevice: async ({ userId, id, events }) =>
			(await forget.all({ userId, id, events: eventRows(events) })).length === 1,
	};
}

const columns = sql.join(trustedDeviceColumns.map((column) => sql.ref(column)));

function prepareAdd(connection: PostgresConnection) {
	type Add = {
		id: string;
		userId: string;
		epoch: number;
		tokenHash: Uint8Array;
		lifetimeMs: number;
		address: string | null;
		userAgent: string | null;
		replaces: string | null;
		limit: number;
		events: string;
	};
	return connection.prepare<Add, TrustedDeviceRow>(
		(_, p) => sql`with ${clock(p)},
			added as (
				insert into latchkey_trusted_device (
					id, user_id, epoch, token_hash, created_at, used_at, expires_at, address, user_agent
				)
				select ${p.id}::text, u.id, u.epoch, ${p.tokenHash}::bytea, clock.now, clock.now,
					clock.now + ${p.lifetimeMs}::bigint, ${p.address}::text, ${p.userAgent}::text
				from clock cross join latchkey_user as u
				where u.id = ${p.userId}::text and u.epoch = ${p.epoch}::integer
				returning ${columns}
			),
			crowded as (
				select d.id from latchkey_trusted_device as d
				where d.user_id = ${p.userId}::text and d.id is distinct from ${p.replaces}::text
				order by d.id desc offset ${p.limit}::integer - 1
			),
			forgotten as (
				delete from latchkey_trusted_device using added
				where latchkey_trusted_device.user_id = added.user_id
					and (latchkey_trusted_device.id = ${p.replaces}::text
						or latchkey_trusted_device.id in (select crowded.id from crowded))
			),
			${logged(p, "added")}
			select ${columns} from added`,
	);
}

type RotateParameters = {
	id: string;
	userId: string;
	tokenHash: Uint8Array;
	nextTokenHash: Uint8Array;
	graceMs: number;
	address: string | null;
	userAgent: string | null;
	events: string;
};

type RotateRow = { [Column in keyof TrustedDeviceRow]: TrustedDeviceRow[Column] | null } & { copied: number };

// Of two callers with the same token the second waits for the row and finds another token in it. It is no copy for that:
// what is forgotten is judged by the row as it was when the statement began.
function prepareRotation(connection: PostgresConnection) {
	const isTrusted = (p: { id: string; userId: string } & Ambient): RawBuilder<boolean> =>
		sql<boolean>`latchkey_trusted_device.id = ${p.id}::text and latchkey_trusted_device.user_id = ${p.userId}::text
			and latchkey_trusted_device.expires_at > clock.now
			and latchkey_trusted_device.epoch = (select u.epoch from latchkey_user as u where u.id = ${p.userId}::text)`;
	return connection.prepare<RotateParameters, RotateRow>(
		(_, p) => sql`with ${clock(p)},
			taken as (
				update latchkey_trusted_device set token_hash = ${p.nextTokenHash}::bytea, used_at = clock.now,
					address = ${p.address}::text, user_agent = ${p.userAgent}::text
				from clock where ${isTrusted(p)} and latchkey_trusted_device.token_hash = ${p.tokenHash}::bytea
				returning ${columns}
			),
			copied as (
				delete from latchkey_trusted_device using clock
				where ${isTrusted(p)} and latchkey_trusted_device.token_hash <> ${p.tokenHash}::bytea
					and latchkey_trusted_device.used_at < clock.now - ${p.graceMs}::bigint
				returning latchkey_trusted_device.id
			),
			${logged(p, "copied")}
			select counted.copied, taken.* from (select count(*) as copied from copied) as counted left join taken on true`,
	);
}

function prepareOthers(connection: PostgresConnection) {
	return {
		list: connection.prepare((db, p: { userId: string } & Ambient) =>
			selectTrustedDevices(db, { userId: p.userId, now: now(p) }),
		),

		forget: connection.prepare<{ userId: string; id: string; events: string }, { id: string }>(
			(_, p) => sql`with ${clock(p)},
				forgotten as (
					delete from latchkey_trusted_device
					where latchkey_trusted_device.id = ${p.id}::text and latchkey_trusted_device.user_id = ${p.userId}::text
					returning latchkey_trusted_device.id
				),
				${logged(p, "forgotten")}
				select id from forgotten`,
		),
	};
}
