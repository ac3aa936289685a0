import { type CodePurpose, holderByUser, readCode, redeemCode } from "../email-codes/code.ts";
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
	const purpose = link === null ? await purposeOfCode(engine, current.user.id) : link.purpose;
	if (purpose !== "verify-code" && purpose !== "email-change-code") return wrong;
	const token = await redeemCode(engine, { purpose, holder: holderByUser(current.user.id), code });
	if (token === null) return wrong;
	if (purpose === "verify-code") return verify(engine, visitor, current, token);
	const { nonce } = token.payload as { nonce: string };
	const changed = await finishEmailChange(engine, visitor, current, nonce);
	return changed.ok ? { ok: true, what: "changed", user: toUser(changed.user) } : changed;
}

/** A typed code is for what the person began last. */
async function purposeOfCode({ storage }: Engine, userId: string): Promise<CodePurpose> {
	const pending = await storage.findToken({ purpose: "email-change", subject: userId });
	return pending === null ? "verify-code" : "email-change-code";
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
	return { ok: true, what: "verified", user: { ...toUser(user), emailVerified: true } };
}
