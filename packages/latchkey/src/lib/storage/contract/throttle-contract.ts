import fc from "fast-check";
import { expect, it } from "vitest";
import type { Counter, Settlement } from "../storage.ts";
import type { ContractContext } from "./contract-store.ts";
import { counter, minute, signIn, signUp } from "./fixtures.ts";
import { ThrottleModel } from "./throttle-model.ts";

/** Counted state. */
export function throttleContract(context: ContractContext): void {
	const attempt = async (rule: Counter) => (await context.storage.increment([rule]))[0]!;
	const attempts = async (rule: Counter, times: number) => {
		const accepted: boolean[] = [];
		for (let index = 0; index < times; index++) accepted.push((await attempt(rule)).accepted);
		return accepted;
	};
	async function settle(settlement: Settlement) {
		const { userId } = await signUp(context.storage, `user-${Math.random()}`, { session: null });
		await context.storage.createSession({ ...signIn(userId), settle: settlement });
	}

	it("accepts as many attempts in a window as the rule allows, and counts the refused ones apart", async () => {
		const { clock } = context;
		const rule = counter("k", { limit: 2, windowMs: 10 * minute });
		const key = "k";
		expect(await attempt(rule)).toEqual({ key, accepted: true, acceptedCount: 1, refusedCount: 0, retryAfterMs: 0 });
		clock.now += minute;
		const retryAfterMs = 9 * minute;
		expect(await attempt(rule)).toEqual({ key, accepted: true, acceptedCount: 2, refusedCount: 0, retryAfterMs });
		expect(await attempt(rule)).toEqual({ key, accepted: false, acceptedCount: 2, refusedCount: 1, retryAfterMs });
		clock.now += 9 * minute - 1;
		expect(await attempt(rule)).toEqual({ key, accepted: false, acceptedCount: 2, refusedCount: 2, retryAfterMs: 1 });
		clock.now += 1;
		expect(await attempt(rule)).toEqual({ key, accepted: true, acceptedCount: 1, refusedCount: 0, retryAfterMs: 0 });
	});

	it("begins the window with the first attempt, and a new one when it is over", async () => {
		const { clock } = context;
		const rule = counter("k", { limit: 3, windowMs: 10 * minute });
		await attempt(rule);
		clock.now += 9 * minute;
		await attempt(rule);
		clock.now += minute;
		expect(await attempt(rule)).toMatchObject({ accepted: true, acceptedCount: 1 });
	});

	it("doubles the wait with every accepted attempt past the limit, up to the longest", async () => {
		const { clock } = context;
		const rule = counter("k", { limit: 2, windowMs: 10 * minute, waitMs: 30_000, maxWaitMs: 3 * minute });
		await attempt(rule);
		const waits: number[] = [];
		for (let index = 0; index < 60; index++) {
			const state = await attempt(rule);
			expect(state).toMatchObject({ accepted: true, acceptedCount: index + 2 });
			waits.push(state.retryAfterMs);
			clock.now += state.retryAfterMs - 1;
			expect(await attempt(rule)).toMatchObject({ accepted: false, acceptedCount: index + 2, retryAfterMs: 1 });
			clock.now += 1;
		}
		expect(waits.slice(0, 5)).toEqual([30_000, 60_000, 120_000, 180_000, 180_000]);
		expect(waits.at(-1)).toBe(180_000);
	});

	it("makes no wait longer for refused attempts", async () => {
		const rule = counter("k", { limit: 1, waitMs: 30_000, maxWaitMs: minute });
		await attempt(rule);
		expect(await attempts(rule, 50)).toEqual(Array(50).fill(false));
		expect(await attempt(rule)).toMatchObject({ refusedCount: 51, retryAfterMs: 30_000 });
	});

	it("forgets the waits one window after the last of them", async () => {
		const { clock } = context;
		const rule = counter("k", { limit: 1, windowMs: 10 * minute, waitMs: minute, maxWaitMs: 60 * minute });
		await attempt(rule);
		clock.now += minute + 10 * minute - 1;
		expect(await attempt(rule)).toMatchObject({ accepted: true, acceptedCount: 2, retryAfterMs: 2 * minute });
		clock.now += 2 * minute + 10 * minute;
		expect(await attempt(rule)).toMatchObject({ accepted: true, acceptedCount: 1, retryAfterMs: minute });
	});

	it("counts several keys in one call, each by its own rule, in the order given", async () => {
		const { storage } = context;
		const rules = [counter("z", { limit: 1 }), counter("a", { limit: 2 }), counter("m", { limit: 3 })];
		await storage.increment(rules);
		const states = await storage.increment([...rules, counter("new")]);
		expect(states.map(({ key, accepted }) => [key, accepted])).toEqual([
			["z", false],
			["a", true],
			["m", true],
			["new", true],
		]);
		expect(await storage.increment([])).toEqual([]);
	});

	it("takes a key twice in one call, or a limit below 1, for a mistake", async () => {
		const { storage, store } = context;
		const before = await store.countRows();
		await expect(storage.increment([counter("k"), counter("k")])).rejects.toThrow(TypeError);
		await expect(storage.increment([counter("k", { limit: 0 })])).rejects.toThrow(TypeError);
		expect(await store.countRows()).toEqual(before);
	});

	it("follows a rule that was changed", async () => {
		const { clock } = context;
		await attempts(counter("k", { limit: 5 }), 3);
		expect(await attempts(counter("k", { limit: 4 }), 2)).toEqual([true, false]);
		clock.now += 10 * minute;
		expect(await attempts(counter("k", { limit: 2 }), 3)).toEqual([true, true, false]);
	});

	it("starts a cleared counter anew", async () => {
		const rule = counter("k", { limit: 2, waitMs: minute, maxWaitMs: minute });
		await attempts(rule, 5);
		await settle({ clear: ["k", "never counted"], giveBack: [] });
		expect(await attempt(rule)).toMatchObject({ accepted: true, acceptedCount: 1, refusedCount: 0 });
		expect(await attempts(rule, 2)).toEqual([true, false]);
	});

	it("gives one attempt back, and lets the next one through when that makes room", async () => {
		const rule = counter("k", { limit: 3 });
		await attempts(rule, 4);
		await settle({ clear: [], giveBack: ["k", "never counted"] });
		expect(await attempt(rule)).toMatchObject({ accepted: true, acceptedCount: 3 });
		expect((await attempt(rule)).accepted).toBe(false);
	});

	it("begins a new window after the only attempt was given back", async () => {
		const { clock } = context;
		const rule = counter("k", { limit: 2, windowMs: 10 * minute });
		await attempt(rule);
		await settle({ clear: [], giveBack: ["k"] });
		clock.now += minute;
		expect(await attempts(rule, 3)).toEqual([true, true, false]);
		clock.now += 9 * minute;
		expect((await attempt(rule)).accepted).toBe(false);
		clock.now += minute;
		expect((await attempt(rule)).accepted).toBe(true);
	});

	it("gives nothing back that was not taken", async () => {
		const rule = counter("k", { limit: 2 });
		await attempt(rule);
		for (let index = 0; index < 3; index++) await settle({ clear: [], giveBack: ["k"] });
		expect(await attempts(rule, 3)).toEqual([true, true, false]);
	});

	it("lets the window end as before when giving back undoes a wait", async () => {
		const { clock } = context;
		const rule = counter("k", { limit: 2, windowMs: 10 * minute, waitMs: minute, maxWaitMs: minute });
		await attempts(rule, 2);
		await settle({ clear: [], giveBack: ["k"] });
		clock.now += 10 * minute;
		expect(await attempt(rule)).toMatchObject({ accepted: true, acceptedCount: 1 });
	});

	it("keeps a wait that the attempt given back does not undo", async () => {
		const { clock } = context;
		const rule = counter("k", { limit: 1, waitMs: minute, maxWaitMs: 10 * minute });
		await attempt(rule);
		clock.now += minute;
		await attempt(rule);
		await settle({ clear: [], giveBack: ["k"] });
		expect(await attempt(rule)).toMatchObject({ accepted: false, retryAfterMs: 2 * minute });
	});

	it("clears and gives back in one settlement, and clearing wins", async () => {
		await attempts(counter("account"), 4);
		await attempts(counter("address"), 4);
		await settle({ clear: ["account"], giveBack: ["address", "account"] });
		expect(await attempts(counter("account"), 4)).toEqual([true, true, true, false]);
		expect(await attempts(counter("address"), 2)).toEqual([true, false]);
	});

	it("counts an attempt on an account as on any key, and reads the account that is named", async () => {
		const { storage } = context;
		await signUp(storage, "ada");
		const ada = { kind: "email", canonical: "ada@example.com" } as const;
		const known = await storage.findCredentials(ada);
		expect(known).not.toBeNull();
		const counters = [counter("account", { limit: 2 }), counter("address", { limit: 9 })];
		const first = await storage.countAttempt(counters, ada);
		expect(first.credentials).toEqual(known);
		expect(first.states).toMatchObject([
			{ key: "account", accepted: true, acceptedCount: 1 },
			{ key: "address", accepted: true, acceptedCount: 1 },
		]);
		expect((await attempt(counters[0]!)).acceptedCount).toBe(2);
		expect(await storage.countAttempt(counters, ada)).toMatchObject({
			states: [
				{ key: "account", accepted: false, refusedCount: 1 },
				{ key: "address", accepted: true },
			],
			credentials: null,
		});
		const elsewhere = [counter("another account"), counter("blocked address", { limit: 1 })];
		expect((await storage.countAttempt(elsewhere, ada)).credentials).toEqual(known);
		expect(await storage.countAttempt(elsewhere, ada)).toMatchObject({
			states: [{ accepted: true }, { accepted: false }],
			credentials: null,
		});
		const nobody = await storage.countAttempt([counter("x")], { kind: "username", canonical: "" });
		expect(nobody).toMatchObject({ credentials: null, states: [{ key: "x", accepted: true }] });
	});

	it("agrees with the rule written down as a model, whatever happens in whatever order", {
		timeout: 60_000,
	}, async () => {
		const step = fc.oneof(
			{ weight: 6, arbitrary: fc.constant({ kind: "attempt" as const }) },
			{ weight: 3, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 500 }) }) },
			{ weight: 2, arbitrary: fc.constant({ kind: "giveBack" as const }) },
			{ weight: 1, arbitrary: fc.constant({ kind: "clear" as const }) },
		);
		const rule = fc.record({
			limit: fc.integer({ min: 1, max: 4 }),
			windowMs: fc.integer({ min: 1, max: 400 }),
			waitMs: fc.constantFrom(0, 1, 50),
			maxWaitMs: fc.constantFrom(50, 300),
		});
		const { storage, clock } = context;
		const { userId } = await signUp(storage, "ada");
		let runs = 0;
		const property = fc.asyncProperty(rule, fc.array(step, { maxLength: 25 }), async (rule, steps) => {
			runs += 1;
			const key = `run-${runs}`;
			const model = new ThrottleModel({ key, ...rule });
			for (const { kind, ...rest } of steps) {
				if (kind === "attempt") {
					expect(await attempt({ key, ...rule })).toEqual(model.attempt(clock.now));
				} else if (kind === "wait") {
					clock.now += "ms" in rest ? rest.ms : 0;
				} else {
					const settlement = { clear: kind === "clear" ? [key] : [], giveBack: kind === "giveBack" ? [key] : [] };
					await storage.createSession({ ...signIn(userId), settle: settlement });
					model[kind](clock.now);
				}
			}
		});
		await fc.assert(property, { numRuns: 150 });
	});
}
