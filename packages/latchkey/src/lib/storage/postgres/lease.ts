/** Two clocks, since each has times at which it stands still or jumps: the one while a machine sleeps, the other when it is set. */
export interface Stopwatch {
	monotonic(): number;
	wall(): number;
}

export interface Instant {
	readonly monotonic: number;
	readonly wall: number;
}

export const machineStopwatch: Stopwatch = { monotonic: () => performance.now(), wall: () => Date.now() };

/** How long memory is believed after a question that the channel answered was asked. */
export const leaseMs = 400;

/**
 * Until when what this process remembers may be believed: 400 ms from the moment at which the last heartbeat that came
 * back was sent. Everything that ended before that moment was heard of before the heartbeat. A process that was itself
 * stopped finds its lease over.
 */
export class Lease {
	readonly #watch: Stopwatch;
	#sentAt: Instant | null = null;
	#databaseNow = 0;

	constructor(watch: Stopwatch = machineStopwatch) {
		this.#watch = watch;
	}

	/** The present, to be handed to {@link renew} if what is sent now comes back. */
	instant(): Instant {
		return { monotonic: this.#watch.monotonic(), wall: this.#watch.wall() };
	}

	/** `databaseNow` is the database's clock as the answer had it. */
	renew(sentAt: Instant, databaseNow: number): void {
		this.#sentAt = sentAt;
		this.#databaseNow = databaseNow;
	}

	drop(): void {
		this.#sentAt = null;
	}

	/**
	 * The database's clock, while the lease holds; `null` otherwise. Never behind it, so that nothing looks alive for
	 * longer than it is.
	 */
	databaseNow(): number | null {
		if (this.#sentAt === null) return null;
		const elapsedMs = this.msSince(this.#sentAt);
		return elapsedMs < leaseMs ? Math.ceil(this.#databaseNow + elapsedMs) : null;
	}

	/** The larger of what the two clocks say. */
	msSince({ monotonic, wall }: Instant): number {
		return Math.max(this.#watch.monotonic() - monotonic, this.#watch.wall() - wall);
	}
}
