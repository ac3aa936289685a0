import type { Migration } from "./migration.ts";

/**
 * Clean-up looks at a session when its `sweep_at` has passed, and puts off one that is still in use. Nothing that happens
 * often writes an indexed column any more. Rows of old code have 0, and are looked at first.
 *
 * On PostgreSQL, sessions and people are found by hash indexes from now on, at the same cost among however many.
 */
export const sessionSweep: Migration = {
	version: 8,
	name: "session sweep",
	sqlite: [
		"ALTER TABLE latchkey_session ADD COLUMN sweep_at INTEGER NOT NULL DEFAULT 0",
		"CREATE INDEX latchkey_session_sweep ON latchkey_session (sweep_at)",
		"DROP INDEX latchkey_session_expiry",
	],
	// Who has very many sessions may do the same beforehand, without holding anybody up (docs/scale.md).
	postgres: [
		// Beside the unique ones, which refuse a second row. First, since they hold up no reading, as the rest does.
		"CREATE INDEX IF NOT EXISTS latchkey_user_lookup ON latchkey_user USING hash (id)",
		"CREATE INDEX IF NOT EXISTS latchkey_password_lookup ON latchkey_password USING hash (user_id)",
		"CREATE INDEX IF NOT EXISTS latchkey_identifier_lookup ON latchkey_identifier USING hash (user_id)",
		"CREATE INDEX IF NOT EXISTS latchkey_identifier_named ON latchkey_identifier USING hash (canonical)",
		"CREATE INDEX IF NOT EXISTS latchkey_session_lookup ON latchkey_session USING hash (secret_hash)",

		"ALTER TABLE latchkey_session ADD COLUMN IF NOT EXISTS sweep_at bigint NOT NULL DEFAULT 0",
		"CREATE INDEX IF NOT EXISTS latchkey_session_sweep ON latchkey_session (sweep_at)",
		"DROP INDEX IF EXISTS latchkey_session_expiry",
	],
};
