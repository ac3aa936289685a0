import * as z from "zod/mini";
import type { Engine } from "../engine.ts";
import type { Refusal } from "../errors.ts";
import { auditEvent } from "../events/events.ts";
import { type Admission, type OwnRule, ownKeyOf, tooManyAttempts } from "../http/throttle.ts";
import type { Visitor } from "../http/visitor.ts";
import { hashRecoveryCode } from "../recovery-codes/recovery-codes.ts";
import type { FactorName } from "../second-step/second-step.ts";
import type { Authentication } from "../sessions/open-session.ts";
import { admitAttempts } from "../sign-in/sign-in.ts";
import type { Settlement } from "../storage/storage.ts";
import { checkTotp } from "../totp/totp.ts";

/** A code that somebody claims to have. */
export const typedCode = z.string().check(z.minLength(1), z.maxLength(100));

/** A factor that shows a code, which can be guessed. */
export type CodeFactorName = Exclude<FactorName, "passkey">;

export interface CodeFactorInput {
	factor: CodeFactorName;
	code: string;
}

/** Each factor is counted by itself, so that wrong codes of one never stand in the way of another. */
export const rulesOf: Readonly<Record<CodeFactorName, { count: OwnRule; stop: OwnRule }>> = {
	totp: { count: "totpCode", stop: "totpStop" },
	recovery_code: { count: "recoveryCode", stop: "recoveryStop" },
};

/** Longer waits are said to be this long: that a factor is stopped for good is nobody else's business. */
const longestWaitSeconds = 60 * 60;

interface FactorAttempt {
	userId: string;
	factor: FactorName;
	attemptId: string | null;
	/** Whether it is being set up: that is not stopped by what was wrong with the one before (section 3.2.2). Default: no. */
	isNew?: boolean;
}

/**
 * Counts an attempt to show a factor, or refuses it. `settle` is for the store when it succeeds; a recovery code takes
 * the hard stop off the app that it stands in for.
 */
export async function admitFactor(
	engine: Engine,
	visitor: Visitor,
	{ userId, factor, attemptId, isNew = false }: FactorAttempt,
): Promise<{ ok: true; settle: Settlement } | Refusal> {
	// One after the other: what one limit refuses must not use up the next, which is for everybody's attempts on the account.
	const tries = await engine.throttle.admit([{ rule: "attemptTries", subject: attemptId }]);
	if (!tries.ok) return throttled(engine, visitor, userId, tries);
	// A signature cannot be guessed: the limits of the address and of the attempt are enough.
	if (factor === "passkey") return admitAttempts(engine, visitor, [], userId);
	const rules = rulesOf[factor];
	const admission = await admitAttempts(engine, visitor, [{ rule: rules.count, subject: userId }], userId);
	if (!admission.ok) return admission;
	const stop = isNew ? null : await engine.throttle.admit([{ rule: rules.stop, subject: userId }]);
	if (stop?.ok === false) return throttled(engine, visitor, userId, stop);
	const clear = countersOf(userId, factor);
	if (factor === "recovery_code") clear.push(...countersOf(userId, "totp"));
	return { ok: true, settle: { clear, giveBack: admission.settle.giveBack } };
}

/** What a factor's wrong codes are counted by: to be forgotten once it is shown, or another one takes its place. */
export function countersOf(userId: string, factor: CodeFactorName): string[] {
	const { count, stop } = rulesOf[factor];
	return [count, stop].map((rule) => ownKeyOf(rule, userId));
}

/** New recovery codes are no continuation of those that were guessed at. */
export function withFreshCodes(userId: string, { clear, giveBack }: Settlement): Settlement {
	return { clear: [...clear, ...countersOf(userId, "recovery_code")], giveBack };
}

async function throttled(
	engine: Engine,
	visitor: Visitor,
	userId: string,
	{ first, retryAfterSeconds }: Extract<Admission, { ok: false }>,
): Promise<Refusal> {
	if (first) await engine.storage.appendEvents([auditEvent("sign_in.throttled", visitor, { userId })]);
	return tooManyAttempts({ retryAfterSeconds: Math.min(retryAfterSeconds, longestWaitSeconds) });
}

/** Whether the code is right. If so it is used up, whatever comes of it. */
export async function verifyCode(
	engine: Engine,
	visitor: Visitor,
	userId: string,
	{ factor, code }: CodeFactorInput,
): Promise<Authentication | null> {
	if (factor === "totp") return (await checkTotp(engine, userId, code)) ? { amr: ["otp"], level: "aal1" } : null;
	const codeHash = hashRecoveryCode(userId, code);
	if (!(await engine.storage.consumeRecoveryCode({ userId, codeHash }))) return null;
	await engine.storage.appendEvents([auditEvent("recovery_code.used", visitor, { userId })]);
	return { amr: ["recovery"], level: "aal1" };
}
