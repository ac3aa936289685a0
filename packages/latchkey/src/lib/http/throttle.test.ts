import { describe, expect, it } from "vitest";
import { deriveKeyRing } from "../crypto/keys.ts";
import { openSqlite } from "../storage/sqlite/open-sqlite.ts";
import type { Counter, Storage } from "../storage/storage.ts";
import { createTestClock } from "../testing/test-clock.ts";
import { addressSubject, Throttle, throttleRules } from "./throttle.ts";
import type { Visitor } from "./visitor.ts";

const keys = deriveKeyRing(["a-secret-for-tests-0123456789-abcdefghij"], "throttle");
const account = { rule: "signInAccount", subject: "email:ada@example.com" } as const;
const address = { rule: "signInAddress", subject: "203.0.113.5" } as const;
const minute = 60_000;

async function open() {
	const clock = createTestClock();
	const storage = await openSqlite({ file: ":memory:", clock });
	const counted: Counter[][] = [];
	const spied: Storage = {
		...storage,
		increment: (counters) => {
			counted.push([...counters]);
			return storage.increment(counters);
		},
	};
	return { clock, storage, counted, throttle: new Throttle(spied, keys) };
}

describe("throttling", () => {
	it("has the limits that the design names, in one table", () => {
		expect(throttleRules).toMatchObject({
			signInAccount: { limit: 10, windowMs: 10 * minute, waitMs: 30_000, maxWaitMs: 60 * minute },
			signInAddress: { limit: 100, windowMs: 10 * minute, waitMs: 0, maxWaitMs: 0 },
			signUpAddress: { limit: 10, windowMs: 60 * minute, waitMs: 0, maxWaitMs: 0 },
		});
	});

	it("admits ten failures of an account, then makes it wait longer and longer [ASVS 6.3.1]", async () => {
		const { clock, throttle } = await open();
		for (let attempt = 0; attempt < 10; attempt++) expect(await throttle.admit([account])).toMatchObject({ ok: true });
		const waits: number[] = [];
		for (let attempt = 0; attempt < 9; attempt++) {
			const refused = await throttle.admit([account]);
			if (refused.ok) throw new Error("admitted");
			waits.push(refused.retryAfterSeconds);
			clock.advance({ seconds: refused.retryAfterSeconds });
			expect(await throttle.admit([account])).toMatchObject({ ok: true });
		}
		expect(waits).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
	});

	it("admits no more of a hundred at once than of ten in a row [A22]", async () => {
		const { throttle } = await open();
		const admissions = await Promise.all(Array.from({ length: 100 }, () => throttle.admit([account])));
		expect(admissions.filter(({ ok }) => ok)).toHaveLength(10);
	});

	it("counts in the store, so that other processes count along", async () => {
		const { storage, throttle } = await open();
		const other = new Throttle(storage, keys);
		for (let attempt = 0; attempt < 10; attempt++) await (attempt % 2 ? other : throttle).admit([account]);
		expect(await other.admit([account])).toMatchObject({ ok: false });
		expect(await throttle.admit([account])).toMatchObject({ ok: false });
	});

	it("refuses when any rule does, and says the longest wait", async () => {
		const { throttle } = await open();
		for (let attempt = 0; attempt < 100; attempt++) {
			await throttle.admit([{ ...account, subject: `user${attempt}` }, address]);
		}
		expect(await throttle.admit([{ ...account, subject: "another" }, address])).toEqual({
			ok: false,
			retryAfterSeconds: 600,
			first: true,
		});
	});

	it("keeps accounts and addresses apart from one another", async () => {
		const { throttle } = await open();
		for (let attempt = 0; attempt < 11; attempt++) await throttle.admit([account]);
		expect(await throttle.admit([account])).toMatchObject({ ok: false });
		expect(await throttle.admit([{ ...account, subject: "email:bob@example.com" }])).toMatchObject({ ok: true });
		expect(await throttle.admit([{ rule: "signUpAddress", subject: account.subject }])).toMatchObject({ ok: true });
	});

	it("says of the first refusal only that it is the first, so that the audit log is not flooded", async () => {
		const { throttle } = await open();
		for (let attempt = 0; attempt < 10; attempt++) await throttle.admit([account]);
		const firsts: boolean[] = [];
		for (let attempt = 0; attempt < 5; attempt++) {
			const refused = await throttle.admit([account]);
			firsts.push(!refused.ok && refused.first);
		}
		expect(firsts).toEqual([true, false, false, false, false]);
	});

	it("forgets an account's failures after a success and gives the address this one back", async () => {
		const { throttle, storage } = await open();
		for (let attempt = 0; attempt < 9; attempt++) await throttle.admit([account, address]);
		const admission = await throttle.admit([account, address]);
		if (!admission.ok) throw new Error("refused");
		expect(admission.settle).toEqual({ clear: [expect.any(String)], giveBack: [expect.any(String)] });
		const [clear, giveBack] = [admission.settle.clear[0]!, admission.settle.giveBack[0]!];
		const settled = await storage.createUser({
			id: "0198c0de-0000-7000-8000-000000000001",
			name: null,
			identifiers: [],
			identities: [],
			password: null,
			session: null,
			replaces: null,
			events: [],
		});
		if (!settled.ok) throw new Error("taken");
		await storage.createSession({
			session: {
				id: "0198c0de-0000-7000-8000-000000000002",
				secretHash: new Uint8Array(32),
				userId: settled.user.id,
				epoch: settled.user.epoch,
				lifetimeMs: minute,
				idleMs: null,
				amr: [],
				level: "aal1",
				address: null,
				userAgent: null,
			},
			replaces: null,
			settle: admission.settle,
			events: [],
		});
		const states = await storage.increment([
			{ key: clear, ...throttleRules.signInAccount },
			{ key: giveBack, ...throttleRules.signInAddress },
		]);
		expect(states.map(({ acceptedCount }) => acceptedCount)).toEqual([1, 10]);
	});

	it("counts nothing when nobody knows where a request comes from: there is no bucket for everybody [A15]", async () => {
		const { throttle, counted } = await open();
		const admission = await throttle.admit([{ ...address, subject: null }]);
		expect(admission).toEqual({ ok: true, settle: { clear: [], giveBack: [] } });
		expect(counted).toEqual([]);
		await throttle.admit([account, { ...address, subject: null }]);
		expect(counted.map((counters) => counters.length)).toEqual([1]);
	});

	it("asks the store once for all rules, by names that tell nothing [A41]", async () => {
		const { throttle, counted } = await open();
		await throttle.admit([account, address]);
		expect(counted).toHaveLength(1);
		for (const { key } of counted[0]!) {
			expect(key).toMatch(/^[A-Za-z0-9_-]{32}$/);
		}
		expect(counted[0]![0]!.key).not.toBe(counted[0]![1]!.key);
	});
});

describe("addressSubject", () => {
	const logged: string[] = [];
	const engine = { throttle: {} as Throttle, log: ({ event }: { event: string }) => logged.push(event) };
	const from = (address: string | null) => addressSubject(engine, { address } as Visitor);

	it("says once that it is off for those whose address is unknown", () => {
		expect([from(null), from(null)]).toEqual([null, null]);
		expect(logged).toEqual(["address_unknown"]);
	});

	it("is the address, its network for IPv6, and nothing when it is unknown [A15]", () => {
		expect(from("203.0.113.5")).toBe("203.0.113.5");
		expect(from("2001:db8:1:2:3:4:5:6")).toBe(from("2001:db8:1:2:ffff::1"));
		expect(from("2001:db8:1:2::1")).not.toBe(from("2001:db8:1:3::1"));
		expect(from(null)).toBeNull();
	});
});
