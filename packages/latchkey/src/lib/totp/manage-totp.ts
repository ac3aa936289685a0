import * as z from "zod";
import type { Engine } from "../engine.ts";
import type { Refusal } from "../errors.ts";
import { auditEvent } from "../events/events.ts";
import { factorsToChange } from "../factors/manage-factors.ts";
import { ownName } from "../factors/own-name.ts";
import { admitFactor, typedCode, withFreshCodes } from "../factors/verify-factor.ts";
import type { Visitor } from "../http/visitor.ts";
import { makeRecoveryCodes } from "../recovery-codes/recovery-codes.ts";
import { combine } from "../second-step/authentication.ts";
import { askForTheRest, isEnough } from "../second-step/continued-session.ts";
import { policyFor } from "../second-step/second-step.ts";
import { draftSession, grantSession } from "../sessions/open-session.ts";
import type { ResolvedSession } from "../sessions/resolve-session.ts";
import type { SignInResult } from "../sign-in/sign-in.ts";
import { confirmTotp } from "./totp.ts";

/** What adds an app: the enrolment that was begun, a code of it, and what to call it. */
export const newTotpInput = z.object({
	enrolment: z.string().max(2000),
	code: typedCode,
	name: ownName.optional(),
});

/**
 * Adds the authenticator app that a code has confirmed. Every session ends, since none of them has shown it; a new one
 * that has takes the place of this one. Recovery codes come along where there are none.
 */
export async function addTotp(
	engine: Engine,
	visitor: Visitor,
	current: ResolvedSession,
	typed: z.output<typeof newTotpInput>,
): Promise<SignInResult> {
	const { user, session } = current;
	const factors = await factorsToChange(engine, current);
	if (!factors.ok) return factors;
	if (factors.totp !== null) return { ok: false, code: "factor_exists" };
	const admission = await admitFactor(engine, visitor, {
		userId: user.id,
		factor: "totp",
		attemptId: null,
		isNew: true,
	});
	if (!admission.ok) return admission;
	const confirmed = await confirmTotp(engine, user.id, typed);
	if (confirmed === null) return { ok: false, code: "invalid_credentials" };
	const authentication = combine(session, { amr: ["otp"], level: "aal1" });
	const goesOn = isEnough(engine, user, authentication);
	// Nobody would see them: what is asked for next is no code either.
	const made = goesOn && factors.recoveryCodes === 0 ? makeRecoveryCodes(user.id) : null;
	const { secret, draft } = draftSession(engine, visitor, authentication, { continues: session.id });
	const about = { userId: user.id, sessionId: draft.id };
	const opened = await engine.storage.addTotp({
		...confirmed,
		name: typed.name ?? null,
		userId: user.id,
		epoch: session.epoch,
		recoveryCodeHashes: made?.codeHashes ?? null,
		session: draft,
		replaces: null,
		settle: made === null ? admission.settle : withFreshCodes(user.id, admission.settle),
		events: [
			auditEvent("totp.added", visitor, about),
			...(made === null ? [] : [auditEvent("recovery_codes.made", visitor, about)]),
		],
	});
	if (opened === null) return { ok: false, code: "factor_exists" };
	if (!goesOn) return askForTheRest(engine, visitor, opened, "totp");
	return {
		ok: true,
		...grantSession(engine, secret, opened, user),
		...(made !== null && { recoveryCodes: made.codes }),
	};
}

/** Names the authenticator app. It proves as much as before, so nobody is signed out. */
export async function renameTotp(
	engine: Engine,
	visitor: Visitor,
	current: ResolvedSession,
	name: string,
): Promise<{ readonly ok: true } | Refusal> {
	const { user, session } = current;
	const factors = await factorsToChange(engine, current);
	if (!factors.ok) return factors;
	const event = auditEvent("totp.renamed", visitor, { userId: user.id, sessionId: session.id });
	const renamed = await engine.storage.renameTotp({ userId: user.id, name, events: [event] });
	return renamed ? { ok: true } : { ok: false, code: "factor_missing" };
}

/** Removes the authenticator app. Every session but this one ends. */
export async function removeTotp(
	engine: Engine,
	visitor: Visitor,
	current: ResolvedSession,
): Promise<{ readonly ok: true } | Refusal> {
	const { user, session } = current;
	const factors = await factorsToChange(engine, current);
	if (!factors.ok) return factors;
	// Whoever must have a second factor keeps the last one; the next sign-in would only ask for another.
	const isLast = factors.passkeys.length === 0 && policyFor(engine, user) === "required";
	if (isLast && factors.totp !== null) return { ok: false, code: "last_way_in" };
	const event = auditEvent("totp.removed", visitor, { userId: user.id, sessionId: session.id });
	const removed = await engine.storage.removeTotp({ userId: user.id, keepSessionId: session.id, events: [event] });
	if (removed === "changed") return { ok: true };
	return { ok: false, code: removed === "gone" ? "factor_missing" : "not_authenticated" };
}
