import type { Counter } from "./storage.ts";

/** @throws {TypeError} what no store could count rightly */
export function requireSoundCounters(counters: readonly Counter[]): void {
	if (new Set(counters.map(({ key }) => key)).size !== counters.length) {
		throw new TypeError("increment() was given a key twice. Count each key once in a call.");
	}
	if (counters.some(({ limit }) => limit < 1)) {
		throw new TypeError("increment() was given a limit below 1. Refuse without counting instead.");
	}
}
