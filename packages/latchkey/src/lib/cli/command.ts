import { type ParseArgsOptionsConfig, parseArgs } from "node:util";

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a command may use of the world. It never asks questions, so it runs the same without a terminal. */
export interface CommandContext {
	/** The folder that `.env.local` and relative paths belong to. */
	cwd: string;
	/** The environment as it was set, without what the files add. */
	env: Environment;
	/** Standard output: the answer, and nothing else. */
	print(text: string): void;
	/** Standard error: everything that is said about it. */
	warn(text: string): void;
}

export interface Command {
	usage: string;
	run(args: readonly string[], context: CommandContext): Promise<void>;
}

/** The command line is not one that latchkey understands. */
export class UsageError extends Error {}

/** The command was understood and cannot be done; the message says why and how to put it right. */
export class CommandError extends Error {}

/** `parseArgs` of Node, whose complaints become a {@link UsageError} of one sentence. */
export function parseArguments<Options extends ParseArgsOptionsConfig>(args: readonly string[], options: Options) {
	try {
		return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
	} catch (error) {
		throw new UsageError(error instanceof Error ? error.message.split(/\. |\n/)[0] : String(error));
	}
}
