import type { Engine } from "../engine.ts";
import type { Visitor } from "../http/visitor.ts";
import type { ResolvedSession } from "../sessions/resolve-session.ts";
import { admitAttempt, proveAndOpen, type SignInResult } from "../sign-in/sign-in.ts";

/** Proves a signed-in person by their password once more. The session is replaced, so `auth_time` is now. */
export async function reauthenticate(
	engine: Engine,
	visitor: Visitor,
	current: ResolvedSession,
	typed: string,
): Promise<SignInResult> {
	const { id: userId } = current.user;
	const account = reauthenticationSubject(userId);
	engine.hasher.requireRoom();
	const admission = await admitAttempt(engine, visitor, account, userId);
	if (!admission.ok) return admission;
	return proveAndOpen(engine, visitor, {
		method: { name: "password", amr: ["pwd"], level: "aal1" },
		attempt: {
			account,
			verify: async (tools) => ((await tools.checkPassword({ userId }, typed)) ? { userId } : null),
		},
		previous: current,
		settle: admission.settle,
		succeeded: "reauthentication.succeeded",
		failed: "reauthentication.failed",
	});
}

/** What failures of somebody who is signed in count against: apart from those of strangers at the sign-in page. */
export function reauthenticationSubject(userId: string): string {
	return `user:${userId}`;
}
