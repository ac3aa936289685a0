import { resolve } from "node:path";
import { sqliteFile } from "../settings.ts";
import { isPostgresUrl, parseDatabaseUrl } from "../storage/postgres/database-url.ts";
import type { AppliedMigration, MigrationStatus, PlannedMigration } from "../storage/sqlite/migrate.ts";
import { type Command, type CommandContext, CommandError, parseArguments, UsageError } from "./command.ts";
import { readDatabaseUrl } from "./environment.ts";

const usage = `latchkey migrate [apply]    applies what the database of AUTH_DATABASE_URL lacks, also beside other tables
latchkey migrate status     says what is applied and what is pending; writes nothing
  --json                    says it as JSON
latchkey migrate plan       prints the SQL that would be executed; writes nothing`;

export const migrate: Command = { usage, run };

/** What both kinds of databases can do. A file is named by its path, PostgreSQL by its URL. */
interface Migrations {
	applyMigrations(target: string): Promise<readonly AppliedMigration[]>;
	migrationStatus(target: string): Promise<MigrationStatus>;
	planMigrations(target: string): Promise<readonly PlannedMigration[]>;
}

async function run(args: readonly string[], context: CommandContext): Promise<void> {
	const { values, positionals } = parseArguments(args, { json: { type: "boolean" } });
	const [action = "apply", ...more] = positionals;
	const perform = Object.hasOwn(actions, action) ? actions[action] : undefined;
	if (perform === undefined) throw new UsageError(`there is no "latchkey migrate ${action}"`);
	if (more.length > 0) throw new UsageError(`"latchkey migrate ${action}" takes no ${JSON.stringify(more[0])}`);
	if (values.json && action !== "status") throw new UsageError('--json belongs to "migrate status"');
	const database = await findDatabase(context);
	await perform(database.migrations, { ...database, json: values.json === true, context });
}

interface Database {
	migrations: Migrations;
	/** What the migrations are asked about. */
	target: string;
	/** How it is called in what is printed: never with a password. */
	name: { file: string } | { database: string };
}

interface Request extends Database {
	json: boolean;
	context: CommandContext;
}

const actions: Readonly<Record<string, (migrations: Migrations, request: Request) => Promise<void>>> = {
	async apply({ applyMigrations }, { target, name, context }) {
		const applied = await applyMigrations(target);
		for (const { version, name } of applied) context.print(`applied ${version} ${name}`);
		context.warn(applied.length === 0 ? `${say(name)} lacks nothing.` : `${say(name)} is up to date.`);
	},
	async status({ migrationStatus }, { target, name, json, context }) {
		const status = await migrationStatus(target);
		context.print(json ? JSON.stringify(statusAsJson(name, status), null, 2) : statusAsText(name, status));
	},
	async plan({ planMigrations }, { target, name, context }) {
		const pending = await planMigrations(target);
		for (const { version, name, statements } of pending) {
			context.print([`-- ${version} ${name}`, ...statements.map((statement) => `${statement};`)].join("\n"));
		}
		if (pending.length === 0) context.warn(`${say(name)} lacks nothing.`);
	},
};

function say(name: Database["name"]): string {
	return "file" in name ? name.file : name.database;
}

function statusAsText(name: Database["name"], { applied, pending, foreignTables }: MigrationStatus): string {
	return [
		say(name),
		...applied.map(({ version, name, appliedAt }) => `applied ${version} ${name} at ${isoTime(appliedAt)}`),
		...pending.map(({ version, name }) => `pending ${version} ${name}`),
		...foreignTables.map((table) => `foreign table ${table}`),
	].join("\n");
}

function statusAsJson(name: Database["name"], { applied, pending, foreignTables }: MigrationStatus) {
	return {
		...name,
		applied: applied.map(({ version, name, appliedAt }) => ({ version, name, appliedAt: isoTime(appliedAt) })),
		pending: pending.map(({ version, name }) => ({ version, name })),
		foreignTables,
	};
}

function isoTime(milliseconds: number): string {
	return new Date(milliseconds).toISOString();
}

async function findDatabase({ cwd, env }: CommandContext): Promise<Database> {
	const databaseUrl = readDatabaseUrl(cwd, env);
	// Each is loaded here, so that no other command loads a database.
	if (isPostgresUrl(databaseUrl)) {
		const { label } = parseDatabaseUrl(databaseUrl);
		const migrations = await import("../storage/postgres/migrate.ts");
		return { migrations, target: databaseUrl, name: { database: label } };
	}
	const file = sqliteFile(databaseUrl);
	if (file === ":memory:") throw new CommandError("AUTH_DATABASE_URL names memory, where there is nothing to migrate");
	const path = resolve(cwd, file);
	return { migrations: await import("../storage/sqlite/migrate.ts"), target: path, name: { file: path } };
}
