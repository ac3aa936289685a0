import { expect, it } from "vitest";
import * as z from "zod";
import { ada, openTestAuth } from "../../test/harness.ts";
import { deriveKeyRing } from "../lib/crypto/keys.ts";
import { method } from "../lib/methods/method.ts";
import { HashPool } from "../lib/passwords/hash-pool.ts";
import { PasswordHasher } from "../lib/passwords/password-hasher.ts";

// Alternating marks that NFC has to put in order: its cost grows with the square of their number.
const dear = "\u0315\u0316".repeat(100_000);

/** Fails the test when anything hands text of this length to NFC, instead of waiting for it. */
function refuseToNormalize<Result>(work: () => Promise<Result>): Promise<Result> {
	const original = String.prototype.normalize;
	String.prototype.normalize = function (form?: string): string {
		if (this.length > 10_000) throw new RangeError("text of this length was normalised");
		return original.call(this, form);
	};
	return work().finally(() => {
		String.prototype.normalize = original;
	});
}

it("[A38] a password too long to be one is wrong at the price of any wrong one, wherever it comes from", async () => {
	const hasher = new PasswordHasher(
		new HashPool(),
		deriveKeyRing(["a-pepper-for-tests-0123456789-abcdefghij"], "password"),
	);
	const sealed = await hasher.hash("ada", "x");
	const check = refuseToNormalize(() => hasher.check({ userId: "ada", sealed }, dear));
	expect(await check).toMatchObject({ matches: false });
});

it("[A38] a method of the owner's that takes any text cannot be used to stop the server", async () => {
	const open = method({
		name: "open",
		input: z.object({ who: z.string(), secret: z.string() }),
		amr: ["pwd"],
		account: ({ who }) => who,
		verify: async ({ who, secret }, tools) => {
			const account = await tools.findAccount(who);
			return (await tools.checkPassword(account, secret)) && account ? { userId: account.userId } : null;
		},
	});
	const auth = openTestAuth({ methods: [open] });
	const answer = await refuseToNormalize(() =>
		auth.signIn({ headers: new Headers() }, { who: ada.email, secret: dear }),
	);
	expect(answer).toMatchObject({ ok: false, code: "invalid_credentials" });
});
