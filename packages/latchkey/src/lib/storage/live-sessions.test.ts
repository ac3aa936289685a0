import { describe, expect, it, vi } from "vitest";
import { day, sha256 } from "./contract/fixtures.ts";
import { LiveSessions } from "./live-sessions.ts";
import type { LiveSession } from "./storage.ts";

const readAt = Date.UTC(2030, 0, 1);

function live(label: string, userId = "ada", session: Partial<LiveSession["session"]> = {}): LiveSession {
	return {
		now: readAt,
		session: {
			id: `session ${label}`,
			userId,
			epoch: 1,
			generation: 3,
			generationSeen: 3,
			renewedAt: readAt,
			seenAt: readAt,
			createdAt: readAt,
			lastSeenAt: readAt,
			idleExpiresAt: readAt + day,
			expiresAt: readAt + day,
			authTime: readAt,
			amr: ["pwd"],
			level: "aal1",
			address: null,
			userAgent: null,
			...session,
		},
		user: {
			id: userId,
			name: null,
			email: null,
			emailVerifiedAt: null,
			username: null,
			epoch: 1,
			createdAt: readAt,
			fields: null,
		},
	};
}

function remembering(...sessions: [string, LiveSession][]): LiveSessions {
	const memory = new LiveSessions(100);
	for (const [secret, session] of sessions) memory.keep(sha256(secret), session, memory.changes);
	return memory;
}

const finds = (memory: LiveSessions, secret: string, { generation = 3, after = 0 } = {}) =>
	memory.find(sha256(secret), generation, () => readAt + after) !== null;

describe("remembered sessions", () => {
	it("are found by secret and generation, with the time of the question", () => {
		const memory = remembering(["a", live("a")]);
		expect(memory.find(sha256("a"), 3, () => readAt + 5)).toEqual({ ...live("a"), now: readAt + 5 });
		expect(finds(memory, "b")).toBe(false);
	});

	it("say nothing to a token that is newer or older than they are", () => {
		const memory = remembering(["a", live("a")]);
		expect(finds(memory, "a", { generation: 2 })).toBe(false);
		expect(finds(memory, "a", { generation: 4 })).toBe(false);
	});

	it("are found only by whoever knows the time, and not if they are forgotten on being asked for it", () => {
		const memory = remembering(["a", live("a")]);
		expect(memory.find(sha256("a"), 3, () => null)).toBeNull();
		const forgetting = () => {
			memory.forgetAll();
			return readAt;
		};
		expect(memory.find(sha256("a"), 3, forgetting)).toBeNull();
	});

	it("are not asked about where there is nothing to find", () => {
		const memory = remembering(["a", live("a")]);
		const databaseNow = vi.fn(() => readAt);
		memory.find(sha256("b"), 3, databaseNow);
		memory.find(sha256("a"), 4, databaseNow);
		expect(databaseNow).not.toHaveBeenCalled();
	});

	it.each(["idleExpiresAt", "expiresAt"])("are silent from their %s on", (field) => {
		const memory = remembering(["a", live("a", "ada", { [field]: readAt + 10 })]);
		expect(finds(memory, "a", { after: 9 })).toBe(true);
		expect(finds(memory, "a", { after: 10 })).toBe(false);
	});

	it("are read anew after so long, also by a clock that was set back", () => {
		const memory = new LiveSessions(100, 30_000);
		memory.keep(sha256("a"), live("a"), memory.changes);
		expect(finds(memory, "a", { after: 29_999 })).toBe(true);
		expect(finds(memory, "a", { after: 30_000 })).toBe(false);
		expect(finds(memory, "a", { after: -30_000 })).toBe(false);
	});

	it("are forgotten one by one, by user, and all", () => {
		const all = () => remembering(["a", live("a")], ["b", live("b")], ["c", live("c", "bob")]);
		const left = (forget: (memory: LiveSessions) => void) => {
			const memory = all();
			forget(memory);
			return ["a", "b", "c"].filter((secret) => finds(memory, secret));
		};
		expect(left((memory) => memory.forgetSession("session a"))).toEqual(["b", "c"]);
		expect(left((memory) => memory.forgetUser("ada"))).toEqual(["c"]);
		expect(left((memory) => memory.forgetAll())).toEqual([]);
		expect(left((memory) => memory.forgetUser("nobody"))).toEqual(["a", "b", "c"]);
	});

	it.each(["forgetSession", "forgetUser", "forgetAll"] as const)(
		"are not kept when %s came while they were being read, whatever it was about",
		(forget) => {
			const memory = remembering();
			const before = memory.changes;
			memory[forget]("somebody else");
			memory.keep(sha256("a"), live("a"), before);
			expect(memory.size).toBe(0);
		},
	);

	it("are never more than so many: who was checked longest ago makes room, and leaves nothing behind", () => {
		const memory = new LiveSessions(4);
		const keep = (label: string) => memory.keep(sha256(label), live(label, `user ${label}`), memory.changes);
		for (const label of ["a", "b", "c"]) keep(label);
		expect(finds(memory, "a")).toBe(true);
		for (const label of ["d", "e", "f", "g", "h"]) {
			keep(label);
			expect(memory.size).toBeLessThanOrEqual(4);
			expect(finds(memory, "a")).toBe(true);
		}
		expect(["a", "b", "c", "d", "e"].filter((secret) => finds(memory, secret))).toEqual(["a"]);
		const { size } = memory;
		memory.forgetUser("user b");
		memory.forgetSession("session c");
		expect(memory.size).toBe(size);
	});

	it("are forgotten in whichever generation they are", () => {
		const memory = new LiveSessions(4);
		const keep = (label: string, userId: string) => memory.keep(sha256(label), live(label, userId), memory.changes);
		keep("a", "ada");
		keep("b", "bob");
		keep("c", "ada");
		expect(memory.size).toBe(3);
		memory.forgetUser("ada");
		expect(memory.size).toBe(1);
		memory.forgetSession("session b");
		expect(memory.size).toBe(0);
	});

	it("take the place of what was remembered before", () => {
		const memory = remembering(["a", live("a")], ["a", live("a", "ada", { generation: 4 })]);
		expect(memory.size).toBe(1);
		expect(finds(memory, "a", { generation: 4 })).toBe(true);
		memory.forgetUser("ada");
		expect(memory.size).toBe(0);
	});

	it("cannot be changed by whoever gets them", () => {
		const found = remembering(["a", live("a")]).find(sha256("a"), 3, () => readAt)!;
		expect(() => Object.assign(found.user, { name: "Eve" })).toThrow(TypeError);
		expect(() => Object.assign(found.session, { userId: "eve" })).toThrow(TypeError);
	});
});
