import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { randomSecret } from "../crypto/random.ts";
import { type Command, type CommandContext, CommandError, parseArguments, UsageError } from "./command.ts";

const usage = `latchkey secret             prints a new secret for AUTH_SECRET
latchkey secret add         adds a new one at the end of AUTH_SECRET in .env.local: it verifies, and signs nothing yet
latchkey secret promote     moves the last one to the front: from now on it signs, and the others still verify
  --file <path>             another file than .env.local
  To change the secret without signing anybody out: add it on every machine, and then promote it on every machine.`;

export const secret: Command = { usage, run };

async function run(args: readonly string[], context: CommandContext): Promise<void> {
	const { values, positionals } = parseArguments(args, { file: { type: "string" } });
	const [action, ...more] = positionals;
	if (more.length > 0) throw new UsageError(`"latchkey secret ${action}" takes no ${JSON.stringify(more[0])}`);
	if (action === undefined) {
		if (values.file !== undefined) throw new UsageError('--file belongs to "secret add" and "secret promote"');
		return context.print(newSecret());
	}
	if (action === "add") return add(values.file ?? ".env.local", context);
	if (action === "promote") return promote(values.file ?? ".env.local", context);
	throw new UsageError(`there is no "latchkey secret ${action}"`);
}

function add(name: string, context: CommandContext): void {
	const file = secretFile(name, context);
	const secrets = [...file.secrets, newSecret()];
	file.write(secrets);
	if (secrets.length === 1) {
		context.print(`${name} now has a secret.`);
	} else {
		context.print(`${name} now has ${secrets.length} secrets; the new one is last and signs nothing yet.`);
		context.print("Once every machine has it, run: latchkey secret promote");
	}
}

function promote(name: string, context: CommandContext): void {
	const file = secretFile(name, context);
	const last = file.secrets.at(-1);
	if (last === undefined || file.secrets.length === 1) {
		throw new CommandError(
			`${name} has ${last === undefined ? "no secret" : "one secret"}; run first: latchkey secret add`,
		);
	}
	file.write([last, ...file.secrets.slice(0, -1)]);
	context.print(`In ${name} the last secret is now the first, and signs from the next start on.`);
	context.print("Keep the others in the list: what was signed and sealed with them still needs them.");
}

/** 256 bits, which HKDF wants of its input (RFC 5869, section 3.3). */
function newSecret(): string {
	return randomSecret(256);
}

interface SecretFile {
	secrets: readonly string[];
	write(secrets: readonly string[]): void;
}

function secretFile(name: string, { cwd, env }: CommandContext): SecretFile {
	const source = ["AUTH_SECRET", "AUTH_SECRET_FILE"].find((variable) => env[variable]);
	if (source !== undefined) {
		throw new CommandError(`${source} is set in the environment and wins over ${name}; change it there`);
	}
	const path = resolve(cwd, name);
	const text = existsSync(path) ? readFileSync(path, "utf8") : "";
	const list = parseEnv(text).AUTH_SECRET ?? "";
	const secrets = list.split(",").map((part) => part.trim());
	return {
		secrets: secrets.filter((part) => part !== ""),
		write: (next) => replaceFile(path, withSecrets(text, next)),
	};
}

/** Everything else in the file stays as it is. Of several lines the last counts, for Next.js too. */
function withSecrets(text: string, secrets: readonly string[]): string {
	const line = `AUTH_SECRET=${secrets.join(",")}`;
	const lines = text.split("\n");
	const index = lines.findLastIndex((candidate) => /^\s*(export\s+)?AUTH_SECRET\s*=/.test(candidate));
	if (index >= 0) return lines.with(index, line).join("\n");
	return `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${line}\n`;
}

/** In one step, so that whoever reads meanwhile finds the old list or the new one, never half of one. */
function replaceFile(path: string, text: string): void {
	// The name is one that the user's .gitignore covers, should the process die here.
	const draft = join(dirname(path), `.env.${process.pid}.local`);
	writeFileSync(draft, text, { mode: 0o600 });
	chmodSync(draft, 0o600);
	renameSync(draft, path);
}
