import * as z from "zod/mini";
import type { Engine } from "../engine.ts";
import { admitFactor, typedCode, verifyCode } from "../factors/verify-factor.ts";
import type { Visitor } from "../http/visitor.ts";
import type { MethodAttempt } from "../methods/method.ts";
import { assertionInput } from "../passkeys/responses.ts";
import { typedPassword } from "../passwords/typed-password.ts";
import { trustedDeviceAmr } from "../sessions/recent-proof.ts";
import type { ResolvedSession } from "../sessions/resolve-session.ts";
import type { Settlement } from "../storage/storage.ts";
import { admitAttempt, proveAndOpen, type SignInResult } from "./sign-in.ts";

/** Any proof that somebody who is signed in can give of being who they are. */
export const reauthenticationInput = z.discriminatedUnion("factor", [
	z.object({ factor: z.optional(z.literal("password")), password: typedPassword }),
	z.object({ factor: z.literal("totp"), code: typedCode }),
	z.object({ factor: z.literal("recovery_code"), code: typedCode }),
	z.object({ factor: z.literal("passkey"), credential: assertionInput }),
]);

export type ReauthenticationInput = z.output<typeof reauthenticationInput>;

/**
 * Proves a signed-in person once more, by whatever they have. The session is replaced, so `auth_time` is now; what it had
 * shown before counts along, so that an app or a passkey after a password makes two factors.
 */
export async function reauthenticate(
	engine: Engine,
	visitor: Visitor,
	current: ResolvedSession,
	input: ReauthenticationInput,
): Promise<SignInResult> {
	if ("password" in input) return byPassword(engine, visitor, current, input.password);
	const { id: userId } = current.user;
	const admission = await admitFactor(engine, visitor, { userId, factor: input.factor, attemptId: null });
	if (!admission.ok) return admission;
	return prove(engine, visitor, current, input.factor, admission.settle, {
		account: null,
		verify: async () => {
			if (!("credential" in input)) {
				const shown = await verifyCode(engine, visitor, userId, input);
				return shown === null ? null : { userId, ...shown };
			}
			const { verifyPasskey } = await import("../passkeys/verify-passkey.ts");
			const use = "reauthentication";
			const verdict = await verifyPasskey(engine, visitor, input.credential, { use, userId });
			return verdict.ok ? { userId, ...verdict.authentication } : null;
		},
	});
}

/** What failures of somebody who is signed in count against: apart from those of strangers at the sign-in page. */
export function reauthenticationSubject(userId: string): string {
	return `user:${userId}`;
}

async function byPassword(
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
	return prove(engine, visitor, current, "password", admission.settle, {
		account,
		verify: async (tools) => ((await tools.checkPassword({ userId }, typed)) ? { userId } : null),
	});
}

function prove(
	engine: Engine,
	visitor: Visitor,
	current: ResolvedSession,
	name: string,
	settle: Settlement,
	attempt: MethodAttempt,
): Promise<SignInResult> {
	// A device that was trusted on the way in proves nothing: what it stood in for is shown now, or asked for.
	const { level, amr } = current.session;
	return proveAndOpen(engine, visitor, {
		method: { name, amr: ["pwd"], level: "aal1" },
		attempt,
		previous: current,
		earlier: { level, amr: amr.filter((name) => name !== trustedDeviceAmr) },
		began: { continues: current.session.id },
		settle,
		succeeded: "reauthentication.succeeded",
		failed: "reauthentication.failed",
	});
}
