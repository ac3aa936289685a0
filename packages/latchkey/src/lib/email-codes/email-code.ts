import * as z from "zod/mini";
import { type Method, method } from "../methods/method.ts";

/**
 * Sign-in without a password: a six-digit code and a link in one message. The code works in the browser that asked for
 * it, five times tried, for ten minutes; the link signs in by a click there, and shows the code elsewhere.
 */
export function emailCode(): Method {
	return method({
		name: "email-code",
		input: z.object({
			code: z.string().check(z.minLength(1), z.maxLength(32)),
			email: z.optional(z.string().check(z.maxLength(1024))),
		}),
		// No factor of its own (NIST SP 800-63B-4, section 3.1.3.1): a mailbox is vouched for by somebody else.
		amr: ["email"],
		// Bound to the browser that asked, so nobody else's guesses count against it; those of an address do.
		account: () => null,
		routes: [{ under: ["email-codes"], load: async () => (await import("./email-code-routes.ts")).emailCodeRoutes }],
		verify: ({ code }, tools) => tools.checkEmailCode(code),
	});
}
