import type { Counter, CounterState } from "../storage.ts";

/** The docstring of {@link Counter} in a few lines that are easier to believe than the statement they check. */
export class ThrottleModel {
	readonly #rule: Counter;
	#accepted = 0;
	#refused = 0;
	#windowEndsAt = 0;
	#blockedUntil = 0;

	constructor(rule: Counter) {
		this.#rule = rule;
	}

	attempt(now: number): CounterState {
		this.#forget(now);
		if (now < this.#blockedUntil) {
			this.#refused += 1;
		} else {
			if (this.#accepted === 0) this.#windowEndsAt = now + this.#rule.windowMs;
			this.#accepted += 1;
			this.#refused = 0;
			if (this.#accepted >= this.#rule.limit) this.#blockedUntil = this.#endOfBlock(now);
		}
		return {
			key: this.#rule.key,
			accepted: this.#refused === 0,
			acceptedCount: this.#accepted,
			refusedCount: this.#refused,
			retryAfterMs: Math.max(0, this.#blockedUntil - now),
		};
	}

	giveBack(now: number): void {
		this.#forget(now);
		if (this.#accepted <= 1) {
			this.clear();
		} else {
			this.#accepted -= 1;
			if (this.#accepted < this.#rule.limit) this.#blockedUntil = 0;
		}
	}

	clear(): void {
		this.#accepted = 0;
		this.#refused = 0;
		this.#blockedUntil = 0;
	}

	#endOfBlock(now: number): number {
		const { limit, waitMs, maxWaitMs } = this.#rule;
		return waitMs === 0 ? this.#windowEndsAt : now + Math.min(maxWaitMs, waitMs * 2 ** (this.#accepted - limit));
	}

	#forget(now: number): void {
		const { limit, windowMs, waitMs } = this.#rule;
		const waits = this.#accepted >= limit && waitMs > 0;
		if (now >= (waits ? this.#blockedUntil + windowMs : this.#windowEndsAt)) this.clear();
	}
}
