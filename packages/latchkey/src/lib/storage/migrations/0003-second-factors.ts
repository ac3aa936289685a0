import type { Migration } from "./migration.ts";

export const secondFactors: Migration = {
	version: 3,
	name: "second factors",
	sqlite: [
		// Whether a password alone is not enough, also where there is no authenticator app to say so.
		"ALTER TABLE latchkey_user ADD COLUMN second_step INTEGER NOT NULL DEFAULT 0",
		"ALTER TABLE latchkey_user ADD COLUMN passkeys INTEGER NOT NULL DEFAULT 0",
		// Which set of recovery codes is good: a code of another set is none, whoever's replacement came later.
		"ALTER TABLE latchkey_user ADD COLUMN recovery_set INTEGER NOT NULL DEFAULT 0",

		`CREATE TABLE latchkey_totp (
	user_id TEXT NOT NULL PRIMARY KEY REFERENCES latchkey_user (id) ON DELETE CASCADE,
	sealed TEXT NOT NULL,
	last_step INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	last_used_at INTEGER
) STRICT, WITHOUT ROWID`,

		`CREATE TABLE latchkey_recovery_code (
	user_id TEXT NOT NULL REFERENCES latchkey_user (id) ON DELETE CASCADE,
	code_hash BLOB NOT NULL,
	set_number INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	PRIMARY KEY (user_id, set_number, code_hash)
) STRICT, WITHOUT ROWID`,

		`CREATE TABLE latchkey_passkey (
	id TEXT NOT NULL PRIMARY KEY,
	user_id TEXT NOT NULL REFERENCES latchkey_user (id) ON DELETE CASCADE,
	credential_id TEXT NOT NULL UNIQUE,
	public_key TEXT NOT NULL,
	counter INTEGER NOT NULL,
	transports TEXT NOT NULL,
	aaguid TEXT NOT NULL,
	backup_eligible INTEGER NOT NULL,
	backed_up INTEGER NOT NULL,
	name TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	last_used_at INTEGER
) STRICT, WITHOUT ROWID`,
		"CREATE INDEX latchkey_passkey_user ON latchkey_passkey (user_id, id)",
	],
	postgres: [
		"ALTER TABLE latchkey_user ADD COLUMN second_step integer NOT NULL DEFAULT 0",
		"ALTER TABLE latchkey_user ADD COLUMN passkeys integer NOT NULL DEFAULT 0",
		"ALTER TABLE latchkey_user ADD COLUMN recovery_set integer NOT NULL DEFAULT 0",

		`CREATE TABLE latchkey_totp (
	user_id text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES latchkey_user (id) ON DELETE CASCADE,
	sealed text COLLATE "C" NOT NULL,
	last_step bigint NOT NULL,
	created_at bigint NOT NULL,
	last_used_at bigint
)`,

		`CREATE TABLE latchkey_recovery_code (
	user_id text COLLATE "C" NOT NULL REFERENCES latchkey_user (id) ON DELETE CASCADE,
	code_hash bytea NOT NULL,
	set_number integer NOT NULL,
	created_at bigint NOT NULL,
	PRIMARY KEY (user_id, set_number, code_hash)
)`,

		`CREATE TABLE latchkey_passkey (
	id text COLLATE "C" NOT NULL PRIMARY KEY,
	user_id text COLLATE "C" NOT NULL REFERENCES latchkey_user (id) ON DELETE CASCADE,
	credential_id text COLLATE "C" NOT NULL UNIQUE,
	public_key text COLLATE "C" NOT NULL,
	counter bigint NOT NULL,
	transports text COLLATE "C" NOT NULL,
	aaguid text COLLATE "C" NOT NULL,
	backup_eligible integer NOT NULL,
	backed_up integer NOT NULL,
	name text NOT NULL,
	created_at bigint NOT NULL,
	last_used_at bigint
)`,
		"CREATE INDEX latchkey_passkey_user ON latchkey_passkey (user_id, id)",
	],
};
