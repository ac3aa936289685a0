import * as z from "zod/mini";
import { nowOf } from "../clock.ts";
import { uuidv7 } from "../crypto/random.ts";
import type { CodeAsked } from "../email-codes/request-email-code.ts";
import type { Engine } from "../engine.ts";
import type { Refusal } from "../errors.ts";
import type { Visitor } from "../http/visitor.ts";
import { admitMail } from "../mail/ask-for-mail.ts";
import { resolveSession } from "../sessions/resolve-session.ts";
import type { SignInResult } from "../sign-in/sign-in.ts";
import type { NewIdentifier } from "../storage/storage.ts";
import { admitSignUp } from "../users/admit-sign-up.ts";
import { emailField } from "../users/fields.ts";
import { mergeFields } from "../users/own-fields.ts";
import { askForProof } from "../users/sign-up-by-mail.ts";
import { registerIdentity } from "./find-person.ts";
import { openAtProvider } from "./finish-oauth.ts";
import { clearedSignUp, type HeldSignUp, isEmailRequired, readHeldSignUp, takeHeldSignUp } from "./held-sign-up.ts";
import { openTokens } from "./token-vault.ts";

/** What is missing of somebody who comes from a provider. */
export const completionInput = z.object({ email: z.optional(emailField) });

export type CompletionInput = z.output<typeof completionInput> & {
	/** The application's own, of those that people set themselves. */
	readonly fields?: Readonly<Record<string, unknown>>;
};

/** Signed in, or a code was mailed that is to be typed first. */
export type SignUpCompleted =
	| { readonly what: "signed_up"; readonly result: SignInResult }
	| { readonly what: "code_asked"; readonly asked: CodeAsked };

const expired: Refusal = { ok: false, code: "sign_in_expired" };

/**
 * Goes on with somebody who came from a provider for the first time. An address that they type must be proven by mail
 * before it is theirs, and nothing is made until then; without one, the account is made where it may exist without.
 */
export async function completeSignUp(
	engine: Engine,
	visitor: Visitor,
	{ email, fields }: CompletionInput,
): Promise<SignUpCompleted> {
	const refuse = (refusal: Refusal): SignUpCompleted => ({ what: "signed_up", result: refusal });
	if (engine.options.signUp === "closed") return refuse({ ok: false, code: "sign_up_closed" });
	const held = await readHeldSignUp(engine, visitor);
	if (held === null) return refuse(expired);
	const own = mergeFields(engine.options.userFields, null, fields ?? {});
	if (!own.ok) return refuse({ ok: false, code: "invalid_input", fields: own.fields });
	if (email !== undefined)
		return { what: "code_asked", asked: await mailCode(engine, visitor, held, email, own.stored) };
	if (isEmailRequired(engine)) return refuse({ ok: false, code: "invalid_input", fields: { email: "required" } });
	return { what: "signed_up", result: await register(engine, visitor, held, { email: null, fields: own.stored }) };
}

/** Does the same, in body and time, for an address that has an account: its owner is told of it by mail. */
async function mailCode(
	engine: Engine,
	visitor: Visitor,
	held: HeldSignUp,
	{ value, canonical }: Omit<NewIdentifier, "kind">,
	fields: string | null,
): Promise<CodeAsked> {
	const admission = await admitSignUp(engine, visitor);
	if (!admission.ok) return admission;
	const mailAdmission = await admitMail(engine, visitor, canonical);
	if (!mailAdmission.ok) return mailAdmission;
	const waiting = { value, canonical, name: held.name, sealed: null, fields, held: held.key };
	return askForProof(engine, visitor, uuidv7(), waiting);
}

/** The second half: the address was proven in this browser. It counts for the very sign-up that it was asked for. */
export async function completeWithProvenEmail(
	engine: Engine,
	visitor: Visitor,
	key: string,
	proven: { email: NewIdentifier; fields: string | null },
): Promise<SignInResult> {
	const held = await readHeldSignUp(engine, visitor);
	return held === null || held.key !== key ? expired : register(engine, visitor, held, proven);
}

async function register(
	engine: Engine,
	visitor: Visitor,
	held: HeldSignUp,
	{ email, fields }: { email: NewIdentifier | null; fields: string | null },
): Promise<SignInResult> {
	const { issuer, subject, label, name, providerSession } = held;
	const provider = engine.providers.find(held.provider);
	const tokens = openTokens(engine, held, held.tokens);
	if (provider === null || tokens === null || !(await takeHeldSignUp(engine, held))) return expired;
	// Whoever has registered this identity in the meantime is the same person.
	const known = await engine.storage.findUserByIdentity({ issuer, subject });
	const profile = { subject, label, name, email: null, emailStanding: "unproven" as const };
	const found =
		known === null
			? await registerIdentity(engine, visitor, provider, { issuer, profile }, { email, fields })
			: { ok: true as const, userId: known.id };
	if (!found.ok) return found;
	const expiresInMs = held.tokensExpireAt === null ? null : Math.max(0, held.tokensExpireAt - nowOf(engine));
	const previous = await resolveSession(engine, visitor, { activity: false });
	const proven = { issuer, profile, tokens, providerSession, authTime: null, expiresInMs };
	const opened = await openAtProvider(engine, visitor, provider, proven, {
		userId: found.userId,
		previous,
		what: "sign_in",
	});
	if (!opened.ok && opened.code !== "second_factor_required") return opened;
	return { ...opened, otherCookies: [clearedSignUp(engine)] };
}
