import { hash } from "node:crypto";
import { type KeyRing, keyedName } from "../crypto/keys.ts";
import type { Engine } from "../engine.ts";
import type { Refusal } from "../errors.ts";
import type { Named } from "../methods/method.ts";
import type { Counter, CounterState, Credentials, Settlement, Storage } from "../storage/storage.ts";
import { addressBucket } from "./client-address.ts";
import type { Visitor } from "./visitor.ts";

const minute = 60_000;
const hour = 60 * minute;
const year = 365 * 24 * hour;

type Rule = Omit<Counter, "key">;

/** Every limit, in one place. `limit` attempts in `windowMs`; then the waits that {@link Counter} describes. */
export const throttleRules = {
	/** Failed sign-ins of an account: then waits that double from 30 seconds to an hour. */
	signInAccount: { limit: 10, windowMs: 10 * minute, waitMs: 30_000, maxWaitMs: hour },
	/** The same from a device that the account was used on before, apart from everybody else's. */
	signInDevice: { limit: 10, windowMs: 10 * minute, waitMs: 30_000, maxWaitMs: hour },
	/** Failed sign-ins from one IPv4 address or IPv6 /64. */
	signInAddress: { limit: 100, windowMs: 10 * minute, waitMs: 0, maxWaitMs: 0 },
	/** Sign-ups from one address. */
	signUpAddress: { limit: 10, windowMs: hour, waitMs: 0, maxWaitMs: 0 },
	/** Changes of one's name or user name: each leaves an event. */
	updateProfile: { limit: 30, windowMs: hour, waitMs: 0, maxWaitMs: 0 },
	/** Ways to a provider that were begun: the store remembers each for ten minutes. */
	oauthStartAddress: { limit: 100, windowMs: 10 * minute, waitMs: 0, maxWaitMs: 0 },
	/** Wrong codes in one sign-in, whatever the factor. */
	attemptTries: { limit: 5, windowMs: 10 * minute, waitMs: 0, maxWaitMs: 0 },
	/** Wrong codes of an authenticator app, for an account: apart from those of every other factor. */
	totpCode: { limit: 10, windowMs: 10 * minute, waitMs: 30_000, maxWaitMs: hour },
	/** Wrong recovery codes, for an account. */
	recoveryCode: { limit: 10, windowMs: 10 * minute, waitMs: 30_000, maxWaitMs: hour },
	/** The hard stop: so many wrong codes without a right one, and no more are taken (NIST SP 800-63B-4, section 3.2.2). */
	totpStop: { limit: 90, windowMs: 100 * year, waitMs: 0, maxWaitMs: 0 },
	recoveryStop: { limit: 90, windowMs: 100 * year, waitMs: 0, maxWaitMs: 0 },
	/** Passkey ceremonies begun from one address: each keeps a challenge for some minutes. */
	challengeAddress: { limit: 1000, windowMs: 10 * minute, waitMs: 0, maxWaitMs: 0 },
	/** Changes of one's user name: each says whether somebody has it. */
	renameUser: { limit: 10, windowMs: hour, waitMs: 0, maxWaitMs: 0 },
	/** Mails that strangers can ask for, to one recipient. */
	mailRecipient: { limit: 5, windowMs: hour, waitMs: 0, maxWaitMs: 0 },
	/** The same by who asks. */
	mailAddress: { limit: 20, windowMs: hour, waitMs: 0, maxWaitMs: 0 },
	/** Exports of one's data that are told of. */
	exportNotice: { limit: 1, windowMs: hour, waitMs: 0, maxWaitMs: 0 },
	/** Guesses at one mailed code, for as long as the longest-lived lives; a new one begins no new count. */
	emailCode: { limit: 5, windowMs: hour, waitMs: 0, maxWaitMs: 0 },
} as const satisfies Record<string, Rule>;

export type ThrottleRule = keyof typeof throttleRules;

/**
 * The rules of what has an id that was made here at random. Nobody guesses it from its name, which therefore needs no secret
 * and outlives one: a hard stop is for ever, and a secret is not.
 */
const ownRules = [
	...(["attemptTries", "totpCode", "recoveryCode", "totpStop", "recoveryStop", "emailCode"] as const),
	...(["updateProfile", "renameUser", "exportNotice"] as const),
] as const satisfies ThrottleRule[];

export type OwnRule = (typeof ownRules)[number];

/** The rules whose failures a success lets be forgotten; every other gets the one attempt back. */
const startAnew: ReadonlySet<ThrottleRule> = new Set<ThrottleRule>([
	"signInAccount",
	"signInDevice",
	"totpCode",
	"recoveryCode",
	"totpStop",
	"recoveryStop",
]);

export interface Attempt {
	rule: ThrottleRule;
	/** Whose attempt it is: a canonical identifier or an address bucket. `null`: unknown, so this rule is off. */
	subject: string | null;
}

export type Admission =
	| { ok: true; settle: Settlement; found?: FoundAccount }
	/** `first` for the first refusal since an attempt was let through, so that the audit log is not flooded. */
	| { ok: false; retryAfterSeconds: number; first: boolean };

/** What whoever is not admitted is answered with. */
export function tooManyAttempts({ retryAfterSeconds }: { retryAfterSeconds: number }): Refusal {
	return { ok: false, code: "too_many_attempts", retryAfterSeconds };
}

/** An account that was looked up while an attempt on it was counted. */
export interface FoundAccount {
	readonly named: Named;
	readonly credentials: Credentials | null;
}

export const nothingToSettle: Settlement = { clear: [], giveBack: [] };

/**
 * Counts attempts before their work is done, so that a hundred at once get no more guesses than ten in a row. The same
 * for HTTP, forms, actions and trusted calls: all of them come through here.
 */
export class Throttle {
	readonly #storage: Storage;
	readonly #keys: KeyRing;

	constructor(storage: Storage, keys: KeyRing) {
		this.#storage = storage;
		this.#keys = keys;
	}

	/**
	 * The counters of a rule and a subject, as {@link Settlement} names them. Addresses and what people are called can be guessed,
	 * so their names are made with the secret: with every one that there is, and counted by each, so that a rotation begins no
	 * count anew and machines that are at different steps of it count together.
	 */
	keysOf(rule: ThrottleRule, subject: string): string[] {
		if (isOwnRule(rule)) return [ownKeyOf(rule, subject)];
		return [...new Set(this.#keys.all.map(({ key }) => keyedName(key, `${rule}:${subject}`)))];
	}

	/**
	 * Admits an attempt if every rule does. `settle` is what to hand to the store when the attempt succeeds: the
	 * account's failures are forgotten, the address gets this one back. Where the attempt is on the account that `named` names,
	 * that one is read along.
	 */
	async admit(attempts: readonly Attempt[], named?: Named): Promise<Admission> {
		const settle = { clear: [] as string[], giveBack: [] as string[] };
		const counters: Counter[] = [];
		for (const { rule, subject } of attempts) {
			if (subject === null) continue;
			const keys = this.keysOf(rule, subject);
			counters.push(...keys.map((key) => ({ key, ...throttleRules[rule] })));
			(startAnew.has(rule) ? settle.clear : settle.giveBack).push(...keys);
		}
		if (counters.length === 0) return { ok: true, settle };
		const { states, credentials } = await this.#count(counters, named);
		const refused = states.filter((state) => !state.accepted);
		if (refused.length === 0) {
			return { ok: true, settle, ...(credentials !== undefined && named && { found: { named, credentials } }) };
		}
		const retryAfterMs = Math.max(...refused.map((state) => state.retryAfterMs));
		return {
			ok: false,
			retryAfterSeconds: Math.max(1, Math.ceil(retryAfterMs / 1000)),
			first: refused.some((state) => state.refusedCount === 1),
		};
	}

	async #count(
		counters: readonly Counter[],
		named: Named | undefined,
	): Promise<{ states: readonly CounterState[]; credentials?: Credentials | null }> {
		if (named === undefined) return { states: await this.#storage.increment(counters) };
		return this.#storage.countAttempt(counters, named);
	}
}

/** What to hand to the store so that these rules begin anew for these subjects. */
export function forgetting(
	{ throttle }: Pick<Engine, "throttle">,
	rule: ThrottleRule,
	subjects: readonly string[],
): Settlement {
	return { clear: subjects.flatMap((subject) => throttle.keysOf(rule, subject)), giveBack: [] };
}

/** The one counter of something that has an id of ours. */
export function ownKeyOf(rule: OwnRule, id: string): string {
	return hash("sha256", `${rule}:${id}`, "base64url").slice(0, 32);
}

function isOwnRule(rule: ThrottleRule): rule is OwnRule {
	return (ownRules as readonly ThrottleRule[]).includes(rule);
}

const saidSo = new WeakSet<Throttle>();

/** What a rule by address counts against; `null` where it is off, which the log says once. */
export function addressSubject({ throttle, log }: Pick<Engine, "throttle" | "log">, visitor: Visitor): string | null {
	if (visitor.address !== null) return addressBucket(visitor.address);
	if (!saidSo.has(throttle)) {
		saidSo.add(throttle);
		log({
			level: "info",
			event: "address_unknown",
			message:
				"Limits by address are off for visitors from loopback or behind a proxy that AUTH_TRUSTED_PROXIES does not count",
		});
	}
	return null;
}
