import type { Migration } from "./migration.ts";

/** What somebody calls their authenticator app; nothing where they said nothing. */
export const appNames: Migration = {
	version: 7,
	name: "app names",
	sqlite: ["ALTER TABLE latchkey_totp ADD COLUMN name TEXT"],
	postgres: ["ALTER TABLE latchkey_totp ADD COLUMN name text"],
};
