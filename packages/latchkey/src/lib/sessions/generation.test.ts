import { describe, expect, it } from "vitest";
import { graceMs, isFirstSight, isRenewalDue, judgeGeneration } from "./generation.ts";
import { freshSeconds } from "./session-token.ts";

const second = 1000;
const minute = 60 * second;
const renewedAt = Date.UTC(2026, 0, 1);
const longAgo = (renewedAt - 15 * minute) / second;

/** Generation 5, made at `renewedAt` and first seen a minute later. */
const seen = { generation: 5, generationSeen: 5, renewedAt, seenAt: renewedAt + minute };
const unseen = { generation: 5, generationSeen: 4, renewedAt, seenAt: null };

function judge(gen: number, session: typeof seen | typeof unseen, arrivedAt: number, iat = longAgo) {
	return judgeGeneration({ gen, iat }, session, arrivedAt);
}

describe("judgeGeneration", () => {
	it("takes the newest generation, whenever it arrives", () => {
		for (const arrivedAt of [renewedAt - minute, renewedAt, renewedAt + 1000 * minute]) {
			expect(judge(5, seen, arrivedAt)).toBe("current");
			expect(judge(5, unseen, arrivedAt)).toBe("current");
		}
	});

	it("takes the one before until 30 seconds after its successor was first seen, to the millisecond [A26]", () => {
		const graceEnd = seen.seenAt + 30 * second;
		expect(judge(4, seen, graceEnd)).toBe("predecessor");
		expect(judge(4, seen, graceEnd + 1)).toBe("copied");
	});

	it("counts the 30 seconds from the renewal when a clock put the sight before it", () => {
		const session = { ...seen, seenAt: renewedAt - minute };
		expect(judge(4, session, renewedAt + graceMs)).toBe("predecessor");
		expect(judge(4, session, renewedAt + graceMs + 1)).toBe("copied");
	});

	it("takes the one before for as long as nobody has shown its successor: that answer may be lost", () => {
		expect(judge(4, unseen, renewedAt + 30 * 24 * 60 * minute)).toBe("predecessor");
	});

	it("judges by the arrival, so that a slow action does not make its own token look stolen", () => {
		const arrivedAt = seen.seenAt + 10 * second;
		expect(judge(4, seen, arrivedAt)).toBe("predecessor");
	});

	it("takes the one before if it was minted within 30 seconds of its successor: their answers may have crossed", () => {
		const muchLater = renewedAt + 1000 * minute;
		expect(judge(4, seen, muchLater, renewedAt / second - 30)).toBe("predecessor");
		expect(judge(4, seen, muchLater, renewedAt / second - 31)).toBe("copied");
	});

	it("finds anything older copied, seen or not and however young [A26]", () => {
		const afterGrace = renewedAt + graceMs + 1;
		expect(judge(3, seen, afterGrace)).toBe("copied");
		expect(judge(3, unseen, afterGrace)).toBe("copied");
		expect(judge(3, unseen, afterGrace, renewedAt / second)).toBe("copied");
		expect(judge(1, seen, afterGrace)).toBe("copied");
	});

	it("cannot tell what an older one was that may have left its browser before the present one was made", () => {
		expect(judge(3, seen, renewedAt - minute)).toBe("late");
		expect(judge(3, seen, renewedAt + graceMs)).toBe("late");
	});

	it("does not know a newer one: the database was restored from an older copy", () => {
		expect(judge(6, seen, renewedAt)).toBe("unknown");
		expect(judge(6, unseen, renewedAt)).toBe("unknown");
	});
});

describe("isFirstSight", () => {
	it("is the first arrival of the newest generation and of no other", () => {
		expect(isFirstSight(5, unseen)).toBe(true);
		expect(isFirstSight(4, unseen)).toBe(false);
		expect(isFirstSight(5, seen)).toBe(false);
		expect(isFirstSight(4, { ...unseen, generationSeen: 3 })).toBe(false);
	});
});

describe("isRenewalDue", () => {
	const dueAt = renewedAt + freshSeconds * second;

	it("is 15 minutes after the last renewal, to the millisecond", () => {
		expect(isRenewalDue(5, seen, dueAt)).toBe(true);
		expect(isRenewalDue(5, seen, dueAt - 1)).toBe(false);
	});

	it("waits until the generation has been seen, however long that takes", () => {
		expect(isRenewalDue(5, unseen, dueAt + 1000 * minute)).toBe(false);
		expect(isRenewalDue(5, { ...seen, generationSeen: 4 }, dueAt)).toBe(false);
	});

	it("waits until the grace of the predecessor is over", () => {
		const session = { ...seen, seenAt: dueAt };
		expect(isRenewalDue(5, session, dueAt + graceMs - 1)).toBe(false);
		expect(isRenewalDue(5, session, dueAt + graceMs)).toBe(true);
	});

	it("is not for whoever holds an older generation: two steps at once could leave them two behind", () => {
		expect(isRenewalDue(4, seen, dueAt)).toBe(false);
	});
});
