import { uuidv7 } from "../crypto/random.ts";
import type { EventType } from "../events/events.ts";
import { enableFactor } from "../factors/enable-factor.ts";
import type { CodeFactorName } from "../factors/verify-factor.ts";
import { sqliteFile } from "../settings.ts";
import type { NewEvent, Storage } from "../storage/storage.ts";
import { parseIdentifier } from "../users/identifiers.ts";
import { type Command, type CommandContext, CommandError, parseArguments, UsageError } from "./command.ts";
import { readDatabaseUrl } from "./environment.ts";

const usage = `latchkey unlock <name>      enables a password that 90 wrong ones in a row disabled, of the account
                            with this e-mail address or user name
  --factor totp             … the authenticator app instead, which 90 wrong codes stopped
  --factor recovery-code    … the recovery codes instead`;

export const unlock: Command = { usage, run };

const factors: Readonly<Record<string, { name: CodeFactorName; enabled: string; missing: string }>> = {
	totp: { name: "totp", enabled: "The authenticator app", missing: "no authenticator app" },
	"recovery-code": { name: "recovery_code", enabled: "The recovery codes", missing: "no recovery codes" },
};

async function run(args: readonly string[], context: CommandContext): Promise<void> {
	const { positionals, values } = parseArguments(args, { factor: { type: "string", default: "password" } });
	const [name, ...more] = positionals;
	if (name === undefined || more.length > 0) throw new UsageError('"latchkey unlock" takes one name');
	const { factor } = values;
	if (factor !== "password" && !Object.hasOwn(factors, factor)) {
		throw new UsageError(`--factor is password, totp or recovery-code, not ${JSON.stringify(factor)}`);
	}
	const identifier = parseIdentifier(name);
	if (!identifier.ok) throw new UsageError(`${JSON.stringify(name)} is neither an e-mail address nor a user name`);
	const storage = await openStorage(context);
	try {
		const found = await storage.findCredentials(identifier);
		if (found === null) throw new CommandError(`nobody is called ${JSON.stringify(name)}`);
		const userId = found.user.id;
		if (factor === "password") await unlockPassword(storage, userId);
		else await unlockFactor(storage, { userId, name, factor });
		const enabled = factors[factor]?.enabled ?? "The password";
		context.print(`${enabled} of ${name} can be used again.`);
	} finally {
		await storage.close();
	}
}

async function unlockPassword(storage: Storage, userId: string): Promise<void> {
	await storage.forgetFailures(userId);
	await storage.appendEvents([eventOf("password.enabled", userId, {})]);
}

interface Unlocked {
	userId: string;
	name: string;
	factor: string;
}

async function unlockFactor(storage: Storage, { userId, name, factor }: Unlocked): Promise<void> {
	const { name: codeFactor, missing } = factors[factor]!;
	const event = eventOf("factor.enabled", userId, { factor: codeFactor });
	const enabled = await enableFactor({ storage }, { userId, factor: codeFactor, event });
	if (!enabled) throw new CommandError(`${name} has ${missing}`);
}

function eventOf(type: EventType, userId: string, detail: Record<string, string>): NewEvent {
	const nowhere = { sessionId: null, address: null, userAgent: null };
	return { id: uuidv7(), type, userId, ...nowhere, detail: { ...detail, by: "command line" } };
}

async function openStorage({ cwd, env }: CommandContext): Promise<Storage> {
	const databaseUrl = readDatabaseUrl(cwd, env);
	if (databaseUrl.startsWith("file:")) {
		const { resolve } = await import("node:path");
		const { openSqlite } = await import("../storage/sqlite/open-sqlite.ts");
		return openSqlite({ file: resolve(cwd, sqliteFile(databaseUrl)), migrate: "never" });
	}
	const { openPostgres } = await import("../storage/postgres/open-postgres.ts");
	return openPostgres({ url: databaseUrl, migrate: "never", rememberedSessions: 0 });
}
