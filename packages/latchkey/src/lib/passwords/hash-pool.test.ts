import { availableParallelism } from "node:os";
import { describe, expect, it } from "vitest";
import { HashPool } from "./hash-pool.ts";

/** Jobs that end when they are told to. */
function jobs(pool: HashPool) {
	const started: number[] = [];
	const ending: PromiseWithResolvers<number>[] = [];
	return {
		started,
		add: (id: number) => {
			const end = Promise.withResolvers<number>();
			ending[id] = end;
			return pool.run(() => {
				started.push(id);
				return end.promise;
			});
		},
		end: async (id: number) => {
			ending[id]!.resolve(id);
			await settled();
		},
		fail: async (id: number) => {
			ending[id]!.reject(new Error(`job ${id} failed`));
			await settled();
		},
	};
}

/** Everything that follows by itself has happened. */
function settled(): Promise<void> {
	return new Promise((resolve) => setImmediate(resolve));
}

describe("the pool of password hashes", () => {
	it("runs so many at once and no more, and the rest in their order [A38]", async () => {
		const work = jobs(new HashPool({ concurrency: 2 }));
		const results = Promise.all([0, 1, 2, 3, 4].map(work.add));
		await settled();
		expect(work.started).toEqual([0, 1]);
		await work.end(1);
		expect(work.started).toEqual([0, 1, 2]);
		await work.end(0);
		expect(work.started).toEqual([0, 1, 2, 3]);
		await work.end(2);
		await work.end(3);
		await work.end(4);
		expect(await results).toEqual([0, 1, 2, 3, 4]);
	});

	it("lets no newcomer go before those who wait", async () => {
		const work = jobs(new HashPool({ concurrency: 1 }));
		const first = work.add(0);
		const waiting = work.add(1);
		const newcomer = first.then(() => work.add(2));
		await work.end(0);
		expect(work.started).toEqual([0, 1]);
		await work.end(1);
		await work.end(2);
		expect(await Promise.all([waiting, newcomer])).toEqual([1, 2]);
	});

	it("answers busy at once, with when to come again, when too many wait [A38]", async () => {
		const work = jobs(new HashPool({ concurrency: 1, queueLimit: 2 }));
		const accepted = [0, 1, 2].map(work.add);
		await expect(work.add(3)).rejects.toMatchObject({ code: "busy", status: 503, retryAfterSeconds: 5 });
		expect(work.started).toEqual([0]);
		await work.end(0);
		accepted.push(work.add(4));
		for (const id of [1, 2, 4]) await work.end(id);
		expect(await Promise.all(accepted)).toEqual([0, 1, 2, 4]);
	});

	it("gives the place of a failed one to the next", async () => {
		const work = jobs(new HashPool({ concurrency: 1 }));
		const failing = work.add(0);
		const next = work.add(1);
		failing.catch(() => {});
		await work.fail(0);
		await expect(failing).rejects.toThrow("job 0 failed");
		expect(work.started).toEqual([0, 1]);
		await work.end(1);
		expect(await next).toBe(1);
	});

	it("gives the place back when work fails before it has begun", async () => {
		const pool = new HashPool({ concurrency: 1 });
		const failing = pool.run(() => {
			throw new Error("no memory");
		});
		await expect(failing).rejects.toThrow("no memory");
		expect(await pool.run(async () => "next")).toBe("next");
	});

	it("never runs more than allowed, whatever fails and in whatever number they come", async () => {
		const pool = new HashPool({ concurrency: 3, queueLimit: 1000 });
		let running = 0;
		let most = 0;
		const work = Array.from({ length: 500 }, (_, id) =>
			pool.run(async () => {
				most = Math.max(most, ++running);
				for (let step = 0; step < id % 4; step++) await Promise.resolve();
				running -= 1;
				if (id % 7 === 0) throw new Error("failed");
				return id;
			}),
		);
		const ended = await Promise.allSettled(work);
		expect(most).toBe(3);
		expect(ended.filter(({ status }) => status === "fulfilled")).toHaveLength(500 - 72);
		expect(running).toBe(0);
	});

	it("leaves a core to everybody else, and always has one itself", async () => {
		const work = jobs(new HashPool());
		const cores = Math.max(1, availableParallelism() - 1);
		const results = Array.from({ length: cores + 1 }, (_, id) => work.add(id));
		await settled();
		expect(work.started).toHaveLength(cores);
		for (let id = 0; id <= cores; id++) await work.end(id);
		await Promise.all(results);
	});
});
