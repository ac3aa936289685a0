import type { Engine } from "../engine.ts";
import { misconfigured } from "../errors.ts";
import { asksForPasskey, choices, type SecondFactorPolicy, secondFactorPolicies } from "../options.ts";
import type { Authentication } from "../sessions/open-session.ts";
import { toUser } from "../sessions/session.ts";
import type { FactorSummary } from "../storage/factors-storage.ts";
import type { Credentials, UserRecord } from "../storage/storage.ts";
import { isPhishingResistant, reaches } from "./authentication.ts";

/** What a second step can be. */
export const factorNames = ["totp", "passkey", "recovery_code"] as const;

export type FactorName = (typeof factorNames)[number];

/** What is left to do before a session may begin. */
export interface SecondStep {
	/** What the account has; any one of them will do. */
	readonly factors: readonly FactorName[];
	/** Where the account has none and the owner asks for one: what can be set up on the way in. */
	readonly enrolments: readonly Exclude<FactorName, "recovery_code">[];
	/** Whether no passkey will do that can be copied to other devices. */
	readonly deviceBound: boolean;
}

/**
 * Whether somebody who has proven this much must do more, and what: the one judgement behind every way in. `null` when
 * nothing is left to do.
 */
export function secondStepFor(
	engine: Pick<Engine, "options" | "methods">,
	{ user, factors }: Pick<Credentials, "user" | "factors">,
	{ amr, level }: Authentication,
): SecondStep | null {
	const policy = policyFor(engine, user);
	const usable = usableFactors(engine, factors);
	if (asksForPasskey(policy)) return passkeyStepFor(policy === "device-bound", { factors, usable }, { amr, level });
	if (reaches(level, "aal2")) return null;
	const isOn = factors.totp || (factors.secondStep && usable.length > 0);
	if (!isOn && policy === "optional") return null;
	if (usable.some((factor) => factor !== "recovery_code")) {
		return { factors: usable, enrolments: [], deviceBound: false };
	}
	return { factors: [], enrolments: hasPasskeys(engine) ? ["totp", "passkey"] : ["totp"], deviceBound: false };
}

/** The same where nothing but a passkey will do: the one that the account has, or one that is made on the way in. */
function passkeyStepFor(
	deviceBound: boolean,
	{ factors, usable }: { factors: FactorSummary; usable: readonly FactorName[] },
	{ amr, level }: Authentication,
): SecondStep | null {
	if (deviceBound ? reaches(level, "aal3") : isPhishingResistant(amr)) return null;
	const sufficient = deviceBound ? factors.boundPasskeys : factors.passkeys;
	if (sufficient > 0) return { factors: ["passkey"], enrolments: [], deviceBound };
	// What the account has comes first: a password alone must not add the way in that is to be stronger than all others.
	const first = factors.passkeys > 0 ? (["passkey"] as const) : usable;
	const isShown = factors.passkeys > 0 ? isPhishingResistant(amr) : first.length === 0 || reaches(level, "aal2");
	return isShown
		? { factors: [], enrolments: ["passkey"], deviceBound }
		: { factors: first, enrolments: [], deviceBound: false };
}

/**
 * What the owner of the application asks of this user.
 * @throws {AuthError} `misconfigured` when their function answers nothing that can be held to
 */
export function policyFor(engine: Pick<Engine, "options" | "methods">, user: UserRecord): SecondFactorPolicy {
	const { secondFactor } = engine.options;
	if (typeof secondFactor !== "function") return secondFactor;
	const policy = secondFactor(toUser(engine, user));
	if (!secondFactorPolicies.includes(policy)) {
		throw misconfigured(`secondFactor must answer ${choices(secondFactorPolicies)}, not ${JSON.stringify(policy)}`);
	}
	if (asksForPasskey(policy) && !hasPasskeys(engine)) {
		throw misconfigured(`secondFactor answered "${policy}", which needs passkey() among the methods`);
	}
	return policy;
}

/** For how many days this user may trust a device; `null` where the owner lets nobody, or asks two factors of them each time. */
export function trustDaysOf(engine: Pick<Engine, "options" | "methods">, user: UserRecord): number | null {
	const { trustedDeviceDays: days } = engine.options;
	return days === null || policyFor(engine, user) !== "optional" ? null : days;
}

/** The same by showing one of these factors. A recovery code stands for what was lost: it lets in once. */
export function trustDaysFor(
	engine: Pick<Engine, "options" | "methods">,
	user: UserRecord,
	{ factors }: SecondStep,
): number | null {
	return factors.some((factor) => factor !== "recovery_code") ? trustDaysOf(engine, user) : null;
}

/** Every factor that the account can show. */
function usableFactors(
	engine: Pick<Engine, "methods">,
	{ totp, passkeys, recoveryCodes }: FactorSummary,
): FactorName[] {
	const has: Record<FactorName, boolean> = {
		totp,
		passkey: passkeys > 0 && hasPasskeys(engine),
		recovery_code: recoveryCodes > 0,
	};
	return factorNames.filter((name) => has[name]);
}

/** Whether `passkey()` is among the methods. */
function hasPasskeys({ methods }: Pick<Engine, "methods">): boolean {
	return methods.some(({ name }) => name === "passkey");
}
