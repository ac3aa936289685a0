import { describeError, type Logger } from "./log.ts";

/**
 * Work that starts once the answer is on its way and that nobody waits for. Losing it must be harmless.
 */
export class Background {
	readonly #log: Logger;
	readonly #running = new Set<Promise<void>>();

	constructor(log: Logger) {
		this.#log = log;
	}

	run(what: string, work: () => Promise<unknown>): void {
		const done = new Promise<void>((resolve) => setImmediate(resolve))
			.then(work)
			.then(
				() => {},
				(error: unknown) => this.#log({ level: "warn", event: "background_failed", what, ...describeError(error) }),
			)
			.finally(() => this.#running.delete(done));
		this.#running.add(done);
	}

	/** Resolves when everything started so far has ended. */
	async settled(): Promise<void> {
		while (this.#running.size > 0) await Promise.all(this.#running);
	}
}
