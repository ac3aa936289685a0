import { availableParallelism } from "node:os";
import { AuthError } from "../errors.ts";

export interface HashPoolOptions {
	/** How many run at once. Default: one core less than there are, at least one. */
	concurrency?: number;
	/** How many may wait. Default 128. */
	queueLimit?: number;
}

/**
 * Lets a few password hashes run and the rest wait in line. Each hash takes 19 MiB and a core for 20 to 30 ms: with
 * all cores busy hashing, every other visitor would wait, and the memory would grow with the queue.
 */
export class HashPool {
	readonly #concurrency: number;
	readonly #queueLimit: number;
	readonly #waiting: (() => void)[] = [];
	#running = 0;

	constructor({ concurrency = Math.max(1, availableParallelism() - 1), queueLimit = 128 }: HashPoolOptions = {}) {
		this.#concurrency = concurrency;
		this.#queueLimit = queueLimit;
	}

	/**
	 * Runs the hash when its turn comes.
	 * @throws {AuthError} `busy` at once when too many wait already.
	 */
	async run<Result>(work: () => Promise<Result>): Promise<Result> {
		await this.#turn();
		try {
			return await work();
		} finally {
			this.#next();
		}
	}

	/** @throws {AuthError} `busy` when {@link run} would throw it now: for asking before anything is counted or written. */
	requireRoom(): void {
		const full = this.#running >= this.#concurrency && this.#waiting.length >= this.#queueLimit;
		if (full) throw new AuthError("busy", { retryAfterSeconds: 5 });
	}

	#turn(): Promise<void> | undefined {
		if (this.#running < this.#concurrency) {
			this.#running += 1;
			return undefined;
		}
		this.requireRoom();
		return new Promise((resolve) => this.#waiting.push(resolve));
	}

	// The place is handed on, not given back: a newcomer cannot take it before those who wait.
	#next(): void {
		const next = this.#waiting.shift();
		if (next === undefined) this.#running -= 1;
		else next();
	}
}
