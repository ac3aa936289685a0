import { sql } from "kysely";
import { type SessionRow, toSession } from "../rows.ts";
import type { CreatedUser, CreateUser, Storage, UserRecord } from "../storage.ts";
import type { PostgresConnection } from "./connection.ts";
import {
	clock,
	eventRows,
	logged,
	opened,
	openedColumns,
	replaced,
	type SessionParameters,
	sessionParameters,
	told,
} from "./fragments.ts";
import { violatedUnique } from "./postgres-errors.ts";

const firstEpoch = 1;

/** Sign-up: everything of a new account in one statement, which a taken name undoes. */
export function createUserOperation(connection: PostgresConnection): Pick<Storage, "createUser"> {
	const create = prepareCreate(connection);
	const findTaken = prepareFindTaken(connection);

	async function takenParts(wanted: Wanted): Promise<readonly Taken[]> {
		const rows = await findTaken.all(wanted);
		return [...new Set(rows.map(({ part }) => part))];
	}

	return {
		createUser: async (input): Promise<CreatedUser> => {
			const wanted = {
				// Sorted, so that two who want the same names wait for each other in the same order.
				identifiers: JSON.stringify(input.identifiers.toSorted((one, other) => (one.kind < other.kind ? -1 : 1))),
				identities: JSON.stringify(input.identities),
				credentialId: input.passkey?.credentialId ?? null,
			};
			for (;;) {
				try {
					const row = await create.first(toParameters(input, wanted));
					return { ok: true, user: newUser(input, row!.now), session: row!.id === null ? null : toSession(row!) };
				} catch (error) {
					if (!isTakenName(error)) throw error;
				}
				const taken = await takenParts(wanted);
				if (taken.length > 0) return { ok: false, taken };
				// Whoever had it has left since: once more.
			}
		},
	};
}

type Taken = "email" | "username" | "identity" | "passkey";

type Wanted = { identifiers: string; identities: string; credentialId: string | null };

type CreateParameters = SessionParameters &
	Wanted & {
		userId: string;
		name: string | null;
		language: string | null;
		fields: string | null;
		emailIsProven: boolean;
		sealed: string | null;
		/** A JSON array of the passkey's row, or of none. */
		passkeys: string;
		replaces: string | null;
		events: string;
	};

function toParameters(
	{
		id,
		name,
		language = null,
		fields = null,
		emailIsProven = false,
		password,
		passkey,
		session,
		replaces,
		events,
	}: CreateUser,
	wanted: Wanted,
): CreateParameters {
	return {
		...sessionParameters(session),
		...wanted,
		userId: id,
		name,
		language,
		fields,
		emailIsProven,
		sealed: password,
		passkeys: JSON.stringify(passkey === undefined ? [] : [passkeyRow(passkey)]),
		replaces: replaces?.sessionId ?? null,
		events: eventRows(events),
	};
}

function isTakenName(error: unknown): boolean {
	const table = violatedUnique(error);
	return table !== null && /_(identifier|identity|passkey)$/.test(table);
}

function prepareCreate(connection: PostgresConnection) {
	return connection.prepare<CreateParameters, SessionRow & { now: number }>(
		(_, p) => sql`with ${clock(p)},
			made as (
				insert into latchkey_user (id, name, language, fields, epoch, passkeys, created_at, updated_at)
				select ${p.userId}::text, ${p.name}::text, ${p.language}::text, ${p.fields}::text, ${sql.lit(firstEpoch)},
					json_array_length(${p.passkeys}::json), clock.now, clock.now
				from clock
				returning id, epoch
			),
			named as (
				insert into latchkey_identifier (user_id, kind, value, canonical, verified_at, created_at)
				select made.id, wanted.kind, wanted.value, wanted.canonical,
					case when wanted.kind = 'email' and ${p.emailIsProven}::boolean then clock.now end, clock.now
				from clock cross join made
					cross join json_to_recordset(${p.identifiers}::json) as wanted(kind text, value text, canonical text)
			),
			linked as (
				insert into latchkey_identity (issuer, subject, user_id, created_at, provider, label)
				select wanted.issuer, wanted.subject, made.id, clock.now, wanted.provider, wanted.label
				from clock cross join made
					cross join json_to_recordset(${p.identities}::json) as wanted(
						issuer text, subject text, provider text, label text
					)
			),
			proven as (
				insert into latchkey_password (user_id, sealed, version, changed_at)
				select made.id, ${p.sealed}::text, 1, clock.now from clock cross join made
				where ${p.sealed}::text is not null
			),
			keyed as (
				insert into latchkey_passkey (
					id, user_id, credential_id, public_key, counter, transports, aaguid, backup_eligible, backed_up, name,
					created_at
				)
				select key.id, made.id, key.credential_id, key.public_key, key.counter, key.transports, key.aaguid,
					key.backup_eligible, key.backed_up, key.name, clock.now
				from clock cross join made cross join json_to_recordset(${p.passkeys}::json) as key(
					id text, credential_id text, public_key text, counter bigint, transports text, aaguid text,
					backup_eligible integer, backed_up integer, name text
				)
			),
			${opened(p, sql`made`)},
			${replaced(p, "made")},
			${logged(p, "made")}
			select clock.now, ${openedColumns}, ${told(p, "session", "replaced")} as told
			from clock left join opened on true`,
	);
}

function prepareFindTaken(connection: PostgresConnection) {
	return connection.prepare<Wanted, { part: Taken }>(
		(_, p) => sql`
			select i.kind as part from json_to_recordset(${p.identifiers}::json) as wanted(kind text, canonical text)
				join latchkey_identifier as i on i.kind = wanted.kind and i.canonical = wanted.canonical
			union all
			select 'identity' from json_to_recordset(${p.identities}::json) as wanted(issuer text, subject text)
				join latchkey_identity as i on i.issuer = wanted.issuer and i.subject = wanted.subject
			union all
			select 'passkey' from latchkey_passkey as k where k.credential_id = ${p.credentialId}::text`,
	);
}

function passkeyRow(passkey: NonNullable<CreateUser["passkey"]>) {
	return {
		id: passkey.id,
		credential_id: passkey.credentialId,
		public_key: passkey.publicKey,
		counter: passkey.counter,
		transports: JSON.stringify(passkey.transports),
		aaguid: passkey.aaguid,
		backup_eligible: Number(passkey.backupEligible),
		backed_up: Number(passkey.backedUp),
		name: passkey.name,
	};
}

function newUser(
	{ id, name, identifiers, fields = null, emailIsProven = false }: CreateUser,
	createdAt: number,
): UserRecord {
	return {
		id,
		name,
		email: identifiers.find(({ kind }) => kind === "email")?.value ?? null,
		emailVerifiedAt: emailIsProven && identifiers.some(({ kind }) => kind === "email") ? createdAt : null,
		username: identifiers.find(({ kind }) => kind === "username")?.value ?? null,
		epoch: firstEpoch,
		createdAt,
		fields,
	};
}
