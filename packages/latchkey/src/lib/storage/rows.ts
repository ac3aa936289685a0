import { type RawBuilder, type Selectable, sql } from "kysely";
import type { FactorSummary, FactorsRecord, PasskeyRecord, TotpRecord } from "./factors-storage.ts";
import type { QueryBuilder } from "./query-builder.ts";
import type {
	AuditEventTable,
	OneTimeTokenTable,
	PasskeyTable,
	SessionTable,
	TotpTable,
	TrustedDeviceTable,
} from "./schema.ts";
import type {
	Credentials,
	EventRecord,
	IdentifierKind,
	NewEvent,
	PasswordRecord,
	SessionRecord,
	TokenRecord,
	UserExport,
	UserRecord,
} from "./storage.ts";
import type { TrustedDeviceRecord } from "./trusted-devices-storage.ts";

/** Stands for the place before the newest: ids are UUIDs and are compared by their bytes. */
export const behindEveryId = "~";

/** The columns of `latchkey_session` that a {@link SessionRecord} is made of: all but the secret's hash and the end. */
export const sessionColumns = [
	"id",
	"user_id",
	"epoch",
	"generation",
	"generation_seen",
	"renewed_at",
	"seen_at",
	"created_at",
	"last_seen_at",
	"idle_expires_at",
	"expires_at",
	"auth_time",
	"amr",
	"level",
	"address",
	"user_agent",
] as const satisfies readonly (keyof SessionTable)[];

export type SessionRow = Pick<SessionTable, (typeof sessionColumns)[number]>;

export function toSession(row: SessionRow): SessionRecord {
	return {
		id: row.id,
		userId: row.user_id,
		epoch: row.epoch,
		generation: row.generation,
		generationSeen: row.generation_seen,
		renewedAt: row.renewed_at,
		seenAt: row.seen_at,
		createdAt: row.created_at,
		lastSeenAt: row.last_seen_at,
		idleExpiresAt: row.idle_expires_at,
		expiresAt: row.expires_at,
		authTime: row.auth_time,
		amr: parseAmr(row.amr),
		level: row.level,
		address: row.address,
		userAgent: row.user_agent,
	};
}

const parsedAmr = new Map<string, readonly string[]>();

/** There are a handful of ways to sign in and a session read on every request, so each list is parsed once. */
export function parseAmr(json: string): readonly string[] {
	const known = parsedAmr.get(json);
	if (known) return known;
	const amr: readonly string[] = Object.freeze(JSON.parse(json));
	if (parsedAmr.size < 1000) parsedAmr.set(json, amr);
	return amr;
}

export interface UserRow {
	user_id: string;
	user_name: string | null;
	user_epoch: number;
	user_created_at: number;
	email: string | null;
	email_verified_at: number | null;
	username: string | null;
	user_fields: string | null;
}

/** Users as `u`, each with its address and user name. */
export function selectUsers(db: QueryBuilder) {
	return db
		.selectFrom("latchkey_user as u")
		.leftJoin("latchkey_identifier as email", (join) =>
			join.onRef("email.user_id", "=", "u.id").on("email.kind", "=", sql.lit("email" as const)),
		)
		.leftJoin("latchkey_identifier as username", (join) =>
			join.onRef("username.user_id", "=", "u.id").on("username.kind", "=", sql.lit("username" as const)),
		)
		.select([
			"u.id as user_id",
			"u.name as user_name",
			"u.epoch as user_epoch",
			"u.created_at as user_created_at",
			"email.value as email",
			"email.verified_at as email_verified_at",
			"username.value as username",
			"u.fields as user_fields",
		]);
}

export function toUser(row: UserRow): UserRecord {
	return {
		id: row.user_id,
		name: row.user_name,
		email: row.email,
		emailVerifiedAt: row.email_verified_at,
		username: row.username,
		epoch: row.user_epoch,
		createdAt: row.user_created_at,
		fields: row.user_fields,
	};
}

/** The summary of somebody's factors, beside users as `u`. */
export const factorColumns = [
	sql<number>`(select count(*) from latchkey_totp as t where t.user_id = u.id)`.as("totps"),
	sql<number>`u.passkeys`.as("passkeys"),
	sql<number>`case when u.passkeys = 0 then 0 else (
		select count(*) from latchkey_passkey as k where k.user_id = u.id and k.backup_eligible = 0
	) end`.as("bound_passkeys"),
	sql<number>`(
		select count(*) from latchkey_recovery_code as r where r.user_id = u.id and r.set_number = u.recovery_set
	)`.as("recovery_codes"),
	sql<number>`u.second_step`.as("second_step"),
] as const;

export interface FactorRow {
	totps: number;
	passkeys: number;
	bound_passkeys: number;
	recovery_codes: number;
	second_step: number;
}

function toFactorSummary(row: FactorRow): FactorSummary {
	return {
		totp: row.totps === 1,
		passkeys: row.passkeys,
		boundPasskeys: row.bound_passkeys,
		recoveryCodes: row.recovery_codes,
		secondStep: row.second_step === 1,
	};
}

/** The factors with all that is needed to check them. */
export function toFactors(
	row: FactorRow & { password: string | null },
	totp: Selectable<TotpTable> | undefined,
	passkeys: readonly Selectable<PasskeyTable>[],
): FactorsRecord {
	return {
		totp: totp === undefined ? null : toTotp(totp),
		passkeys: passkeys.map(toPasskey),
		recoveryCodes: row.recovery_codes,
		secondStep: row.second_step === 1,
		password: row.password !== null,
	};
}

function toTotp(row: Selectable<TotpTable>): TotpRecord {
	return {
		sealed: row.sealed,
		lastStep: row.last_step,
		name: row.name,
		createdAt: row.created_at,
		lastUsedAt: row.last_used_at,
	};
}

/** The factors as their owner may take them along: no secret, no hash. */
export function exportedFactors(
	row: FactorRow,
	totp: { name: string | null; created_at: number; last_used_at: number | null } | undefined,
	passkeys: readonly Selectable<PasskeyTable>[],
): UserExport["factors"] {
	return {
		totp: totp === undefined ? null : { name: totp.name, createdAt: totp.created_at, lastUsedAt: totp.last_used_at },
		passkeys: passkeys.map(toPasskey),
		recoveryCodes: row.recovery_codes,
		secondStep: row.second_step === 1,
	};
}

export function toPasskey(row: Selectable<PasskeyTable>): PasskeyRecord {
	return {
		id: row.id,
		userId: row.user_id,
		credentialId: row.credential_id,
		publicKey: row.public_key,
		counter: row.counter,
		transports: JSON.parse(row.transports),
		aaguid: row.aaguid,
		backupEligible: row.backup_eligible === 1,
		backedUp: row.backed_up === 1,
		name: row.name,
		createdAt: row.created_at,
		lastUsedAt: row.last_used_at,
	};
}

/** The columns of `latchkey_trusted_device` that a {@link TrustedDeviceRecord} is made of. */
export const trustedDeviceColumns = [
	"id",
	"user_id",
	"created_at",
	"used_at",
	"expires_at",
	"address",
	"user_agent",
] as const satisfies readonly (keyof TrustedDeviceTable)[];

export type TrustedDeviceRow = Pick<TrustedDeviceTable, (typeof trustedDeviceColumns)[number]>;

/** Somebody's trusted devices that are good at their present epoch, newest first. */
export function selectTrustedDevices(db: QueryBuilder, p: { userId: string; now: number | RawBuilder<number> }) {
	return db
		.selectFrom("latchkey_trusted_device as d")
		.innerJoin("latchkey_user as u", (join) => join.onRef("u.id", "=", "d.user_id").onRef("u.epoch", "=", "d.epoch"))
		.select(trustedDeviceColumns.map((column) => `d.${column}` as const))
		.where("d.user_id", "=", p.userId)
		.where("d.expires_at", ">", p.now)
		.orderBy("d.id", "desc");
}

export function toTrustedDevice(row: TrustedDeviceRow): TrustedDeviceRecord {
	return {
		id: row.id,
		userId: row.user_id,
		createdAt: row.created_at,
		usedAt: row.used_at,
		expiresAt: row.expires_at,
		address: row.address,
		userAgent: row.user_agent,
	};
}

/** The columns of a joined `latchkey_password as password` that a {@link PasswordRecord} is made of. */
export const passwordColumns = [
	"password.version",
	"password.sealed",
	"password.changed_at",
	"password.failures",
] as const;

export interface NullablePassword {
	version: number | null;
	sealed: string | null;
	changed_at: number | null;
	failures: number | null;
}

function toPassword({ version, sealed, changed_at, failures }: NullablePassword): PasswordRecord | null {
	if (version === null || sealed === null || changed_at === null) return null;
	return { version, sealed, changedAt: changed_at, failures: failures ?? 0 };
}

/** An event as it is stored, but for the time. */
export function toEventRow(event: NewEvent) {
	return {
		id: event.id,
		type: event.type,
		subject: event.userId,
		session_id: event.sessionId,
		address: event.address,
		user_agent: event.userAgent,
		detail: event.detail === null ? null : JSON.stringify(event.detail),
	};
}

export function toEvent(row: Selectable<AuditEventTable>): EventRecord {
	return {
		id: row.id,
		type: row.type,
		at: row.at,
		userId: row.subject,
		sessionId: row.session_id,
		address: row.address,
		userAgent: row.user_agent,
		detail: row.detail === null ? null : JSON.parse(row.detail),
	};
}

/** What names a user. */
export type NamedBy = { kind: IdentifierKind; canonical: string };

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

export function toCredentials(row: (UserRow & NullablePassword & FactorRow) | undefined): Credentials | null {
	if (row === undefined) return null;
	return { user: toUser(row), password: toPassword(row), factors: toFactorSummary(row) };
}

export const tokenColumns = [
	"purpose",
	"subject",
	"payload",
	"created_at",
	"expires_at",
] as const satisfies readonly (keyof OneTimeTokenTable)[];

export type TokenRow = Pick<OneTimeTokenTable, (typeof tokenColumns)[number]>;

export function toToken(row: TokenRow): TokenRecord {
	return {
		purpose: row.purpose,
		subject: row.subject,
		payload: JSON.parse(row.payload),
		createdAt: row.created_at,
		expiresAt: row.expires_at,
	};
}
