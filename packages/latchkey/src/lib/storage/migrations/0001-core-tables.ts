import type { Migration } from "./migration.ts";

export const coreTables: Migration = {
	version: 1,
	name: "core tables",
	sqlite: [
		`CREATE TABLE latchkey_user (
	id TEXT NOT NULL PRIMARY KEY,
	name TEXT,
	epoch INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID`,

		`CREATE TABLE latchkey_identifier (
	user_id TEXT NOT NULL REFERENCES latchkey_user (id) ON DELETE CASCADE,
	kind TEXT NOT NULL,
	value TEXT NOT NULL,
	canonical TEXT NOT NULL,
	verified_at INTEGER,
	created_at INTEGER NOT NULL,
	PRIMARY KEY (user_id, kind),
	UNIQUE (kind, canonical)
) STRICT, WITHOUT ROWID`,

		`CREATE TABLE latchkey_password (
	user_id TEXT NOT NULL PRIMARY KEY REFERENCES latchkey_user (id) ON DELETE CASCADE,
	sealed TEXT NOT NULL,
	version INTEGER NOT NULL,
	changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID`,

		`CREATE TABLE latchkey_identity (
	issuer TEXT NOT NULL,
	subject TEXT NOT NULL,
	user_id TEXT NOT NULL REFERENCES latchkey_user (id) ON DELETE CASCADE,
	created_at INTEGER NOT NULL,
	PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID`,
		"CREATE INDEX latchkey_identity_user ON latchkey_identity (user_id)",

		`CREATE TABLE latchkey_session (
	id TEXT NOT NULL PRIMARY KEY,
	secret_hash BLOB NOT NULL UNIQUE,
	user_id TEXT NOT NULL REFERENCES latchkey_user (id) ON DELETE CASCADE,
	epoch INTEGER NOT NULL,
	generation INTEGER NOT NULL,
	generation_seen INTEGER NOT NULL,
	renewed_at INTEGER NOT NULL,
	seen_at INTEGER,
	created_at INTEGER NOT NULL,
	last_seen_at INTEGER NOT NULL,
	idle_expires_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	auth_time INTEGER NOT NULL,
	amr TEXT NOT NULL,
	level TEXT NOT NULL,
	address TEXT,
	user_agent TEXT,
	ended_at INTEGER
) STRICT`,
		"CREATE INDEX latchkey_session_user ON latchkey_session (user_id, created_at, id)",
		"CREATE INDEX latchkey_session_expiry ON latchkey_session (idle_expires_at)",
		"CREATE INDEX latchkey_session_end ON latchkey_session (ended_at) WHERE ended_at IS NOT NULL",

		`CREATE TABLE latchkey_one_time_token (
	purpose TEXT NOT NULL,
	token_hash BLOB NOT NULL,
	subject TEXT NOT NULL,
	payload TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	PRIMARY KEY (purpose, token_hash)
) STRICT, WITHOUT ROWID`,
		"CREATE INDEX latchkey_one_time_token_subject ON latchkey_one_time_token (subject)",
		"CREATE INDEX latchkey_one_time_token_expiry ON latchkey_one_time_token (expires_at)",

		`CREATE TABLE latchkey_throttle (
	key TEXT NOT NULL PRIMARY KEY,
	attempt_limit INTEGER NOT NULL,
	window_ms INTEGER NOT NULL,
	wait_ms INTEGER NOT NULL,
	max_wait_ms INTEGER NOT NULL,
	accepted INTEGER NOT NULL,
	refused INTEGER NOT NULL,
	window_ends_at INTEGER NOT NULL,
	blocked_until INTEGER NOT NULL,
	forgotten_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID`,
		"CREATE INDEX latchkey_throttle_expiry ON latchkey_throttle (forgotten_at)",

		`CREATE TABLE latchkey_audit_event (
	id TEXT NOT NULL PRIMARY KEY,
	type TEXT NOT NULL,
	at INTEGER NOT NULL,
	subject TEXT,
	session_id TEXT,
	address TEXT,
	user_agent TEXT,
	detail TEXT
) STRICT`,
		"CREATE INDEX latchkey_audit_event_subject ON latchkey_audit_event (subject, id)",
	],
};
