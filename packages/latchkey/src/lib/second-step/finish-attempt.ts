import * as z from "zod";
import { rememberDevice } from "../devices/known-device.ts";
import type { Engine } from "../engine.ts";
import type { ErrorCode, Refusal } from "../errors.ts";
import { auditEvent } from "../events/events.ts";
import { admitFactor, typedCode, verifyCode, withFreshCodes } from "../factors/verify-factor.ts";
import type { Visitor } from "../http/visitor.ts";
import { assertionInput, attestationInput } from "../passkeys/responses.ts";
import { makeRecoveryCodes } from "../recovery-codes/recovery-codes.ts";
import { type Authentication, draftSession, grantSession } from "../sessions/open-session.ts";
import { replace } from "../sessions/replaced-session.ts";
import { resolveSession } from "../sessions/resolve-session.ts";
import { newDevice, openProven, type SignInResult } from "../sign-in/sign-in.ts";
import type { Settlement } from "../storage/storage.ts";
import { confirmTotp } from "../totp/totp.ts";
import { combine, reaches } from "./authentication.ts";
import {
	type CurrentAttempt,
	clearedAttemptCookie,
	currentAttempt,
	endAttempt,
	startAttempt,
} from "./pending-attempt.ts";
import { type FactorName, secondStepFor, trustDaysFor } from "./second-step.ts";

/** What finishes an attempt: a factor that the account has, or a new one where it has none and must have one. */
export const secondStepInput = z.discriminatedUnion("factor", [
	z.object({
		factor: z.literal("totp"),
		code: typedCode,
		enrolment: z.string().max(2000).optional(),
		trustDevice: z.boolean().optional(),
	}),
	z.object({ factor: z.literal("recovery_code"), code: typedCode }),
	z
		.object({
			factor: z.literal("passkey"),
			credential: z.optional(assertionInput),
			registration: z.optional(attestationInput),
			trustDevice: z.optional(z.boolean()),
		})
		.refine(({ credential, registration }) => (credential === undefined) !== (registration === undefined), {
			path: ["credential"],
			params: { reason: "required" },
		}),
]);

export type SecondStepInput = z.output<typeof secondStepInput>;

const expired: Refusal = { ok: false, code: "attempt_expired" };

/**
 * Finishes a sign-in that waits for its second step. The factor is judged by what the account has now; of many who
 * finish the same attempt at once one gets the session.
 */
export async function finishAttempt(engine: Engine, visitor: Visitor, input: SecondStepInput): Promise<SignInResult> {
	const pending = await currentAttempt(engine, visitor);
	if (pending === null) return expired;
	const { enrolment, registration } = newFactor(input);
	const isNew = enrolment !== undefined || registration !== undefined;
	const offered: readonly FactorName[] = isNew ? pending.step.enrolments : pending.step.factors;
	if (!offered.includes(input.factor)) return { ok: false, code: "invalid_input", fields: { factor: "not_available" } };
	if (wantsTrust(input) && (isNew || trustDaysFor(engine, pending.credentials.user, pending.step) === null)) {
		return { ok: false, code: "invalid_input", fields: { trustDevice: "not_available" } };
	}
	const { id: attemptId, userId } = pending.content;
	const admission = await admitFactor(engine, visitor, { userId, factor: input.factor, attemptId, isNew });
	if (!admission.ok) return admission;
	// What the first step had counted is settled only now, with what the second did.
	const settle = {
		clear: [...pending.content.clear, ...admission.settle.clear],
		giveBack: [...pending.content.giveBack, ...admission.settle.giveBack],
	};
	return finishBy(engine, visitor, { pending, settle }, input);
}

/** What is set up on the way in, if anything is. */
function newFactor(input: SecondStepInput) {
	return {
		enrolment: input.factor === "totp" ? input.enrolment : undefined,
		registration: input.factor === "passkey" ? input.registration : undefined,
	};
}

/** Whether they ask not to be asked on this device again. */
function wantsTrust(input: SecondStepInput): boolean {
	return input.factor !== "recovery_code" && input.trustDevice === true;
}

interface UnderWay {
	readonly pending: CurrentAttempt;
	readonly settle: Settlement;
}

async function finishBy(
	engine: Engine,
	visitor: Visitor,
	underWay: UnderWay,
	input: SecondStepInput,
): Promise<SignInResult> {
	const { enrolment, registration } = newFactor(input);
	if (registration !== undefined) return finishWithNewPasskey(engine, visitor, underWay, registration);
	if (input.factor !== "passkey" && enrolment !== undefined) {
		return finishWithApp(engine, visitor, underWay, { enrolment, code: input.code });
	}
	const { userId } = underWay.pending.content;
	const shown =
		input.factor === "passkey"
			? await checkCredential(engine, visitor, userId, input.credential!)
			: await verifyCode(engine, visitor, userId, input);
	if (shown === null) return refuse(engine, visitor, underWay, input.factor);
	return openFor(engine, visitor, underWay, input, shown);
}

async function openFor(
	engine: Engine,
	visitor: Visitor,
	underWay: UnderWay,
	input: SecondStepInput,
	shown: Authentication,
): Promise<SignInResult> {
	const { pending, settle } = underWay;
	const { content, credentials } = pending;
	const authentication = combine(content, shown);
	const step = secondStepFor(engine, credentials, authentication);
	// The right person, by a passkey that can be copied: they may show another.
	if (step !== null && pending.step.deviceBound)
		return refuse(engine, visitor, underWay, input.factor, "insufficient_level");
	if (!(await endAttempt(engine, content))) return expired;
	if (step !== null) {
		const { method, began } = content;
		return startAttempt(engine, visitor, { credentials, method, authentication, began, settle, step });
	}
	const opened = await openProven(engine, visitor, {
		user: credentials.user,
		authentication,
		previous: await resolveSession(engine, visitor, { activity: false }),
		began: content.began,
		settle,
		succeeded: "sign_in.succeeded",
		detail: { method: content.method, factor: input.factor },
	});
	// Something ended all sign-ins under way after the factor was judged.
	if (opened === null) return expired;
	const { user } = credentials;
	const finished = { ...opened, otherCookies: [clearedAttemptCookie(engine.settings)] };
	if (!wantsTrust(input)) return finished;
	const { trustDevice } = await import("../devices/trusted-device.ts");
	const trustedDevice = await trustDevice(engine, visitor, user, opened.session.id);
	return { ...finished, ...(trustedDevice !== null && { trustedDevice }) };
}

async function refuse(
	engine: Engine,
	visitor: Visitor,
	{ pending: { content } }: UnderWay,
	factor: FactorName,
	code: ErrorCode = "invalid_credentials",
): Promise<Refusal> {
	await engine.storage.appendEvents([
		auditEvent("second_step.failed", visitor, { userId: content.userId, detail: { factor } }),
	]);
	return { ok: false, code };
}

/** For whoever must have a second factor and has none: the app is theirs and the session begins in one transaction. */
async function finishWithApp(
	engine: Engine,
	visitor: Visitor,
	underWay: UnderWay,
	typed: { enrolment: string; code: string },
): Promise<SignInResult> {
	const { pending, settle } = underWay;
	const { content, credentials } = pending;
	const { user } = credentials;
	const confirmed = await confirmTotp(engine, user.id, typed);
	if (confirmed === null) return refuse(engine, visitor, underWay, "totp");
	if (!(await endAttempt(engine, content))) return expired;
	const { codes, codeHashes } = makeRecoveryCodes(user.id);
	const authentication = combine(content, { amr: ["otp"], level: "aal1" });
	const { secret, draft } = draftSession(engine, visitor, authentication, content.began);
	const previous = await resolveSession(engine, visitor, { activity: false });
	const { replaces, events } = replace(previous, user.id, visitor);
	const about = { userId: user.id, sessionId: draft.id };
	const session = await engine.storage.addTotp({
		...confirmed,
		// It is named later, where there is time for it.
		name: null,
		userId: user.id,
		epoch: content.epoch,
		recoveryCodeHashes: codeHashes,
		session: draft,
		replaces,
		settle: withFreshCodes(user.id, settle),
		events: [
			auditEvent("totp.added", visitor, about),
			auditEvent("recovery_codes.made", visitor, about),
			auditEvent("sign_in.succeeded", visitor, { ...about, detail: { method: content.method, factor: "totp" } }),
			...newDevice(engine, visitor, user, draft.id),
			...events,
		],
	});
	if (session === null) return expired;
	return {
		ok: true,
		...grantSession(engine, secret, session, user),
		device: rememberDevice(engine, visitor, user, session),
		otherCookies: [clearedAttemptCookie(engine.settings)],
		recoveryCodes: codes,
	};
}

/** The same with a passkey, which is kept first: without a session it is a way in all the same, and asks for its device. */
async function finishWithNewPasskey(
	engine: Engine,
	visitor: Visitor,
	underWay: UnderWay,
	registration: z.output<typeof attestationInput>,
): Promise<SignInResult> {
	const { content } = underWay.pending;
	const { userId } = content;
	const { verifyNewPasskey, keepPasskey } = await import("../passkeys/register-passkey.ts");
	const { authenticationBy } = await import("../passkeys/verify-passkey.ts");
	const made = await verifyNewPasskey(engine, visitor, registration, { use: "enrolment", subject: userId });
	if (made === null) return refuse(engine, visitor, underWay, "passkey");
	const authentication = combine(content, authenticationBy(made.passkey));
	if (underWay.pending.step.deviceBound && !reaches(authentication.level, "aal3")) {
		return refuse(engine, visitor, underWay, "passkey", "insufficient_level");
	}
	// Before it is kept, which ends whatever else waits for a second step.
	if (!(await endAttempt(engine, content))) return expired;
	const { user } = underWay.pending.credentials;
	const kept = await keepPasskey(engine, visitor, { user, sessionId: null, passkey: made.passkey, use: "enrolment" });
	if (!kept.ok) return kept;
	const opened = await openProven(engine, visitor, {
		user,
		authentication,
		previous: await resolveSession(engine, visitor, { activity: false }),
		began: content.began,
		settle: underWay.settle,
		succeeded: "sign_in.succeeded",
		detail: { method: content.method, factor: "passkey" },
	});
	return opened === null ? expired : { ...opened, otherCookies: [clearedAttemptCookie(engine.settings)] };
}

async function checkCredential(
	engine: Engine,
	visitor: Visitor,
	userId: string,
	credential: z.output<typeof assertionInput>,
): Promise<Authentication | null> {
	const { verifyPasskey } = await import("../passkeys/verify-passkey.ts");
	const verdict = await verifyPasskey(engine, visitor, credential, { use: "second-step", userId });
	return verdict.ok ? verdict.authentication : null;
}
