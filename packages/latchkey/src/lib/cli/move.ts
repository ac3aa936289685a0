import { resolve } from "node:path";
import { sqliteFile } from "../settings.ts";
import { isPostgresUrl } from "../storage/postgres/database-url.ts";
import { type Command, type CommandContext, CommandError, parseArguments, UsageError } from "./command.ts";
import { readDatabaseUrl } from "./environment.ts";

const usage = `latchkey move <file>        copies everything from this SQLite file into the PostgreSQL of AUTH_DATABASE_URL, and
                            compares both by counts and checksums; run again, it goes on where it was cut off`;

export const move: Command = { usage, run };

async function run(args: readonly string[], { cwd, env, print, warn }: CommandContext): Promise<void> {
	const { positionals } = parseArguments(args, {});
	const [file, ...more] = positionals;
	if (file === undefined) throw new UsageError('"latchkey move" needs the SQLite file, such as .data/latchkey.db');
	if (more.length > 0) throw new UsageError(`"latchkey move" takes one file, and no ${JSON.stringify(more[0])}`);
	const url = readDatabaseUrl(cwd, env);
	if (!isPostgresUrl(url)) {
		throw new CommandError(
			"AUTH_DATABASE_URL names SQLite; let it name the PostgreSQL to move to, such as postgres://user:password@host/database",
		);
	}
	const { moveToPostgres } = await import("../move/move-to-postgres.ts");
	const path = resolve(cwd, file.startsWith("file:") ? sqliteFile(file) : file);
	const moved = await moveToPostgres({
		file: path,
		url,
		onProgress: ({ table, rows }) => warn(`${table}: ${rows}`),
	});
	for (const { table, rows, checksum } of moved) print(`${table} ${rows} ${checksum}`);
	warn(`Everything is in PostgreSQL. ${path} is as it was; start the application with this AUTH_DATABASE_URL.`);
}
