import * as z from "zod";
import { type Method, method } from "../methods/method.ts";
import { typedPassword } from "./typed-password.ts";

const input = z
	.object({
		identifier: z.string().min(1).max(1024).optional(),
		email: z.string().min(1).max(1024).optional(),
		username: z.string().min(1).max(1024).optional(),
		password: typedPassword,
	})
	.refine((given) => identifierOf(given) !== undefined, { path: ["identifier"], params: { reason: "required" } });

/** Sign-in with an e-mail address or user name and a password; brings sign-up, password change and reauthentication. */
export function password(): Method {
	return method({
		name: "password",
		input,
		amr: ["pwd"],
		account: (given) => identifierOf(given) ?? "",
		routes: [
			{
				under: ["sign-up", "password", "password-resets"],
				load: async () => (await import("./password-routes.ts")).passwordRoutes,
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
