import type { Migration } from "./migration.ts";

/**
 * Clean-up looks at a session when its `sweep_at` has passed, and puts off one that is still in use. Nothing that happens
 * often writes an indexed column any more. Rows of old code have 0, and are looked at first.
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
		"ALTER TABLE latchkey_session ADD COLUMN IF NOT EXISTS sweep_at bigint NOT NULL DEFAULT 0",
		"CREATE INDEX IF NOT EXISTS latchkey_session_sweep ON latchkey_session (sweep_at)",
		"DROP INDEX IF EXISTS latchkey_session_expiry",
	],
};
