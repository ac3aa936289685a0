import * as z from "zod/mini";
import { type Identifier, type IdentifierResult, parseEmail, parseUsername } from "./identifiers.ts";

/** An e-mail address, read and canonical. */
export const emailField = z.pipe(
	z.string(),
	z.transform((text: string, context) => identified(parseEmail(text), context)),
);

/** A user name, read and canonical. */
export const usernameField = z.pipe(
	z.string(),
	z.transform((text: string, context) => identified(parseUsername(text), context)),
);

/** What people are called: any script, one line, up to 100 characters. Empty counts as none. */
export const nameField = z.pipe(
	z.string().check(z.maxLength(400)),
	z.transform((text: string, context) => {
		const name = text.normalize("NFC").trim();
		if ([...name].length > 100) return refuse(context, "too_long");
		// Control characters, lone surrogates, and what turns the direction of the text that stands around a name.
		if (/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069]/u.test(name)) return refuse(context, "invalid");
		return name === "" ? null : name;
	}),
);

function identified(parsed: IdentifierResult, context: z.core.ParsePayload): Identifier {
	return parsed.ok ? parsed : refuse(context, parsed.reason);
}

function refuse(context: z.core.ParsePayload, reason: string): never {
	context.issues.push({ code: "custom", input: context.value, params: { reason } });
	return z.NEVER;
}
