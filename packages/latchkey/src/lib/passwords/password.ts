import * as z from "zod";
import { type Method, method } from "../methods/method.ts";
import { parseIdentifier } from "../users/identifiers.ts";
import { passwordRoutes } from "./password-routes.ts";

// Far beyond any password that could have been set, so that a long wrong one is answered like a short one.
const anyPassword = z.string().min(1).max(1024);

const input = z
	.object({
		identifier: z.string().min(1).max(1024).optional(),
		email: z.string().min(1).max(1024).optional(),
		username: z.string().min(1).max(1024).optional(),
		password: anyPassword,
	})
	.refine((given) => identifierOf(given) !== undefined, { path: ["identifier"], params: { reason: "required" } });

/** Sign-in with an e-mail address or user name and a password; brings sign-up, password change and reauthentication. */
export function password(): Method {
	return method({
		name: "password",
		input,
		amr: ["pwd"],
		account: (given) => accountSubject(identifierOf(given) ?? ""),
		routes: passwordRoutes,
		async verify(given, tools) {
			const account = await tools.findAccount(identifierOf(given) ?? "");
			const matches = await tools.checkPassword(account, given.password);
			return matches && account !== null ? { userId: account.userId } : null;
		},
	});
}

interface Named {
	identifier?: string | undefined;
	email?: string | undefined;
	username?: string | undefined;
}

function identifierOf({ identifier, email, username }: Named): string | undefined {
	return identifier ?? email ?? username;
}

/** One counter for all spellings of an identifier; text that can name nobody has one too. */
function accountSubject(identifier: string): string {
	const parsed = parseIdentifier(identifier);
	return parsed.ok ? `${parsed.kind}:${parsed.canonical}` : `nobody:${identifier.trim().toLowerCase()}`;
}
