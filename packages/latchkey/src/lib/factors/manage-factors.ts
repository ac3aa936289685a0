import { isoTime } from "../clock.ts";
import type { Engine } from "../engine.ts";
import type { Refusal } from "../errors.ts";
import { auditEvent } from "../events/events.ts";
import { nothingToSettle } from "../http/throttle.ts";
import type { Visitor } from "../http/visitor.ts";
import { makeRecoveryCodes } from "../recovery-codes/recovery-codes.ts";
import { reaches } from "../second-step/authentication.ts";
import { policyFor } from "../second-step/second-step.ts";
import { isRecent } from "../sessions/recent-proof.ts";
import type { ResolvedSession } from "../sessions/resolve-session.ts";
import type { FactorsRecord } from "../storage/factors-storage.ts";
import type { UserRecord } from "../storage/storage.ts";
import { withFreshCodes } from "./verify-factor.ts";

/** What somebody has to prove who they are, as they see it themselves. */
export interface Factors {
	readonly password: boolean;
	readonly totp: {
		/** What they call it; `null` where they never said. */
		readonly name: string | null;
		readonly createdAt: string;
		readonly lastUsedAt: string | null;
	} | null;
	readonly passkeyCount: number;
	/** How many recovery codes are left. */
	readonly recoveryCodes: number;
	/** Whether a password alone is not enough. */
	readonly secondStep: boolean;
}

export async function readFactors(engine: Engine, user: UserRecord): Promise<Factors | null> {
	const stored = await engine.storage.readFactors(user.id);
	if (stored === null) return null;
	const { totp, passkeys, recoveryCodes, secondStep, password } = stored;
	return {
		password,
		totp:
			totp === null
				? null
				: {
						name: totp.name,
						createdAt: isoTime(totp.createdAt),
						lastUsedAt: totp.lastUsedAt === null ? null : isoTime(totp.lastUsedAt),
					},
		passkeyCount: passkeys.length,
		recoveryCodes,
		secondStep: secondStep || totp !== null || policyFor(engine, user) !== "optional",
	};
}

/**
 * Where every change of what proves somebody begins: their factors, if they may change them. That takes a recent proof,
 * and one that is as sure as their account asks for.
 */
export async function factorsToChange(
	engine: Engine,
	current: ResolvedSession,
): Promise<({ readonly ok: true } & FactorsRecord) | Refusal> {
	const factors = await engine.storage.readFactors(current.user.id);
	if (factors === null) return { ok: false, code: "not_authenticated" };
	return refusalToChange(engine, current, factors) ?? { ok: true, ...factors };
}

function refusalToChange(
	engine: Engine,
	current: ResolvedSession,
	{ totp, passkeys, secondStep }: FactorsRecord,
): Refusal | null {
	if (!isRecent(current)) return { ok: false, code: "reauthentication_required" };
	const isRequired = passkeys.length > 0 && policyFor(engine, current.user) !== "optional";
	const asksForTwo = totp !== null || secondStep || isRequired;
	return asksForTwo && !reaches(current.session.level, "aal2") ? { ok: false, code: "insufficient_level" } : null;
}

/** Makes recovery codes in the place of those that there are, for whoever has a factor that they could stand in for. */
export async function renewRecoveryCodes(
	engine: Engine,
	visitor: Visitor,
	current: ResolvedSession,
): Promise<{ readonly ok: true; readonly codes: readonly string[] } | Refusal> {
	const { user, session } = current;
	const factors = await factorsToChange(engine, current);
	if (!factors.ok) return factors;
	if (factors.totp === null && factors.passkeys.length === 0) return { ok: false, code: "factor_missing" };
	const { codes, codeHashes } = makeRecoveryCodes(user.id);
	const events = [auditEvent("recovery_codes.made", visitor, { userId: user.id, sessionId: session.id })];
	const replaced = await engine.storage.replaceRecoveryCodes({
		userId: user.id,
		epoch: session.epoch,
		codeHashes,
		settle: withFreshCodes(user.id, nothingToSettle),
		events,
	});
	return replaced ? { ok: true, codes } : { ok: false, code: "not_authenticated" };
}

/** Switches whether a password alone is enough, for whoever has passkeys. Every session but this one ends. */
export async function switchSecondStep(
	engine: Engine,
	visitor: Visitor,
	current: ResolvedSession,
	on: boolean,
): Promise<{ readonly ok: true } | Refusal> {
	const { user, session } = current;
	const factors = await factorsToChange(engine, current);
	if (!factors.ok) return factors;
	// The session that goes on must have shown what every other is asked for from now on.
	if (on && !reaches(session.level, "aal2")) return { ok: false, code: "insufficient_level" };
	const event = auditEvent("second_step.switched", visitor, { userId: user.id, sessionId: session.id, detail: { on } });
	const change = { userId: user.id, keepSessionId: session.id, events: [event], on };
	const switched = await engine.storage.switchSecondStep(change);
	if (switched === "changed") return { ok: true };
	return { ok: false, code: switched === "gone" ? "factor_missing" : "not_authenticated" };
}
