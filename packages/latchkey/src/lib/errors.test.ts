import { expect, it, vi } from "vitest";
import { AuthError } from "./errors.ts";

it("knows an error that another copy of this module made, as Next.js has several", async () => {
	vi.resetModules();
	const other = await import("./errors.ts");
	expect(other.AuthError).not.toBe(AuthError);
	expect(new other.AuthError("store_unavailable")).toBeInstanceOf(AuthError);
	for (const value of [new Error("x"), { code: "store_unavailable" }, null, undefined, "x"]) {
		expect(value instanceof AuthError).toBe(false);
	}
});
