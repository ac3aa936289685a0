import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AuthError } from "../errors.ts";
import type { LogEntry } from "../log.ts";
import type { SessionActivity, Storage } from "../storage/storage.ts";
import { ActivityLog } from "./activity.ts";

/** The one method of the store that is called, with what it was given. */
function recordingStore() {
	const batches: SessionActivity[][] = [];
	const logged: LogEntry[] = [];
	const store = { failing: false, batches, logged };
	const touchSessions: Storage["touchSessions"] = async (activity) => {
		if (store.failing) throw new AuthError("store_unavailable");
		batches.push([...activity]);
	};
	const log = new ActivityLog({ touchSessions } as Storage, (entry) => logged.push(entry));
	return { store, log };
}

function use(sessionId: string, at = 0): SessionActivity {
	return { sessionId, at, idleMs: 60_000 };
}

describe("the activity log", () => {
	beforeEach(() => {
		vi.useFakeTimers();
	});

	afterEach(() => {
		vi.useRealTimers();
	});

	it("writes what was used in one batch, within 60 seconds [ASVS 7.3.1]", async () => {
		const { store, log } = recordingStore();
		log.note(use("a", 1));
		await vi.advanceTimersByTimeAsync(29_000);
		log.note(use("b", 2));
		expect(store.batches).toEqual([]);
		await vi.advanceTimersByTimeAsync(31_000);
		expect(store.batches).toEqual([[use("a", 1), use("b", 2)]]);
	});

	it("writes a session that was used often once, by its last use", async () => {
		const { store, log } = recordingStore();
		for (let at = 1; at <= 1000; at++) log.note(use("a", at));
		await log.flush();
		expect(store.batches).toEqual([[use("a", 1000)]]);
	});

	it("writes nothing when nothing was used", async () => {
		const { store, log } = recordingStore();
		await log.flush();
		await vi.advanceTimersByTimeAsync(600_000);
		expect(store.batches).toEqual([]);
	});

	it("writes again what is used after a batch", async () => {
		const { store, log } = recordingStore();
		log.note(use("a", 1));
		await vi.advanceTimersByTimeAsync(60_000);
		log.note(use("a", 2));
		await vi.advanceTimersByTimeAsync(60_000);
		expect(store.batches).toEqual([[use("a", 1)], [use("a", 2)]]);
	});

	it("keeps what could not be written for the next batch, and what came meanwhile wins", async () => {
		const { store, log } = recordingStore();
		store.failing = true;
		log.note(use("a", 1));
		log.note(use("b", 1));
		await log.flush();
		expect(store.batches).toEqual([]);
		expect(store.logged).toMatchObject([{ level: "warn", event: "activity_not_written", sessions: 2 }]);
		store.failing = false;
		log.note(use("a", 2));
		await log.flush();
		expect(store.batches).toEqual([[use("a", 2), use("b", 1)]]);
	});

	it("tries again by itself, also when nobody comes", async () => {
		const { store, log } = recordingStore();
		store.failing = true;
		log.note(use("a", 1));
		await vi.advanceTimersByTimeAsync(31_000);
		store.failing = false;
		await vi.advanceTimersByTimeAsync(60_000);
		expect(store.batches).toEqual([[use("a", 1)]]);
	});

	it("does not wait for the timer once 10,000 sessions are pending", async () => {
		const { store, log } = recordingStore();
		for (let session = 0; session < 10_000; session++) log.note(use(`${session}`));
		await log.flush();
		expect(store.batches.flat()).toHaveLength(10_000);
	});

	it("holds nobody up for thousands: whoever waits has a turn after every 500", async () => {
		const { store, log } = recordingStore();
		for (let session = 0; session < 1700; session++) log.note(use(`${session}`));
		const written: number[] = [];
		const waiting = (async () => {
			for (let turn = 0; turn < 3; turn++) {
				await nextTurn();
				written.push(store.batches.flat().length);
			}
		})();
		await log.flush();
		await waiting;
		expect(written).toEqual([500, 1000, 1500]);
		expect(store.batches.map((batch) => batch.length)).toEqual([500, 500, 500, 200]);
	});

	it("stays bounded while the store is down [A38]", async () => {
		const { store, log } = recordingStore();
		store.failing = true;
		for (let session = 0; session < 100_000; session++) log.note(use(`${session}`));
		await log.flush();
		expect(store.logged.length).toBeLessThan(5);
		store.failing = false;
		await log.flush();
		expect(store.batches.flat().length).toBeLessThanOrEqual(20_000);
	});

	it("writes at the exit of the process, while something synchronous still can", () => {
		const written: string[] = [];
		const touchSessions: Storage["touchSessions"] = (activity) => {
			written.push(...activity.map(({ sessionId }) => sessionId));
			return Promise.resolve();
		};
		const close = async () => void written.push("closed");
		const log = new ActivityLog({ touchSessions, close } as Storage, () => {});
		log.note(use("a"));
		log.onExit();
		expect(written).toEqual(["a", "closed"]);
	});
});
