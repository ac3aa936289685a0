import { resolve } from "node:path";
import { readSettings } from "../settings.ts";
import type { MigrationStatus } from "../storage/sqlite/migrate.ts";
import { type Command, type CommandContext, CommandError, parseArguments, UsageError } from "./command.ts";
import { loadEnvironment } from "./environment.ts";

const usage = `latchkey migrate            applies what the database of AUTH_DATABASE_URL lacks, also beside other tables
latchkey migrate status     says what is applied and what is pending; writes nothing
  --json                    says it as JSON
latchkey migrate plan       prints the SQL that would be executed; writes nothing`;

export const migrate: Command = { usage, run };

type Migrations = typeof import("../storage/sqlite/migrate.ts");

async function run(args: readonly string[], context: CommandContext): Promise<void> {
	const { values, positionals } = parseArguments(args, { json: { type: "boolean" } });
	const [action = "up", ...more] = positionals;
	const perform = Object.hasOwn(actions, action) ? actions[action] : undefined;
	if (perform === undefined) throw new UsageError(`there is no "latchkey migrate ${action}"`);
	if (more.length > 0) throw new UsageError(`"latchkey migrate ${action}" takes no ${JSON.stringify(more[0])}`);
	if (values.json && action !== "status") throw new UsageError('--json belongs to "migrate status"');
	const file = await databaseFile(context);
	// Loaded here, so that no other command loads SQLite.
	await perform(await import("../storage/sqlite/migrate.ts"), { file, json: values.json === true, context });
}

interface Request {
	file: string;
	json: boolean;
	context: CommandContext;
}

const actions: Readonly<Record<string, (migrations: Migrations, request: Request) => Promise<void>>> = {
	async up({ applyMigrations }, { file, context }) {
		const applied = await applyMigrations(file);
		for (const { version, name } of applied) context.print(`applied ${version} ${name}`);
		context.warn(applied.length === 0 ? `${file} lacks nothing.` : `${file} is up to date.`);
	},
	async status({ migrationStatus }, { file, json, context }) {
		const status = await migrationStatus(file);
		context.print(json ? JSON.stringify(statusAsJson(file, status), null, 2) : statusAsText(file, status));
	},
	async plan({ planMigrations }, { file, context }) {
		const pending = await planMigrations(file);
		for (const { version, name, statements } of pending) {
			context.print([`-- ${version} ${name}`, ...statements.map((statement) => `${statement};`)].join("\n"));
		}
		if (pending.length === 0) context.warn(`${file} lacks nothing.`);
	},
};

function statusAsText(file: string, { applied, pending, foreignTables }: MigrationStatus): string {
	return [
		file,
		...applied.map(({ version, name, appliedAt }) => `applied ${version} ${name} at ${isoTime(appliedAt)}`),
		...pending.map(({ version, name }) => `pending ${version} ${name}`),
		...foreignTables.map((table) => `foreign table ${table}`),
	].join("\n");
}

function statusAsJson(file: string, { applied, pending, foreignTables }: MigrationStatus) {
	return {
		file,
		applied: applied.map(({ version, name, appliedAt }) => ({ version, name, appliedAt: isoTime(appliedAt) })),
		pending: pending.map(({ version, name }) => ({ version, name })),
		foreignTables,
	};
}

function isoTime(milliseconds: number): string {
	return new Date(milliseconds).toISOString();
}

async function databaseFile({ cwd, env }: CommandContext): Promise<string> {
	// A machine that only migrates may have neither origin nor secret.
	const stand = { url: "http://localhost", secret: "only-the-database-is-asked-for-here" };
	const { databaseUrl } = readSettings(stand, { ...loadEnvironment(cwd, env), AUTH_PEPPER: undefined });
	const { sqliteFile } = await import("../settings.ts");
	const file = sqliteFile(databaseUrl);
	if (file === ":memory:") throw new CommandError("AUTH_DATABASE_URL names memory, where there is nothing to migrate");
	return resolve(cwd, file);
}
