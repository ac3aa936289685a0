import type { Migration } from "./migration.ts";

export const userFields: Migration = {
	version: 5,
	name: "user fields",
	sqlite: ["ALTER TABLE latchkey_user ADD COLUMN fields TEXT"],
	postgres: ["ALTER TABLE latchkey_user ADD COLUMN fields text"],
};
