import { uuidv7 } from "../crypto/random.ts";
import { readSettings, sqliteFile } from "../settings.ts";
import type { Storage } from "../storage/storage.ts";
import { parseIdentifier } from "../users/identifiers.ts";
import { type Command, type CommandContext, CommandError, parseArguments, UsageError } from "./command.ts";
import { loadEnvironment } from "./environment.ts";

const usage = `latchkey unlock <name>      enables a password that 90 wrong ones in a row disabled, of the account
                            with this e-mail address or user name`;

export const unlock: Command = { usage, run };

async function run(args: readonly string[], context: CommandContext): Promise<void> {
	const { positionals } = parseArguments(args, {});
	const [name, ...more] = positionals;
	if (name === undefined || more.length > 0) throw new UsageError('"latchkey unlock" takes one name');
	const identifier = parseIdentifier(name);
	if (!identifier.ok) throw new UsageError(`${JSON.stringify(name)} is neither an e-mail address nor a user name`);
	const storage = await openStorage(context);
	try {
		const found = await storage.findCredentials(identifier);
		if (found === null) throw new CommandError(`nobody is called ${JSON.stringify(name)}`);
		const userId = found.user.id;
		await storage.forgetFailures(userId);
		const nowhere = { sessionId: null, address: null, userAgent: null, detail: { by: "command line" } };
		await storage.appendEvents([{ id: uuidv7(), type: "password.enabled", userId, ...nowhere }]);
		context.print(`The password of ${name} can be used again.`);
	} finally {
		await storage.close();
	}
}

async function openStorage({ cwd, env }: CommandContext): Promise<Storage> {
	// Only the database is asked for: a machine that administers need not have origin and secret.
	const stand = { url: "http://localhost", secret: "only-the-database-is-asked-for-here" };
	const { databaseUrl } = readSettings(stand, { ...loadEnvironment(cwd, env), AUTH_PEPPER: undefined });
	if (databaseUrl.startsWith("file:")) {
		const { resolve } = await import("node:path");
		const { openSqlite } = await import("../storage/sqlite/open-sqlite.ts");
		return openSqlite({ file: resolve(cwd, sqliteFile(databaseUrl)), migrate: "never" });
	}
	const { openPostgres } = await import("../storage/postgres/open-postgres.ts");
	return openPostgres({ url: databaseUrl, migrate: "never", rememberedSessions: 0 });
}
