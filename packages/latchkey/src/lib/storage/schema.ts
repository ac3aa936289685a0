import type { Generated } from "kysely";
import type { AssuranceLevel, IdentifierKind } from "./storage.ts";

/** The tables as Kysely sees them, the same in every dialect. Times are milliseconds since 1970. */
export interface Schema {
	latchkey_user: UserTable;
	latchkey_identifier: IdentifierTable;
	latchkey_password: PasswordTable;
	latchkey_identity: IdentityTable;
	latchkey_provider_token: ProviderTokenTable;
	latchkey_provider_session: ProviderSessionTable;
	latchkey_session: SessionTable;
	latchkey_one_time_token: OneTimeTokenTable;
	latchkey_throttle: ThrottleTable;
	latchkey_audit_event: AuditEventTable;
	latchkey_totp: TotpTable;
	latchkey_recovery_code: RecoveryCodeTable;
	latchkey_passkey: PasskeyTable;
	latchkey_trusted_device: TrustedDeviceTable;
	latchkey_mail: MailTable;
	latchkey_migration: MigrationTable;
}

export interface UserTable {
	id: string;
	name: string | null;
	epoch: number;
	/** 1 where a password alone is not enough. */
	second_step: Generated<number>;
	/** How many there are, so that a limit and the last way in are judged by the row that is locked. */
	passkeys: Generated<number>;
	/** The recovery codes of this set are good, and no others. */
	recovery_set: Generated<number>;
	created_at: number;
	updated_at: number;
	language: string | null;
	deletes_at: number | null;
	/** A JSON object. */
	fields: string | null;
}

export interface IdentifierTable {
	user_id: string;
	kind: IdentifierKind;
	value: string;
	canonical: string;
	verified_at: number | null;
	created_at: number;
}

export interface PasswordTable {
	user_id: string;
	sealed: string;
	version: number;
	changed_at: number;
	failures: Generated<number>;
}

export interface IdentityTable {
	issuer: string;
	subject: string;
	user_id: string;
	created_at: number;
	provider: string | null;
	label: string | null;
	used_at: number | null;
}

export interface ProviderTokenTable {
	issuer: string;
	subject: string;
	/** `null`: the provider has taken the grant back. */
	sealed: string | null;
	version: number;
	expires_at: number | null;
	/** Until when somebody is refreshing them; 0 when nobody is. */
	refreshing_until: number;
	updated_at: number;
}

export interface ProviderSessionTable {
	session_id: string;
	issuer: string;
	subject: string;
	provider_session: string | null;
}

export interface SessionTable {
	id: string;
	secret_hash: Uint8Array;
	user_id: string;
	epoch: number;
	generation: number;
	generation_seen: number;
	renewed_at: number;
	seen_at: number | null;
	created_at: number;
	last_seen_at: number;
	/** Never later than `expires_at`, so that it alone says when the row can go. Moves often, so no index may have it. */
	idle_expires_at: number;
	expires_at: number;
	auth_time: number;
	/** A JSON array of strings. */
	amr: string;
	level: AssuranceLevel;
	address: string | null;
	user_agent: string | null;
	ended_at: number | null;
	/** When clean-up looks at the row: never later than `idle_expires_at`, and 0 where old code wrote it. */
	sweep_at: number;
}

export interface OneTimeTokenTable {
	purpose: string;
	token_hash: Uint8Array;
	subject: string;
	/** JSON. */
	payload: string;
	created_at: number;
	expires_at: number;
}

export interface ThrottleTable {
	key: string;
	/** The rule stands in the row, so that one upsert can count keys with different rules. */
	attempt_limit: number;
	window_ms: number;
	wait_ms: number;
	max_wait_ms: number;
	accepted: number;
	refused: number;
	window_ends_at: number;
	/** Attempts before this time are refused; 0 when the next one may go on. */
	blocked_until: number;
	/** From this time on the row counts as absent. */
	forgotten_at: number;
}

export interface AuditEventTable {
	id: string;
	type: string;
	at: number;
	/** The user's id, or the pseudonym that took its place when the account was deleted. */
	subject: string | null;
	session_id: string | null;
	address: string | null;
	user_agent: string | null;
	/** JSON. */
	detail: string | null;
}

export interface MailTable {
	id: string;
	kind: string;
	/** Not a reference: the last message outlives its user. */
	user_id: string | null;
	recipient: string;
	language: string | null;
	/** JSON. */
	about: string;
	created_at: number;
	/** While it is claimed, the end of the lease. */
	due_at: number;
	expires_at: number;
	attempts: number;
	dead_at: number | null;
}

export interface MigrationTable {
	version: number;
	name: string;
	checksum: string;
	applied_at: number;
}

export interface TotpTable {
	user_id: string;
	sealed: string;
	last_step: number;
	created_at: number;
	last_used_at: number | null;
	name: string | null;
}

export interface RecoveryCodeTable {
	user_id: string;
	code_hash: Uint8Array;
	set_number: number;
	created_at: number;
}

export interface PasskeyTable {
	id: string;
	user_id: string;
	credential_id: string;
	public_key: string;
	counter: number;
	/** A JSON array of strings. */
	transports: string;
	aaguid: string;
	backup_eligible: number;
	backed_up: number;
	name: string;
	created_at: number;
	last_used_at: number | null;
}

export interface TrustedDeviceTable {
	id: string;
	user_id: string;
	/** Good while it is its user's. */
	epoch: number;
	token_hash: Uint8Array;
	created_at: number;
	used_at: number;
	expires_at: number;
	address: string | null;
	user_agent: string | null;
}
