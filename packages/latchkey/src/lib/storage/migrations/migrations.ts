import { coreTables } from "./0001-core-tables.ts";
import { mailTables } from "./0002-mail.ts";
import { secondFactors } from "./0003-second-factors.ts";
import { outsideProviders } from "./0004-outside-providers.ts";
import { userFields } from "./0005-user-fields.ts";
import { trustedDevices } from "./0006-trusted-devices.ts";
import { appNames } from "./0007-app-names.ts";
import { sessionSweep } from "./0008-session-sweep.ts";
import type { Migration } from "./migration.ts";

/** Every migration, oldest first. */
export const migrations: readonly Migration[] = [
	coreTables,
	mailTables,
	secondFactors,
	outsideProviders,
	userFields,
	trustedDevices,
	appNames,
	sessionSweep,
];
