import { holderByUser, readCode, redeemCode } from "../email-codes/code.ts";
import { readAskedCode } from "../email-codes/code-cookie.ts";
import type { Engine } from "../engine.ts";
import type { Refusal } from "../errors.ts";
import { auditEvent } from "../events/events.ts";
import type { Visitor } from "../http/visitor.ts";
import { openMailLink } from "../mail/mail-link.ts";
import type { ResolvedSession } from "../sessions/resolve-session.ts";
import { toUser, type User } from "../sessions/session.ts";
import type { SignInResult } from "../sign-in/sign-in.ts";
import type { TokenRecord } from "../storage/storage.ts";
import { finishSignUp } from "../users/sign-up-by-mail.ts";
import { finishEmailChange } from "./change-email.ts";

export type EmailConfirmed =
	| { readonly ok: true; readonly what: "signed_up"; readonly result: Exclude<SignInResult, Refusal> }
	| { readonly ok: true; readonly what: "verified" | "changed"; readonly user: User }
	| Refusal;

const wrong: Refusal = { ok: false, code: "invalid_code" };

/**
 * Proves an address by a code, or by the link of the same message. It counts in the browser that asked for it, or for the
 * user who is signed in: whoever merely reads the mail proves nothing for an account that somebody else made.
 */
export async function confirmEmail(
	engine: Engine,
	visitor: Visitor,
	current: ResolvedSession | null,
	typed: string,
): Promise<EmailConfirmed> {
	const link = openMailLink(engine.mailLinks, typed);
	const code = readCode(link?.secret ?? typed);
	if (code === null) return wrong;
	const asked = readAskedCode(engine, visitor);
	if (link === null ? asked?.purpose === "sign-up-code" : link.purpose === "sign-up-code") {
		return finishSignUp(engine, visitor, code);
	}
	if (current === null) return { ok: false, code: "not_authenticated" };
	// A typed code says not what it is for: it may be the one for a new address, or the one for the present.
	const purposes: readonly string[] = link === null ? ["email-change-code", "verify-code"] : [link.purpose];
	const holder = holderByUser(current.user.id);
	if (purposes.includes("email-change-code")) {
		const token = await redeemCode(engine, { purpose: "email-change-code", holder, code });
		if (token !== null) return change(engine, visitor, current, token);
	}
	if (!purposes.includes("verify-code")) return wrong;
	const token = await redeemCode(engine, { purpose: "verify-code", holder, code });
	return token === null ? wrong : verify(engine, visitor, current, token);
}

async function change(
	engine: Engine,
	visitor: Visitor,
	current: ResolvedSession,
	{ payload }: TokenRecord,
): Promise<EmailConfirmed> {
	const { nonce } = payload as { nonce: string };
	const changed = await finishEmailChange(engine, visitor, current, nonce);
	return changed.ok ? { ok: true, what: "changed", user: toUser(engine, changed.user) } : changed;
}

async function verify(
	engine: Engine,
	visitor: Visitor,
	{ user, session }: ResolvedSession,
	{ payload }: TokenRecord,
): Promise<EmailConfirmed> {
	const proven = await engine.storage.proveEmail({
		userId: user.id,
		canonical: (payload as { canonical: string }).canonical,
		stranger: false,
		events: [auditEvent("email.verified", visitor, { userId: user.id, sessionId: session.id })],
	});
	if (proven === null) return wrong;
	return { ok: true, what: "verified", user: { ...toUser(engine, user), emailVerified: true } };
}
