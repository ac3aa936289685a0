import { hash } from "node:crypto";
import * as z from "zod/mini";
import { isoTime, nowOf } from "../clock.ts";
import { randomSecret } from "../crypto/random.ts";
import { seal, unseal } from "../crypto/sealing.ts";
import type { Engine } from "../engine.ts";
import { auditEvent } from "../events/events.ts";
import { cookieName, readCookie } from "../http/cookies.ts";
import type { Visitor } from "../http/visitor.ts";
import type { Authentication } from "../sessions/open-session.ts";
import type { CookieToSet } from "../sessions/session-cookie.ts";
import type { Settings } from "../settings.ts";
import type { Credentials, NewSession, Settlement } from "../storage/storage.ts";
import { type SecondStep, secondStepFor, trustDaysFor } from "./second-step.ts";

/** How long a sign-in waits for its second step. */
const lifetimeMs = 10 * 60_000;

const cookieBase = "attempt";
const purpose = "attempt";

/** A sign-in that waits for its second step, as its visitor may see it. */
export interface PendingAttempt extends SecondStep {
	/** For how many days this device can be trusted with it, by `trustDevice`; `null` where it cannot. */
	readonly trustDays: number | null;
	/** ISO 8601, UTC. */
	readonly expiresAt: string;
}

/** The third outcome of a sign-in, besides a session and a refusal. */
export interface SecondFactorRequired {
	readonly ok: false;
	readonly code: "second_factor_required";
	readonly attempt: PendingAttempt;
	readonly cookie: CookieToSet;
	/** What else the answer must set or clear. */
	readonly otherCookies?: readonly CookieToSet[];
}

const contentSchema = z.strictObject({
	id: z.string().check(z.length(22)),
	userId: z.string(),
	epoch: z.int(),
	method: z.string(),
	amr: z.array(z.string()),
	level: z.enum(["aal1", "aal2", "aal3"]),
	clear: z.array(z.string()),
	giveBack: z.array(z.string()),
	/** At which provider the first step was shown. */
	began: z._default(
		z.nullable(
			z.union([
				z.strictObject({ issuer: z.string(), subject: z.string(), providerSession: z.nullable(z.string()) }),
				z.strictObject({ continues: z.string() }),
			]),
		),
		null,
	),
	expiresAt: z.int(),
});

/** What is sealed into the cookie: who has shown what so far. It opens nothing that a session opens. */
export type AttemptContent = Readonly<z.infer<typeof contentSchema>>;

/** An attempt that can still be finished, with the account as it is now. */
export interface CurrentAttempt {
	readonly content: AttemptContent;
	readonly credentials: Credentials;
	readonly step: SecondStep;
}

interface Begun {
	credentials: Credentials;
	method: string;
	authentication: Authentication;
	began?: NewSession["began"];
	/** What to settle once the sign-in is complete: until then the first step counts as an attempt like any other. */
	settle: Settlement;
	step: SecondStep;
}

/** Keeps what was shown so far, instead of a session. */
export async function startAttempt(
	engine: Engine,
	visitor: Visitor,
	{ credentials: { user }, method, authentication, began = null, settle, step }: Begun,
): Promise<SecondFactorRequired> {
	const content: AttemptContent = {
		id: randomSecret(128),
		userId: user.id,
		epoch: user.epoch,
		method,
		amr: [...authentication.amr],
		level: authentication.level,
		clear: [...settle.clear],
		giveBack: [...settle.giveBack],
		began,
		expiresAt: nowOf(engine) + lifetimeMs,
	};
	const token = { purpose, subject: user.id, tokenHash: attemptHash(content), lifetimeMs, payload: null };
	await engine.storage.putToken(token);
	const event = auditEvent("sign_in.second_step_required", visitor, { userId: user.id, detail: { method } });
	await engine.storage.appendEvents([event]);
	return {
		ok: false,
		code: "second_factor_required",
		attempt: { ...step, trustDays: trustDaysFor(engine, user, step), expiresAt: isoTime(content.expiresAt) },
		cookie: {
			name: attemptCookieName(engine.settings),
			value: seal(engine.attemptKeys, cookieBase, JSON.stringify(content)),
			maxAgeSeconds: lifetimeMs / 1000,
			secure: engine.settings.secure,
		},
	};
}

/**
 * The visitor's attempt, if it still stands: not expired, nothing about the account has changed since that ends sign-ins
 * under way, and something is left to do. Whether it has been finished meanwhile, {@link endAttempt} decides.
 */
export async function currentAttempt(engine: Engine, visitor: Visitor): Promise<CurrentAttempt | null> {
	const content = readAttempt(engine, visitor);
	if (content === null) return null;
	const credentials = await engine.storage.findCredentialsOfUser(content.userId);
	if (credentials === null || credentials.user.epoch !== content.epoch) return null;
	const step = secondStepFor(engine, credentials, content);
	return step === null ? null : { content, credentials, step };
}

/** Ends the attempt: of many callers at once exactly one gets true, and nobody once it was killed. */
export async function endAttempt({ storage }: Engine, content: AttemptContent): Promise<boolean> {
	return (await storage.consumeToken({ purpose, tokenHash: attemptHash(content) })) !== null;
}

/** Ends whatever of a user's waits for its second step, in every browser. */
export async function endAttemptsOf({ storage }: Engine, userId: string): Promise<void> {
	await storage.dropTokens({ purpose, subject: userId, events: [] });
}

/** Drops the visitor's attempt, if there is one. The answer must carry the cookie, which clears theirs. */
export async function dropAttempt(engine: Engine, visitor: Visitor): Promise<CookieToSet> {
	const content = readAttempt(engine, visitor);
	if (content !== null) await endAttempt(engine, content);
	return clearedAttemptCookie(engine.settings);
}

export function toPendingAttempt(engine: Engine, { step, content, credentials }: CurrentAttempt): PendingAttempt {
	return { ...step, trustDays: trustDaysFor(engine, credentials.user, step), expiresAt: isoTime(content.expiresAt) };
}

export function attemptCookieName(settings: Settings): string {
	return cookieName(cookieBase, settings.secure);
}

export function clearedAttemptCookie(settings: Settings): CookieToSet {
	return { name: attemptCookieName(settings), value: "", maxAgeSeconds: 0, secure: settings.secure };
}

function readAttempt(engine: Engine, { headers }: Visitor): AttemptContent | null {
	const sealed = readCookie(headers.get("cookie"), attemptCookieName(engine.settings));
	const text = sealed === null ? null : unseal(engine.attemptKeys, cookieBase, sealed);
	if (text === null) return null;
	// We sealed it; an earlier version of this code may have sealed something else.
	const content = contentSchema.safeParse(JSON.parse(text));
	return content.success && content.data.expiresAt > nowOf(engine) ? content.data : null;
}

function attemptHash({ id }: AttemptContent): Uint8Array {
	return hash("sha256", id, "buffer");
}
