import type { Migration } from "./migration.ts";

export const outsideProviders: Migration = {
	version: 4,
	name: "outside providers",
	sqlite: [
		"ALTER TABLE latchkey_identity ADD COLUMN provider TEXT",
		"ALTER TABLE latchkey_identity ADD COLUMN label TEXT",
		"ALTER TABLE latchkey_identity ADD COLUMN used_at INTEGER",

		`CREATE TABLE latchkey_provider_token (
	issuer TEXT NOT NULL,
	subject TEXT NOT NULL,
	sealed TEXT,
	version INTEGER NOT NULL,
	expires_at INTEGER,
	refreshing_until INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	PRIMARY KEY (issuer, subject),
	FOREIGN KEY (issuer, subject) REFERENCES latchkey_identity (issuer, subject) ON DELETE CASCADE
) STRICT, WITHOUT ROWID`,

		`CREATE TABLE latchkey_provider_session (
	session_id TEXT NOT NULL PRIMARY KEY REFERENCES latchkey_session (id) ON DELETE CASCADE,
	issuer TEXT NOT NULL,
	subject TEXT NOT NULL,
	provider_session TEXT
) STRICT, WITHOUT ROWID`,
		"CREATE INDEX latchkey_provider_session_subject ON latchkey_provider_session (issuer, subject)",
		"CREATE INDEX latchkey_provider_session_sid ON latchkey_provider_session (issuer, provider_session)",
	],
	postgres: [
		`ALTER TABLE latchkey_identity ADD COLUMN provider text COLLATE "C"`,
		"ALTER TABLE latchkey_identity ADD COLUMN label text",
		"ALTER TABLE latchkey_identity ADD COLUMN used_at bigint",

		`CREATE TABLE latchkey_provider_token (
	issuer text COLLATE "C" NOT NULL,
	subject text COLLATE "C" NOT NULL,
	sealed text COLLATE "C",
	version integer NOT NULL,
	expires_at bigint,
	refreshing_until bigint NOT NULL,
	updated_at bigint NOT NULL,
	PRIMARY KEY (issuer, subject),
	FOREIGN KEY (issuer, subject) REFERENCES latchkey_identity (issuer, subject) ON DELETE CASCADE
)`,

		`CREATE TABLE latchkey_provider_session (
	session_id text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES latchkey_session (id) ON DELETE CASCADE,
	issuer text COLLATE "C" NOT NULL,
	subject text COLLATE "C" NOT NULL,
	provider_session text COLLATE "C"
)`,
		"CREATE INDEX latchkey_provider_session_subject ON latchkey_provider_session (issuer, subject)",
		"CREATE INDEX latchkey_provider_session_sid ON latchkey_provider_session (issuer, provider_session)",
	],
};
