import * as z from "zod";

/** What somebody calls a passkey or an authenticator app of theirs. */
export const ownName = z
	.string()
	.max(200)
	.transform((text) => text.normalize("NFC").trim())
	.refine((text) => text !== "", { params: { reason: "required" } })
	.refine((text) => [...text].length <= 60, { params: { reason: "too_long" } })
	.refine((text) => !/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069]/u.test(text), {
		params: { reason: "invalid" },
	});
