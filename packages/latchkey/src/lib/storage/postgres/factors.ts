import { type RawBuilder, sql } from "kysely";
import { jsonArrayFrom } from "kysely/helpers/postgres";
import type { ChangeFactors, FactorsChange, FactorsRecord, FactorsStorage } from "../factors-storage.ts";
import { factorColumns, type SessionRow, toFactors, toSession } from "../rows.ts";
import type { PostgresConnection, Statement } from "./connection.ts";
import {
	clock,
	clockNow,
	endedByEpoch,
	eventRows,
	isOpen,
	lockedSessions,
	logged,
	looks,
	opened,
	openedColumns,
	replaced,
	type SessionParameters,
	type SettlementParameters,
	sessionParameters,
	settled,
	settlementParameters,
	told,
	turn,
} from "./fragments.ts";
import type { Ambient } from "./prepared.ts";

type FactorOperations = Omit<
	FactorsStorage,
	"addPasskey" | "findPasskey" | "recordPasskeyUse" | "renamePasskey" | "removePasskey"
>;

/** What an account has besides a password, passkeys' own doings apart. */
export function factorOperations(connection: PostgresConnection): FactorOperations {
	const read = prepareRead(connection);
	const add = prepareAdd(connection);
	const statements = prepareStatements(connection);
	const changes = prepareChanges(connection);
	return {
		readFactors: async (userId): Promise<FactorsRecord | null> => {
			const row = await read.first({ userId });
			return row === undefined ? null : toFactors(row, row.totp[0], row.keys);
		},

		addTotp: async ({ userId, epoch, sealed, step, name, recoveryCodeHashes, session, replaces, settle, events }) => {
			const row = await add.first({
				...sessionParameters(session),
				...settlementParameters(settle),
				userId,
				epoch,
				sealed,
				step,
				name,
				replacesCodes: recoveryCodeHashes !== null,
				codeHashes: inHex(recoveryCodeHashes ?? []),
				replaces: replaces?.sessionId ?? null,
				events: eventRows(events),
			});
			return row === undefined ? null : toSession(row);
		},

		recordTotpUse: async ({ userId, sealed, step, resealed }) =>
			(await statements.recordTotpUse.all({ userId, sealed, step, next: resealed ?? sealed })).length === 1,

		renameTotp: async ({ userId, name, events }) =>
			(await statements.renameTotp.all({ userId, name, events: eventRows(events) })).length === 1,

		removeTotp: async (input) => (await runChange(changes.removeTotp, input, {})) as FactorsChange,

		replaceRecoveryCodes: async ({ userId, epoch, codeHashes, settle, events }) => {
			const settled = settlementParameters(settle);
			const parameters = { userId, epoch, codeHashes: inHex(codeHashes), ...settled, events: eventRows(events) };
			return (await statements.replaceCodes.all(parameters)).length === 1;
		},

		consumeRecoveryCode: async (input) => (await statements.consumeCode.all(input)).length === 1,

		forgetAttempts: async ({ keys, events }) => {
			const settle = settlementParameters({ clear: keys, giveBack: [] });
			await statements.forgetAttempts.all({ ...settle, events: eventRows(events) });
		},

		switchSecondStep: async (input) =>
			(await runChange(changes.switchSecondStep, input, { on: input.on ? 1 : 0 })) as FactorsChange,
	};
}

function inHex(hashes: readonly Uint8Array[]): string[] {
	return hashes.map((hash) => Buffer.from(hash).toString("hex"));
}

export interface ChangeParameters {
	[name: string]: string | number | readonly string[];
	userId: string;
	keepSessionId: string;
	events: string;
}

export interface ChangeRow {
	found: number;
	allowed: number;
	kept: number;
}

interface ChangeParts {
	/** What the change is about, locked, and so as it is now; no row: `gone`. Sees `locked`, the user. */
	target: RawBuilder<unknown>;
	/** Whether it may be; else `last`. Sees `locked`. */
	allowed?: RawBuilder<boolean>;
	/** What else is set in the user's row. */
	set?: RawBuilder<unknown>;
	/** Further parts of the WITH, each gated by `moved` and ending in a comma. */
	more?: RawBuilder<unknown>;
}

/**
 * A change of factors that moves the epoch and keeps one session. Everything is decided before anything is written: the
 * parts of a WITH that write do so whether or not a later one finds a reason against it.
 */
export function changeStatement(
	p: ChangeParameters & Ambient,
	{
		target,
		allowed = sql<boolean>`true`,
		set = sql`second_step = latchkey_user.second_step`,
		more = sql``,
	}: ChangeParts,
): RawBuilder<ChangeRow> {
	return sql<ChangeRow>`with ${clock(p)},
		${turn(p)},
		locked as (
			select u.id, u.epoch, u.passkeys, u.second_step, u.recovery_set from turn cross join latchkey_user as u
			where u.id = ${p.userId}::text for no key update of u
		),
		target as (${target}),
		allowed as (select locked.id, locked.epoch from locked cross join target where ${allowed}),
		${lockedSessions},
		kept as (
			update latchkey_session set epoch = allowed.epoch + 1
			from clock, allowed, (select count(*) from locked_sessions) as in_order
			where latchkey_session.id = ${p.keepSessionId}::text and latchkey_session.user_id = allowed.id
				and latchkey_session.epoch = allowed.epoch and ${isOpen(clockNow)}
			returning latchkey_session.id
		),
		moved as (
			update latchkey_user set epoch = allowed.epoch + 1, ${set} from allowed, kept
			where latchkey_user.id = allowed.id
			returning latchkey_user.id, latchkey_user.epoch, latchkey_user.passkeys
		),
		${more}
		${endedByEpoch(sql`${p.keepSessionId}::text`)},
		${logged(p, "moved")}
		select (select count(*) from target) as found, (select count(*) from allowed) as allowed,
			(select count(*) from kept) as kept, ${told(p, "user", "moved")} as told`;
}

/** `tidied`: with no factor left there is nothing for recovery codes to stand in for. */
export function tidiedCodes(isLast: RawBuilder<boolean>): RawBuilder<unknown> {
	return sql`tidied as (
		delete from latchkey_recovery_code using moved
		where latchkey_recovery_code.user_id = moved.id and ${isLast}
	),`;
}

export async function runChange(
	statement: Statement<ChangeParameters, ChangeRow>,
	{ userId, keepSessionId, events }: ChangeFactors,
	more: Record<string, string | number | readonly string[]>,
): Promise<FactorsChange | "last"> {
	for (let look = 1; ; look++) {
		const row = (await statement.first({ ...more, userId, keepSessionId, events: eventRows(events) }))!;
		if (row.found === 0) return "gone";
		if (row.allowed === 0) return "last";
		if (row.kept === 1) return "changed";
		if (look === looks) return "not_live";
	}
}

function prepareChanges(connection: PostgresConnection) {
	return {
		removeTotp: connection.prepare<ChangeParameters, ChangeRow>((_, p) =>
			changeStatement(p, {
				target: sql`select t.user_id from locked join latchkey_totp as t on t.user_id = locked.id for update of t`,
				set: sql`second_step = case when latchkey_user.passkeys = 0 then 0 else latchkey_user.second_step end,
					recovery_set = latchkey_user.recovery_set + case when latchkey_user.passkeys = 0 then 1 else 0 end`,
				more: sql`gone as (delete from latchkey_totp using moved where latchkey_totp.user_id = moved.id),
					${tidiedCodes(sql<boolean>`moved.passkeys = 0`)}`,
			}),
		),

		switchSecondStep: connection.prepare<ChangeParameters, ChangeRow>((_, p) =>
			changeStatement(p, {
				target: sql`select locked.id from locked where ${p.on!}::integer = 0 or locked.passkeys > 0
					or exists (select 1 from latchkey_totp as t where t.user_id = locked.id)`,
				set: sql`second_step = ${p.on!}::integer`,
			}),
		),
	};
}

function prepareRead(connection: PostgresConnection) {
	return connection.prepare((db, p: { userId: string } & Ambient) =>
		db
			.selectFrom("latchkey_user as u")
			.leftJoin("latchkey_password as password", "password.user_id", "u.id")
			.select("password.user_id as password")
			.select(factorColumns)
			.select((eb) => [
				jsonArrayFrom(
					eb.selectFrom("latchkey_totp as totp").selectAll("totp").whereRef("totp.user_id", "=", "u.id"),
				).as("totp"),
				jsonArrayFrom(
					eb
						.selectFrom("latchkey_passkey as key")
						.selectAll("key")
						.whereRef("key.user_id", "=", "u.id")
						.orderBy("key.id"),
				).as("keys"),
			])
			.where("u.id", "=", p.userId),
	);
}

function prepareAdd(connection: PostgresConnection) {
	type Add = SessionParameters &
		SettlementParameters & {
			userId: string;
			epoch: number;
			sealed: string;
			step: number;
			name: string | null;
			replacesCodes: boolean;
			codeHashes: readonly string[];
			replaces: string | null;
			events: string;
		};
	return connection.prepare<Add, SessionRow>(
		(_, p) => sql`with ${clock(p)},
			${turn(p)},
			locked as (
				select u.id, u.epoch from turn cross join latchkey_user as u
				where u.id = ${p.userId}::text and u.epoch = ${p.epoch}::integer for no key update of u
			),
			added as (
				insert into latchkey_totp (user_id, sealed, last_step, created_at, name)
				select locked.id, ${p.sealed}::text, ${p.step}::bigint, clock.now, ${p.name}::text from clock cross join locked
				on conflict do nothing
				returning user_id
			),
			moved as (
				update latchkey_user set epoch = latchkey_user.epoch + 1,
					recovery_set = latchkey_user.recovery_set + case when ${p.replacesCodes}::boolean then 1 else 0 end
				from added where latchkey_user.id = added.user_id
				returning latchkey_user.id, latchkey_user.epoch, latchkey_user.recovery_set
			),
			outdated as (
				delete from latchkey_recovery_code using moved
				where latchkey_recovery_code.user_id = moved.id and ${p.replacesCodes}::boolean
			),
			coded as (
				insert into latchkey_recovery_code (user_id, code_hash, set_number, created_at)
				select moved.id, decode(code.hash, 'hex'), moved.recovery_set, clock.now
				from clock cross join moved cross join unnest(${p.codeHashes}::text[]) as code(hash)
			),
			${endedByEpoch(null)},
			${opened(p, sql`moved`)},
			${replaced(p, "opened")},
			${settled(p, "opened", "ended")},
			${logged(p, "opened")}
			select ${openedColumns}, ${told(p, "user", "moved")} as told, ${told(p, "session", "replaced")} as told_session
			from opened`,
	);
}

function prepareStatements(connection: PostgresConnection) {
	return {
		recordTotpUse: connection.prepare<
			{ userId: string; sealed: string; step: number; next: string },
			{ user_id: string }
		>(
			(_, p) => sql`with ${clock(p)}
				update latchkey_totp set last_step = ${p.step}::bigint, sealed = ${p.next}::text, last_used_at = clock.now
				from clock
				where latchkey_totp.user_id = ${p.userId}::text and latchkey_totp.sealed = ${p.sealed}::text
					and latchkey_totp.last_step < ${p.step}::bigint
				returning latchkey_totp.user_id`,
		),

		renameTotp: connection.prepare<{ userId: string; name: string; events: string }, { id: string }>(
			(_, p) => sql`with ${clock(p)},
				renamed as (
					update latchkey_totp set name = ${p.name}::text where latchkey_totp.user_id = ${p.userId}::text
					returning latchkey_totp.user_id as id
				),
				${logged(p, "renamed")}
				select renamed.id from renamed`,
		),

		forgetAttempts: connection.prepare<SettlementParameters & { events: string }, { once: number }>(
			(_, p) => sql`with ${clock(p)},
				told as (select 1 as once),
				${settled(p, "told")},
				${logged(p, "told")}
				select told.once from told`,
		),

		replaceCodes: connection.prepare<
			SettlementParameters & { userId: string; epoch: number; codeHashes: readonly string[]; events: string },
			{ id: string }
		>(
			(_, p) => sql`with ${clock(p)},
				${turn(p)},
				moved as (
					update latchkey_user set recovery_set = latchkey_user.recovery_set + 1 from turn
					where latchkey_user.id = ${p.userId}::text and latchkey_user.epoch = ${p.epoch}::integer
					returning latchkey_user.id, latchkey_user.recovery_set
				),
				outdated as (
					delete from latchkey_recovery_code using moved
					where latchkey_recovery_code.user_id = moved.id
				),
				coded as (
					insert into latchkey_recovery_code (user_id, code_hash, set_number, created_at)
					select moved.id, decode(code.hash, 'hex'), moved.recovery_set, clock.now
					from clock cross join moved cross join unnest(${p.codeHashes}::text[]) as code(hash)
				),
				ended as (
					delete from latchkey_one_time_token using moved
					where latchkey_one_time_token.subject = moved.id and latchkey_one_time_token.purpose = 'attempt'
				),
				untrusted as (
					delete from latchkey_trusted_device using moved where latchkey_trusted_device.user_id = moved.id
				),
				${settled(p, "moved")},
				${logged(p, "moved")}
				select moved.id from moved`,
		),

		consumeCode: connection.prepare<{ userId: string; codeHash: Uint8Array }, { user_id: string }>(
			(_, p) => sql`delete from latchkey_recovery_code using latchkey_user as u
				where latchkey_recovery_code.user_id = u.id and u.id = ${p.userId}::text
					and latchkey_recovery_code.code_hash = ${p.codeHash}::bytea
					and latchkey_recovery_code.set_number = u.recovery_set
				returning latchkey_recovery_code.user_id`,
		),
	};
}
