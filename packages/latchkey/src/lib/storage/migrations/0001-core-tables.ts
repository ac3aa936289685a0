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
		"CREATE INDEX latchkey_audit_event_of_nobody ON latchkey_audit_event (at) WHERE subject IS NULL",
	],
	// Text sorts and compares by its bytes: ids by time, names without any language's rules or an upgrade of them.
	postgres: [
		`CREATE TABLE latchkey_user (
	id text COLLATE "C" NOT NULL PRIMARY KEY,
	name text,
	epoch integer NOT NULL,
	created_at bigint NOT NULL,
	updated_at bigint NOT NULL
)`,

		`CREATE TABLE latchkey_identifier (
	user_id text COLLATE "C" NOT NULL REFERENCES latchkey_user (id) ON DELETE CASCADE,
	kind text COLLATE "C" NOT NULL,
	value text NOT NULL,
	canonical text COLLATE "C" NOT NULL,
	verified_at bigint,
	created_at bigint NOT NULL,
	PRIMARY KEY (user_id, kind),
	UNIQUE (kind, canonical)
)`,

		`CREATE TABLE latchkey_password (
	user_id text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES latchkey_user (id) ON DELETE CASCADE,
	sealed text COLLATE "C" NOT NULL,
	version integer NOT NULL,
	changed_at bigint NOT NULL
)`,

		`CREATE TABLE latchkey_identity (
	issuer text COLLATE "C" NOT NULL,
	subject text COLLATE "C" NOT NULL,
	user_id text COLLATE "C" NOT NULL REFERENCES latchkey_user (id) ON DELETE CASCADE,
	created_at bigint NOT NULL,
	PRIMARY KEY (issuer, subject)
)`,
		"CREATE INDEX latchkey_identity_user ON latchkey_identity (user_id)",

		`CREATE TABLE latchkey_session (
	id text COLLATE "C" NOT NULL PRIMARY KEY,
	secret_hash bytea NOT NULL UNIQUE,
	user_id text COLLATE "C" NOT NULL REFERENCES latchkey_user (id) ON DELETE CASCADE,
	epoch integer NOT NULL,
	generation integer NOT NULL,
	generation_seen integer NOT NULL,
	renewed_at bigint NOT NULL,
	seen_at bigint,
	created_at bigint NOT NULL,
	last_seen_at bigint NOT NULL,
	idle_expires_at bigint NOT NULL,
	expires_at bigint NOT NULL,
	auth_time bigint NOT NULL,
	amr text COLLATE "C" NOT NULL,
	level text COLLATE "C" NOT NULL,
	address text COLLATE "C",
	user_agent text,
	ended_at bigint
)`,
		"CREATE INDEX latchkey_session_user ON latchkey_session (user_id, created_at, id)",
		"CREATE INDEX latchkey_session_expiry ON latchkey_session (idle_expires_at)",
		"CREATE INDEX latchkey_session_end ON latchkey_session (ended_at) WHERE ended_at IS NOT NULL",

		`CREATE TABLE latchkey_one_time_token (
	purpose text COLLATE "C" NOT NULL,
	token_hash bytea NOT NULL,
	subject text COLLATE "C" NOT NULL,
	payload text NOT NULL,
	created_at bigint NOT NULL,
	expires_at bigint NOT NULL,
	PRIMARY KEY (purpose, token_hash)
)`,
		"CREATE INDEX latchkey_one_time_token_subject ON latchkey_one_time_token (subject)",
		"CREATE INDEX latchkey_one_time_token_expiry ON latchkey_one_time_token (expires_at)",

		`CREATE TABLE latchkey_throttle (
	key text COLLATE "C" NOT NULL PRIMARY KEY,
	attempt_limit integer NOT NULL,
	window_ms bigint NOT NULL,
	wait_ms bigint NOT NULL,
	max_wait_ms bigint NOT NULL,
	accepted integer NOT NULL,
	refused integer NOT NULL,
	window_ends_at bigint NOT NULL,
	blocked_until bigint NOT NULL,
	forgotten_at bigint NOT NULL
)`,
		"CREATE INDEX latchkey_throttle_expiry ON latchkey_throttle (forgotten_at)",

		`CREATE TABLE latchkey_audit_event (
	id text COLLATE "C" NOT NULL PRIMARY KEY,
	type text COLLATE "C" NOT NULL,
	at bigint NOT NULL,
	subject text COLLATE "C",
	session_id text COLLATE "C",
	address text COLLATE "C",
	user_agent text,
	detail text
)`,
		"CREATE INDEX latchkey_audit_event_subject ON latchkey_audit_event (subject, id)",
		"CREATE INDEX latchkey_audit_event_of_nobody ON latchkey_audit_event (at) WHERE subject IS NULL",
	],
};
