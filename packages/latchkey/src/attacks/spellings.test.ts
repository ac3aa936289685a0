import { expect, it } from "vitest";
import * as z from "zod";
import { openTestAuth } from "../../test/harness.ts";
import { method } from "../lib/methods/method.ts";

it("[A22] spellings of one account share its counter, whatever the method calls it", async () => {
	const open = method({
		name: "open",
		input: z.object({ who: z.string() }),
		amr: ["kba"],
		account: ({ who }) => who,
		verify: async () => null,
	});
	const auth = openTestAuth({ methods: [open] });
	const spellings = ["ada@example.com", "ADA@example.com", " ada@EXAMPLE.com", "Ada@Example.Com\n"];
	const codes: string[] = [];
	for (let attempt = 0; attempt < 12; attempt++) {
		const result = await auth.signIn({ headers: new Headers() }, { who: spellings[attempt % spellings.length] });
		codes.push(result.ok ? "ok" : result.code);
	}
	expect(codes.filter((code) => code === "invalid_credentials")).toHaveLength(10);
	expect(codes.slice(10)).toEqual(["too_many_attempts", "too_many_attempts"]);
});
