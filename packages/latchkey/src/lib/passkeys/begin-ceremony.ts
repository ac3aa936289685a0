import * as z from "zod";
import { uuidv7 } from "../crypto/random.ts";
import type { Engine } from "../engine.ts";
import type { Refusal } from "../errors.ts";
import { factorsToChange } from "../factors/manage-factors.ts";
import { parseInput } from "../http/field-errors.ts";
import { addressSubject, tooManyAttempts } from "../http/throttle.ts";
import type { Visitor } from "../http/visitor.ts";
import { currentAttempt } from "../second-step/pending-attempt.ts";
import { policyFor } from "../second-step/second-step.ts";
import { isRecent } from "../sessions/recent-proof.ts";
import { resolveSession } from "../sessions/resolve-session.ts";
import type { CookieToSet } from "../sessions/session-cookie.ts";
import type { PasskeyRecord } from "../storage/factors-storage.ts";
import type { UserRecord } from "../storage/storage.ts";
import { emailToProve } from "../users/admit-sign-up.ts";
import { mergeFields, withEditableFields } from "../users/own-fields.ts";
import { signUpNames } from "../users/sign-up.ts";
import { creationOptions, requestOptions } from "./ceremony-options.ts";
import { type CeremonyUse, makeChallenge, nobody } from "./challenges.ts";
import { passkeyLimit } from "./register-passkey.ts";

export const ceremonyInput = z.discriminatedUnion("for", [
	z.object({ for: z.enum(["sign-in", "second-step", "enrolment", "reauthentication"]) }),
	z.object({ for: z.literal("registration"), upgrade: z.boolean().optional() }),
	z.looseObject({ for: z.literal("sign-up") }),
]);

export type CeremonyInput = z.output<typeof ceremonyInput>;

type Options = ReturnType<typeof requestOptions> | ReturnType<typeof creationOptions>;

export type CeremonyResult = { readonly ok: true; readonly options: Options; readonly cookie: CookieToSet } | Refusal;

/** Seconds after a sign-in within which a passkey may be made in passing. */
const upgradeSeconds = 5 * 60;

/** What the browser is to be asked, with a challenge for it. Says nothing about any account that is not the visitor's own. */
export async function beginCeremony(engine: Engine, visitor: Visitor, input: CeremonyInput): Promise<CeremonyResult> {
	const admission = await engine.throttle.admit([
		{ rule: "challengeAddress", subject: addressSubject(engine, visitor) },
	]);
	if (!admission.ok) return tooManyAttempts(admission);
	switch (input.for) {
		case "sign-in":
			return ask(engine, visitor, { use: input.for, subject: nobody, allowed: [] });
		case "sign-up":
			return askNewcomer(engine, visitor, input);
		case "second-step":
		case "enrolment":
			return askPending(engine, visitor, input.for);
		case "reauthentication":
		case "registration":
			return askSignedIn(engine, visitor, input);
	}
}

async function ask(
	engine: Engine,
	visitor: Visitor,
	{ use, subject, allowed }: { use: CeremonyUse; subject: string; allowed: readonly PasskeyRecord[] },
): Promise<CeremonyResult> {
	const { challenge, cookie } = await makeChallenge(engine, visitor, { use, subject });
	return { ok: true, options: requestOptions(engine, challenge, allowed), cookie };
}

async function askNewcomer(engine: Engine, visitor: Visitor, typed: object): Promise<CeremonyResult> {
	const { signUp, emailVerification, userFields } = engine.options;
	if (signUp === "closed") return { ok: false, code: "sign_up_closed" };
	const parsed = parseInput(withEditableFields(signUpNames, userFields), typed);
	if (!parsed.ok) return parsed;
	const { email, username, name = null, fields = {} } = parsed.data;
	const proof = emailVerification === "required" ? emailToProve(parsed.data) : null;
	if (proof?.ok === false) return proof;
	const own = mergeFields(userFields, null, fields);
	if (!own.ok) return { ok: false, code: "invalid_input", fields: own.fields };
	const userId = uuidv7();
	const payload = { userId, email: email ?? null, username: username ?? null, name, fields: own.stored };
	const { challenge, cookie } = await makeChallenge(engine, visitor, { use: "sign-up", subject: nobody, payload });
	const shown = email?.value ?? username?.value ?? "";
	const user = { id: userId, name: shown, displayName: name ?? shown };
	// What a function asks of somebody who is nobody yet, is known once they are.
	const deviceBound = engine.options.secondFactor === "device-bound";
	return { ok: true, options: creationOptions(engine, challenge, user, [], { deviceBound }), cookie };
}

async function askPending(engine: Engine, visitor: Visitor, use: "second-step" | "enrolment"): Promise<CeremonyResult> {
	const pending = await currentAttempt(engine, visitor);
	if (pending === null) return { ok: false, code: "attempt_expired" };
	const { user } = pending.credentials;
	if (use === "second-step") {
		const held = await passkeysOf(engine, user.id);
		if (!pending.step.factors.includes("passkey")) return { ok: false, code: "factor_missing" };
		const allowed = held.filter(({ backupEligible }) => !pending.step.deviceBound || !backupEligible);
		return ask(engine, visitor, { use, subject: user.id, allowed });
	}
	if (!pending.step.enrolments.includes("passkey")) return { ok: false, code: "factor_exists" };
	return askToMake(engine, visitor, user, { use, upgrade: false, deviceBound: pending.step.deviceBound });
}

async function askSignedIn(
	engine: Engine,
	visitor: Visitor,
	input: Extract<CeremonyInput, { for: "registration" | "reauthentication" | string }>,
): Promise<CeremonyResult> {
	const current = await resolveSession(engine, visitor);
	if (current === null) return { ok: false, code: "not_authenticated" };
	const { user } = current;
	if (input.for !== "registration") {
		return ask(engine, visitor, {
			use: "reauthentication",
			subject: user.id,
			allowed: await passkeysOf(engine, user.id),
		});
	}
	// A passkey enters alone: whoever has shown less than the account asks for must not make one.
	const factors = await factorsToChange(engine, current);
	if (!factors.ok) return factors;
	const upgrade = "upgrade" in input && input.upgrade === true;
	if (upgrade && !isRecent(current, upgradeSeconds)) return { ok: false, code: "reauthentication_required" };
	const deviceBound = policyFor(engine, user) === "device-bound";
	return askToMake(engine, visitor, user, { use: "registration", upgrade, deviceBound });
}

async function askToMake(
	engine: Engine,
	visitor: Visitor,
	user: UserRecord,
	{ use, upgrade, deviceBound }: { use: "registration" | "enrolment"; upgrade: boolean; deviceBound: boolean },
): Promise<CeremonyResult> {
	const held = await passkeysOf(engine, user.id);
	if (held.length >= passkeyLimit(use)) return { ok: false, code: "too_many_passkeys" };
	const { challenge, cookie } = await makeChallenge(engine, visitor, { use, subject: user.id, payload: { upgrade } });
	const shown = user.email ?? user.username ?? user.name ?? "";
	const named = { id: user.id, name: shown, displayName: user.name ?? shown };
	return { ok: true, options: creationOptions(engine, challenge, named, held, { deviceBound }), cookie };
}

async function passkeysOf({ storage }: Engine, userId: string): Promise<readonly PasskeyRecord[]> {
	return (await storage.readFactors(userId))?.passkeys ?? [];
}
