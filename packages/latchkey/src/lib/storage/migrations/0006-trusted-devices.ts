import type { Migration } from "./migration.ts";

export const trustedDevices: Migration = {
	version: 6,
	name: "trusted devices",
	sqlite: [
		// Good at the epoch of its user at which it was made, and at no other: what ends their sessions ends it too.
		`CREATE TABLE latchkey_trusted_device (
	id TEXT NOT NULL PRIMARY KEY,
	user_id TEXT NOT NULL REFERENCES latchkey_user (id) ON DELETE CASCADE,
	epoch INTEGER NOT NULL,
	token_hash BLOB NOT NULL,
	created_at INTEGER NOT NULL,
	used_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	address TEXT,
	user_agent TEXT
) STRICT, WITHOUT ROWID`,
		"CREATE INDEX latchkey_trusted_device_user ON latchkey_trusted_device (user_id, id)",
		"CREATE INDEX latchkey_trusted_device_expiry ON latchkey_trusted_device (expires_at)",
	],
	postgres: [
		`CREATE TABLE latchkey_trusted_device (
	id text COLLATE "C" NOT NULL PRIMARY KEY,
	user_id text COLLATE "C" NOT NULL REFERENCES latchkey_user (id) ON DELETE CASCADE,
	epoch integer NOT NULL,
	token_hash bytea NOT NULL,
	created_at bigint NOT NULL,
	used_at bigint NOT NULL,
	expires_at bigint NOT NULL,
	address text,
	user_agent text
)`,
		"CREATE INDEX latchkey_trusted_device_user ON latchkey_trusted_device (user_id, id)",
		"CREATE INDEX latchkey_trusted_device_expiry ON latchkey_trusted_device (expires_at)",
	],
};
