import { resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { misconfigured } from "../../errors.ts";
import type { Storage } from "../storage.ts";
import { auditOperations } from "./audit-events.ts";
import { SqliteConnection } from "./connection.ts";
import { createUserOperation } from "./create-user.ts";
import { createFile, inMemory } from "./database-file.ts";
import { deleteUserOperation } from "./delete-user.ts";
import { deletionOperations } from "./deletions.ts";
import { emailOperations } from "./emails.ts";
import { exportUserOperation } from "./export-user.ts";
import { factorOperations } from "./factors.ts";
import { mailOperations } from "./mails.ts";
import { migrate, migrationStatus, requireMigrated, untilFree } from "./migrate.ts";
import { oauthOperations } from "./oauth.ts";
import { passkeyOperations } from "./passkeys.ts";
import { passwordOperations } from "./passwords.ts";
import { readSessionOperation } from "./read-session.ts";
import { rememberUntilForeignCommit } from "./remember-sessions.ts";
import { renewalOperations } from "./renewal.ts";
import { sessionOperations } from "./sessions.ts";
import { createSteps } from "./steps.ts";
import { throttleOperations } from "./throttle.ts";
import { tokenOperations } from "./tokens.ts";
import { totpOperations } from "./totp.ts";
import { trustedDeviceOperations } from "./trusted-devices.ts";
import { upkeepOperations } from "./upkeep.ts";
import { userOperations } from "./users.ts";

export interface OpenSqliteOptions {
	/** The database's file; it and its folder are created for the owner alone if missing. `:memory:` for a test. */
	file: string;
	/** Milliseconds since 1970. Default: the machine's clock. */
	clock?: () => number;
	/**
	 * `ours` (default): applies pending migrations if the file holds no tables but latchkey's, else refuses to open while
	 * any are pending. `never`: always refuses then.
	 */
	migrate?: "ours" | "never";
	/** Refuses to begin a new database, as where a file has taken the place of another. Default: false. */
	mustExist?: boolean;
	/** Called with every statement that is executed once the store is open, BEGIN and COMMIT included. */
	onStatement?: (sql: string) => void;
	/** How long a call waits, without blocking, while another process holds the lock. Default: 5000. */
	busyTimeoutMs?: number;
	/** How many live sessions are remembered at most. 0: none. Default: 10,000. */
	rememberedSessions?: number;
}

/**
 * Opens the store on one SQLite file, for any number of processes on one machine. Rejects with `misconfigured`, one
 * line with the cure, when the file cannot serve; the file is then as it was.
 */
export async function openSqlite(options: OpenSqliteOptions): Promise<Storage> {
	const { clock = Date.now, migrate: policy = "ours", onStatement, busyTimeoutMs = 5000 } = options;
	const { rememberedSessions: max = 10_000 } = options;
	const file = options.file === inMemory ? inMemory : resolve(options.file);
	const status = await migrationStatus(file);
	if (options.mustExist && status.applied.length === 0) throw misconfigured(`${file} is no database of latchkey's.`);
	requireMigrated(file, status, policy);
	if (file !== inMemory) createFile(file);

	const database = await untilFree(() => new DatabaseSync(file));
	try {
		await setUp(database, file);
		if (status.pending.length > 0) await migrate(database, file, clock);
		const connection = new SqliteConnection({ database, clock, busyTimeoutMs, onStatement });
		const storage = createStorage(connection);
		return max === 0 ? storage : rememberUntilForeignCommit(storage, connection, max);
	} catch (error) {
		database.close();
		throw error;
	}
}

function createStorage(connection: SqliteConnection): Storage {
	const steps = createSteps(connection);
	return {
		...readSessionOperation(connection),
		...sessionOperations(connection, steps),
		...renewalOperations(connection),
		...createUserOperation(connection, steps),
		...userOperations(connection, steps),
		...passwordOperations(connection, steps),
		...deleteUserOperation(connection, steps),
		...exportUserOperation(connection),
		...throttleOperations(connection),
		...tokenOperations(connection, steps),
		...auditOperations(connection, steps.events),
		...mailOperations(connection),
		...emailOperations(connection, steps),
		...deletionOperations(connection, steps),
		...upkeepOperations(connection),
		...oauthOperations(connection, steps),
		...factorOperations(connection, steps),
		...totpOperations(connection, steps),
		...passkeyOperations(connection, steps),
		...trustedDeviceOperations(connection, steps),
	};
}

async function setUp(database: DatabaseSync, file: string): Promise<void> {
	database.exec("PRAGMA busy_timeout = 0; PRAGMA foreign_keys = ON");
	// Switching a fresh file to WAL takes a lock that another process opening it may hold.
	const mode = await untilFree(() => database.prepare("PRAGMA journal_mode = WAL").get()?.journal_mode);
	if (file !== inMemory && mode !== "wal") {
		throw misconfigured(`${file} is on a file system without shared memory. Name a local file in AUTH_DATABASE_URL.`);
	}
	// 32 MB of pages: what thousands of signed-in people need without a system call for each read.
	await untilFree(() => database.exec("PRAGMA synchronous = FULL; PRAGMA cache_size = -32000"));
}
