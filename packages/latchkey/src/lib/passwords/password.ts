import * as z from "zod/mini";
import { type Method, method } from "../methods/method.ts";
import { typedPassword } from "./typed-password.ts";

const typedIdentifier = z.string().check(z.minLength(1), z.maxLength(1024));

const input = z
	.object({
		identifier: z.optional(typedIdentifier),
		email: z.optional(typedIdentifier),
		username: z.optional(typedIdentifier),
		password: typedPassword,
	})
	.check(
		z.refine((given) => identifierOf(given) !== undefined, { path: ["identifier"], params: { reason: "required" } }),
	);

/** Sign-in with an e-mail address or user name and a password; brings sign-up, password change and reauthentication. */
export function password(): Method {
	return method({
		name: "password",
		input,
		amr: ["pwd"],
		account: (given) => identifierOf(given) ?? "",
		routes: [
			{ under: ["sign-up", "password"], load: async () => (await import("./password-routes.ts")).passwordRoutes },
			{
				under: ["password-resets"],
				load: async () => (await import("../password-reset/password-reset-routes.ts")).passwordResetRoutes,
			},
		],
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
