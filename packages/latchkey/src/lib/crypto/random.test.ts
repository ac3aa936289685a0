import { beforeEach, describe, expect, it, vi } from "vitest";

const layout = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const now = Date.UTC(2026, 0, 1);

let uuidv7: typeof import("./random.ts")["uuidv7"];
let randomSecret: typeof import("./random.ts")["randomSecret"];

beforeEach(async () => {
	// It remembers the latest time it was given.
	vi.resetModules();
	({ uuidv7, randomSecret } = await import("./random.ts"));
});

function timeOf(id: string): number {
	return Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);
}

function isSorted(ids: readonly string[]): boolean {
	return ids.every((id, at) => at === 0 || ids[at - 1]! < id);
}

describe("uuidv7", () => {
	it("has the layout of RFC 9562, section 5.7", () => {
		for (let count = 0; count < 1000; count++) expect(uuidv7()).toMatch(layout);
		expect(timeOf(uuidv7(now + 1e12))).toBe(now + 1e12);
		expect(Math.abs(timeOf(uuidv7()) - now - 1e12)).toBe(0);
	});

	it("begins with the time, so that ids of different times sort by it", () => {
		const ids = [now, now + 1, now + 1000, now + 1e9].map((time) => uuidv7(time));
		expect(ids.map(timeOf)).toEqual([now, now + 1, now + 1000, now + 1e9]);
		expect(isSorted(ids)).toBe(true);
	});

	it("sorts within one millisecond, also 10,000 of them", () => {
		const ids = Array.from({ length: 10_000 }, () => uuidv7(now));
		expect(isSorted(ids)).toBe(true);
		expect(timeOf(ids.at(-1)!)).toBe(now + 2);
	});

	it("goes on sorting when the clock goes back", () => {
		const ids = [now, now - 1, now - 3_600_000, now - 1, now].map((time) => uuidv7(time));
		expect(isSorted(ids)).toBe(true);
		expect(new Set(ids.map(timeOf))).toEqual(new Set([now]));
		expect(timeOf(uuidv7(now + 5))).toBe(now + 5);
	});

	it("is random beyond time and counter", () => {
		const tails = new Set(Array.from({ length: 10_000 }, () => uuidv7(now).slice(19)));
		expect(tails.size).toBe(10_000);
	});
});

describe("randomSecret", () => {
	it("carries the bits that it is asked for [ASVS 7.2.3] [ASVS 11.5.1]", () => {
		expect(randomSecret()).toMatch(/^[A-Za-z0-9_-]{22}$/);
		for (const bits of [64, 128, 256]) expect(Buffer.from(randomSecret(bits), "base64url")).toHaveLength(bits / 8);
	});

	it("never repeats itself", () => {
		expect(new Set(Array.from({ length: 100_000 }, () => randomSecret())).size).toBe(100_000);
	});
});
