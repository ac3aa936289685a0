import type { Clock } from "../clock.ts";

/** A clock that stands still until it is moved. */
export interface TestClock extends Clock {
	/** Moves it forward. */
	advance(by: { seconds?: number; minutes?: number; hours?: number; days?: number }): void;
	set(milliseconds: number): void;
}

/** Makes a clock for `createAuth({ clock })`. Default start: 2026-01-01T00:00:00Z. */
export function createTestClock(start: number = Date.UTC(2026, 0, 1)): TestClock {
	let now = start;
	return Object.assign(() => now, {
		advance({ seconds = 0, minutes = 0, hours = 0, days = 0 }: Parameters<TestClock["advance"]>[0]) {
			now += 1000 * (seconds + 60 * (minutes + 60 * (hours + 24 * days)));
		},
		set(milliseconds: number) {
			now = milliseconds;
		},
	});
}
