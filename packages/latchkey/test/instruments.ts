import { DatabaseSync } from "node:sqlite";
import { deriveKeyRing } from "../src/lib/crypto/keys.ts";
import { Throttle } from "../src/lib/http/throttle.ts";
import type { AuthOptions } from "../src/lib/options.ts";
import { HashPool, type HashPoolOptions } from "../src/lib/passwords/hash-pool.ts";
import { type Argon2Parameters, PasswordHasher } from "../src/lib/passwords/password-hasher.ts";
import { ActivityLog } from "../src/lib/sessions/activity.ts";
import type { SessionClaims } from "../src/lib/sessions/session-token.ts";
import { openSqlite } from "../src/lib/storage/sqlite/open-sqlite.ts";
import type { Storage } from "../src/lib/storage/storage.ts";
import { openTestAuth, type TestAuth } from "./harness.ts";

/** The least that Argon2id accepts, for tests in which a hash is only counted. */
export const cheapHash: Argon2Parameters = { memoryKib: 8, passes: 1, lanes: 1 };

/** Counts the hashes that really run. */
export class CountingPool extends HashPool {
	hashes = 0;
	mostAtOnce = 0;
	/** A hash whose turn has come waits for it. */
	gate: Promise<void> = Promise.resolve();
	#running = 0;

	override run<Result>(work: () => Promise<Result>): Promise<Result> {
		return super.run(async () => {
			this.hashes += 1;
			this.#running += 1;
			this.mostAtOnce = Math.max(this.mostAtOnce, this.#running);
			try {
				await this.gate;
				return await work();
			} finally {
				this.#running -= 1;
			}
		});
	}
}

export interface InstrumentedAuth extends TestAuth {
	/** Every SQL statement so far, BEGIN and COMMIT included. Empty it to count anew. */
	readonly statements: string[];
	readonly pool: CountingPool;
	/** Puts other operations in the place of the store's own, for all that the engine does from now on. */
	replaceStorage(change: (storage: Storage) => Partial<Storage>): Promise<void>;
}

export interface InstrumentOptions {
	/** Default {@link cheapHash}. */
	parameters?: Argon2Parameters;
	pool?: HashPoolOptions;
}

/** An engine whose store and hashes are counted and can be tampered with. */
export async function openInstrumented(
	options: Partial<AuthOptions> = {},
	instruments: InstrumentOptions = {},
): Promise<InstrumentedAuth> {
	return instrument(openTestAuth(options), instruments);
}

/** The same of an engine that there is. */
export async function instrument(
	auth: TestAuth,
	{ parameters = cheapHash, pool: poolOptions = {} }: InstrumentOptions = {},
): Promise<InstrumentedAuth> {
	const engine = await auth.engine();
	const { settings, log } = engine;
	// What is counted is what the flows do; a message is sent when a test says so.
	await engine.sender.stop();
	const statements: string[] = [];
	const pool = new CountingPool(poolOptions);
	const hasher = new PasswordHasher(pool, deriveKeyRing(settings.peppers, "password"), parameters);
	await engine.storage.close();
	const storage = await openSqlite({ file: auth.file, clock: auth.clock, onStatement: (sql) => statements.push(sql) });
	use(storage);
	Object.assign(engine, { hasher });

	function use(replacement: Storage): void {
		const throttle = new Throttle(replacement, deriveKeyRing(settings.secrets, "throttle"));
		Object.assign(engine, { storage: replacement, throttle, activity: new ActivityLog(replacement, log) });
	}

	return Object.assign(auth, {
		statements,
		pool,
		replaceStorage: async (change: (storage: Storage) => Partial<Storage>) => use({ ...storage, ...change(storage) }),
	});
}

/** What stands in the database, by whatever statement. */
export function rows({ file }: TestAuth, sql: string): Record<string, unknown>[] {
	const database = new DatabaseSync(file, { readOnly: true });
	try {
		return database.prepare(sql).all();
	} finally {
		database.close();
	}
}

/** How many rows a table has. */
export function countRows(auth: TestAuth, table: string): number {
	return Number(rows(auth, `SELECT count(*) AS n FROM ${table}`)[0]!.n);
}

/** Every row of every table, to compare with what stands there later. */
export function everyRow(auth: TestAuth): string {
	const tables = rows(auth, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
	return JSON.stringify(tables.map(({ name }) => [name, rows(auth, `SELECT * FROM ${name}`)]));
}

/** What a token says, without judging it. */
export function claimsOf(token: string): SessionClaims {
	return JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()) as SessionClaims;
}

/** Stops whoever passes until it is opened, and tells when somebody has come. */
export function gate(): { pass(): Promise<void>; reached: Promise<void>; open(): void } {
	const reached = Promise.withResolvers<void>();
	const opened = Promise.withResolvers<void>();
	return {
		pass() {
			reached.resolve();
			return opened.promise;
		},
		reached: reached.promise,
		open: opened.resolve,
	};
}

interface Contract {
	paths: Record<string, Record<string, { requestBody?: unknown }>>;
}

export interface Endpoint {
	method: string;
	/** With a real-looking id where the document has a name. */
	path: string;
	hasBody: boolean;
}

/** Every endpoint of the OpenAPI document, so that a new one is attacked as soon as it exists. */
export async function endpointsOf(auth: Pick<TestAuth, "handle">): Promise<Endpoint[]> {
	const response = await auth.handle(new Request("http://localhost:3000/api/auth/openapi.json"));
	const { paths } = (await response.json()) as Contract;
	return Object.entries(paths).flatMap(([template, operations]) =>
		Object.entries(operations).map(([method, operation]) => ({
			method: method.toUpperCase(),
			path: template.replaceAll(/\{\w+\}/g, "01980000-0000-7000-8000-000000000000"),
			hasBody: operation.requestBody !== undefined,
		})),
	);
}
