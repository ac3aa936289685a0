import { describe, expect, it } from "vitest";
import { combine, isPhishingResistant, reaches } from "./authentication.ts";

const pwd = { amr: ["pwd"], level: "aal1" } as const;
const otp = { amr: ["otp"], level: "aal1" } as const;
const synced = { amr: ["swk", "user", "mfa"], level: "aal2" } as const;
const bound = { amr: ["hwk", "user", "mfa"], level: "aal3" } as const;

describe("two proofs of one person", () => {
	it("are two factors when one is known and one is held", () => {
		expect(combine(pwd, otp)).toEqual({ amr: ["pwd", "otp", "mfa"], level: "aal2" });
		expect(combine(otp, pwd)).toEqual({ amr: ["otp", "pwd", "mfa"], level: "aal2" });
		expect(combine(pwd, { amr: ["recovery"], level: "aal1" }).level).toBe("aal2");
	});

	it("are one factor when they are of a kind, or say nothing of it", () => {
		expect(combine(pwd, pwd)).toEqual(pwd);
		expect(combine(otp, otp).level).toBe("aal1");
		expect(combine({ amr: ["fed"], level: "aal1" }, pwd).level).toBe("aal1");
		expect(combine({ amr: [], level: "aal1" }, { amr: [], level: "aal1" })).toEqual({ amr: [], level: "aal1" });
	});

	it("keep the second level, and the third no longer than its own proof", () => {
		expect(combine(synced, pwd).level).toBe("aal2");
		expect(combine(pwd, bound)).toEqual({ amr: ["pwd", "hwk", "user", "mfa"], level: "aal3" });
		expect(combine(bound, pwd).level).toBe("aal2");
		expect(combine(bound, bound).level).toBe("aal3");
	});
});

it("knows which level reaches which", () => {
	expect(reaches("aal2", "aal1")).toBe(true);
	expect(reaches("aal2", "aal2")).toBe(true);
	expect(reaches("aal2", "aal3")).toBe(false);
	expect(isPhishingResistant(["pwd", "otp", "mfa"])).toBe(false);
	expect(isPhishingResistant(["pwd", "swk"])).toBe(true);
});
