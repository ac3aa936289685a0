import fc from "fast-check";
import { expect, it } from "vitest";
import { isoTime } from "./clock.ts";

it("writes every time as toISOString does", () => {
	const time = fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(9999, 11, 31, 23, 59, 59, 999) });
	fc.assert(
		fc.property(time, (milliseconds) => isoTime(milliseconds) === new Date(milliseconds).toISOString()),
		{
			numRuns: 20_000,
			examples: [[0], [-1], [999], [1000], [59_999], [86_399_999], [86_400_000]],
		},
	);
	expect(isoTime(Date.UTC(2026, 0, 2, 3, 4, 5, 6))).toBe("2026-01-02T03:04:05.006Z");
});
