import { readFileSync } from "node:fs";
import { AuthError } from "../errors.ts";
import { type Command, type CommandContext, CommandError, UsageError } from "./command.ts";
import { migrate } from "./migrate.ts";
import { move } from "./move.ts";
import { secret } from "./secret.ts";
import { unlock } from "./unlock.ts";

const commands: Readonly<Record<string, Command>> = { migrate, move, secret, unlock };

/** Runs a command line and answers the exit code: 0 done, 1 failed, 2 not understood. */
export async function main(args: readonly string[], context: CommandContext = processContext()): Promise<number> {
	try {
		await dispatch(args, context);
		return 0;
	} catch (error) {
		context.warn(`latchkey: ${describe(error)}`);
		if (!(error instanceof UsageError)) return 1;
		context.warn('Run "latchkey --help" to see what there is.');
		return 2;
	}
}

async function dispatch([name, ...rest]: readonly string[], context: CommandContext): Promise<void> {
	if (name === undefined) throw new UsageError("which command?");
	if (name === "--help" || name === "-h") return context.print(help());
	if (name === "--version" || name === "-v") return context.print(version());
	const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
	if (command === undefined) throw new UsageError(`there is no command ${JSON.stringify(name)}`);
	if (rest.includes("--help") || rest.includes("-h")) return context.print(command.usage);
	await command.run(rest, context);
}

function help(): string {
	const usages = Object.values(commands).map(({ usage }) => usage);
	return [
		"latchkey: the command line of your authentication",
		...usages,
		"latchkey --help, latchkey --version",
		"Settings come from the environment, then from .env.local, then from .env in this folder.\n" +
			"Exit codes: 0 done, 1 failed, 2 not understood.",
	].join("\n\n");
}

function version(): string {
	// The same distance from src/lib/cli as from dist/lib/cli.
	const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
	return (JSON.parse(text) as { version: string }).version;
}

/** One line, whatever it is: the operator wants the reason, not the stack. */
function describe(error: unknown): string {
	if (error instanceof AuthError) return error.detail ?? error.message;
	const text = error instanceof Error ? error.message : String(error);
	return error instanceof UsageError || error instanceof CommandError ? text : (text.split("\n")[0] ?? text);
}

function processContext(): CommandContext {
	return {
		cwd: process.cwd(),
		env: process.env,
		print: (text) => console.log(text),
		warn: (text) => console.error(text),
	};
}
