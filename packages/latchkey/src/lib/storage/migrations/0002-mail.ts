import type { Migration } from "./migration.ts";

export const mailTables: Migration = {
	version: 2,
	name: "mail",
	sqlite: [
		"ALTER TABLE latchkey_user ADD COLUMN language TEXT",
		"ALTER TABLE latchkey_user ADD COLUMN deletes_at INTEGER",
		"CREATE INDEX latchkey_user_deletion ON latchkey_user (deletes_at) WHERE deletes_at IS NOT NULL",
		"ALTER TABLE latchkey_password ADD COLUMN failures INTEGER NOT NULL DEFAULT 0",

		`CREATE TABLE latchkey_mail (
	id TEXT NOT NULL PRIMARY KEY,
	kind TEXT NOT NULL,
	user_id TEXT,
	recipient TEXT NOT NULL,
	language TEXT,
	about TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	due_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	attempts INTEGER NOT NULL,
	dead_at INTEGER
) STRICT, WITHOUT ROWID`,
		"CREATE INDEX latchkey_mail_due ON latchkey_mail (due_at) WHERE dead_at IS NULL",
		"CREATE INDEX latchkey_mail_dead ON latchkey_mail (dead_at) WHERE dead_at IS NOT NULL",
		"CREATE INDEX latchkey_mail_user ON latchkey_mail (user_id)",
		"CREATE INDEX latchkey_mail_expiry ON latchkey_mail (expires_at)",
	],
	postgres: [
		`ALTER TABLE latchkey_user ADD COLUMN language text COLLATE "C"`,
		"ALTER TABLE latchkey_user ADD COLUMN deletes_at bigint",
		"CREATE INDEX latchkey_user_deletion ON latchkey_user (deletes_at) WHERE deletes_at IS NOT NULL",
		"ALTER TABLE latchkey_password ADD COLUMN failures integer NOT NULL DEFAULT 0",

		`CREATE TABLE latchkey_mail (
	id text COLLATE "C" NOT NULL PRIMARY KEY,
	kind text COLLATE "C" NOT NULL,
	user_id text COLLATE "C",
	recipient text NOT NULL,
	language text COLLATE "C",
	about text NOT NULL,
	created_at bigint NOT NULL,
	due_at bigint NOT NULL,
	expires_at bigint NOT NULL,
	attempts integer NOT NULL,
	dead_at bigint
)`,
		"CREATE INDEX latchkey_mail_due ON latchkey_mail (due_at) WHERE dead_at IS NULL",
		"CREATE INDEX latchkey_mail_dead ON latchkey_mail (dead_at) WHERE dead_at IS NOT NULL",
		"CREATE INDEX latchkey_mail_user ON latchkey_mail (user_id)",
		"CREATE INDEX latchkey_mail_expiry ON latchkey_mail (expires_at)",
	],
};
