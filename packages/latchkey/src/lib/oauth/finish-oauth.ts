import type { Engine } from "../engine.ts";
import { AuthError, type ErrorCode } from "../errors.ts";
import { auditEvent } from "../events/events.ts";
import { nothingToSettle } from "../http/throttle.ts";
import type { Visitor } from "../http/visitor.ts";
import { type ResolvedSession, resolveSession } from "../sessions/resolve-session.ts";
import { proveAndOpen, type SignInResult } from "../sign-in/sign-in.ts";
import { type CallbackParameters, exchangeCode, type ProvenAtProvider } from "./exchange-code.ts";
import { findPerson } from "./find-person.ts";
import { holdSignUp, type SignUpIncomplete } from "./held-sign-up.ts";
import type { OfferedProvider } from "./offered-provider.ts";
import { sealTokens } from "./token-vault.ts";
import {
	consumeTransaction,
	type NewTransaction,
	type Purpose,
	readTransaction,
	transactionId,
} from "./transaction.ts";

/** How a way to a provider ended. */
export interface FinishedOAuth {
	/** The transaction that is over, if it was one of this browser's. */
	readonly transactionId: string | null;
	readonly purpose: Purpose | null;
	/** Where the person was; `null` when nobody knows. */
	readonly next: string | null;
	readonly result: SignInResult | SignUpIncomplete | { readonly ok: true; readonly linked: true };
	/** What the log should know of a failure. */
	readonly error?: AuthError;
}

/** Seconds within which the provider itself must have proven somebody who proves again who they are. */
const recentAtProviderSeconds = 5 * 60;

/**
 * Ends the way back from a provider. The answer counts only in the browser that began the transaction, at the provider to
 * which it went, once, and within ten minutes (OWASP ASVS 5.0, 10.1.2).
 * @throws {AuthError} `store_unavailable`
 */
export async function finishOAuth(
	engine: Engine,
	visitor: Visitor,
	provider: OfferedProvider,
	parameters: CallbackParameters,
): Promise<FinishedOAuth> {
	const id = transactionId(parameters.state);
	const begun = id === null ? null : readTransaction(engine, visitor, id);
	if (begun === null || !isOf(provider, begun) || !(await consumeTransaction(engine, begun))) {
		return { transactionId: null, purpose: null, next: null, result: { ok: false, code: "sign_in_expired" } };
	}
	const { purpose, next } = begun.transaction;
	try {
		return { transactionId: id, purpose, next, result: await finish(engine, visitor, provider, begun, parameters) };
	} catch (error) {
		// What the provider, or the person there, brought about; the rest is ours.
		if (!(error instanceof AuthError) || !atProvider.has(error.code)) throw error;
		return { transactionId: id, purpose, next, result: { ok: false, code: error.code }, error };
	}
}

/** Whether it went to this provider, and to the issuer that the provider is now (RFC 9700, section 4.4.2). */
function isOf({ id, server }: OfferedProvider, { transaction }: NewTransaction): boolean {
	return transaction.provider === id && transaction.issuer === server.issuer;
}

const atProvider: ReadonlySet<ErrorCode> = new Set(["sign_in_cancelled", "provider_unavailable", "provider_error"]);

type ProvenWithExpiry = Awaited<ReturnType<typeof exchangeCode>>;

async function finish(
	engine: Engine,
	visitor: Visitor,
	provider: OfferedProvider,
	begun: NewTransaction,
	parameters: CallbackParameters,
): Promise<FinishedOAuth["result"]> {
	const { purpose } = begun.transaction;
	const current = await resolveSession(engine, visitor, { activity: false });
	// Before the code is spent: whoever opens somebody else's link must not finish it (cross-user session fixation).
	if (purpose.kind !== "sign-in" && !isSessionOf(current, purpose)) return { ok: false, code: "other_session" };
	const proven = await exchangeCode(provider, begun, parameters);
	switch (purpose.kind) {
		case "sign-in":
			return signInProven(engine, visitor, provider, proven, current);
		case "link":
			return linkProven(engine, visitor, provider, proven, current!);
		case "reauthenticate":
			return reauthenticateProven(engine, visitor, provider, proven, current!);
	}
}

function isSessionOf(current: ResolvedSession | null, purpose: Exclude<Purpose, { kind: "sign-in" }>): boolean {
	return current !== null && current.session.id === purpose.sessionId && current.user.id === purpose.userId;
}

async function signInProven(
	engine: Engine,
	visitor: Visitor,
	provider: OfferedProvider,
	proven: ProvenWithExpiry,
	previous: ResolvedSession | null,
): Promise<SignInResult | SignUpIncomplete> {
	const found = await findPerson(engine, visitor, provider, proven);
	if (!found.ok && found.code === "sign_up_incomplete") return holdSignUp(engine, provider, proven);
	if (!found.ok) {
		await noteFailure(engine, visitor, provider, found.code, null);
		return found;
	}
	return openAtProvider(engine, visitor, provider, proven, { userId: found.userId, previous, what: "sign_in" });
}

async function reauthenticateProven(
	engine: Engine,
	visitor: Visitor,
	provider: OfferedProvider,
	proven: ProvenWithExpiry,
	current: ResolvedSession,
): Promise<SignInResult> {
	const { issuer, profile, authTime } = proven;
	const holder = await engine.storage.findUserByIdentity({ issuer, subject: profile.subject });
	const isRecent = authTime === null || Date.now() / 1000 - authTime <= recentAtProviderSeconds;
	if (holder?.id !== current.user.id || !isRecent) {
		await engine.storage.appendEvents([
			auditEvent("reauthentication.failed", visitor, { userId: current.user.id, detail: { method: provider.id } }),
		]);
		return { ok: false, code: "invalid_credentials" };
	}
	return openAtProvider(engine, visitor, provider, proven, {
		userId: current.user.id,
		previous: current,
		what: "reauthentication",
	});
}

interface Opening {
	userId: string;
	previous: ResolvedSession | null;
	what: "sign_in" | "reauthentication";
}

/** Through the one gate of every proof; when and how the session was proven is ours to say, not the provider's. */
export async function openAtProvider(
	engine: Engine,
	visitor: Visitor,
	provider: OfferedProvider,
	proven: ProvenWithExpiry,
	{ userId, previous, what }: Opening,
): Promise<SignInResult> {
	await keepTokens(engine, provider, proven, userId);
	const identity = { issuer: proven.issuer, subject: proven.profile.subject };
	return proveAndOpen(engine, visitor, {
		method: { name: provider.id, amr: ["fed"], level: "aal1" },
		attempt: { account: null, verify: async () => ({ userId, by: identity }) },
		previous,
		began: { ...identity, providerSession: proven.providerSession },
		settle: nothingToSettle,
		succeeded: `${what}.succeeded`,
		failed: `${what}.failed`,
	});
}

async function linkProven(
	engine: Engine,
	visitor: Visitor,
	provider: OfferedProvider,
	proven: ProvenWithExpiry,
	{ user, session }: ResolvedSession,
): Promise<FinishedOAuth["result"]> {
	const { issuer, profile } = proven;
	const detail = { provider: provider.id };
	const linked = await engine.storage.linkIdentity({
		userId: user.id,
		issuer,
		subject: profile.subject,
		provider: provider.id,
		label: profile.label,
		verifiedEmail: null,
		// Of before the provider was asked: it takes its time, and whoever is signed out meanwhile links nothing.
		epoch: user.epoch,
		events: [auditEvent("identity.linked", visitor, { userId: user.id, sessionId: session.id, detail })],
	});
	if (linked !== "linked") return { ok: false, code: linked === "taken" ? "identity_taken" : "not_authenticated" };
	await keepTokens(engine, provider, proven, user.id);
	return { ok: true, linked: true };
}

async function keepTokens(
	engine: Engine,
	provider: OfferedProvider,
	{ issuer, profile, tokens, expiresInMs }: ProvenAtProvider & { expiresInMs: number | null },
	userId: string,
): Promise<void> {
	const { subject, label } = profile;
	const identity = { issuer, subject };
	await engine.storage.keepProviderTokens({
		...identity,
		userId,
		provider: provider.id,
		label,
		sealed: sealTokens(engine, identity, tokens),
		expiresInMs,
	});
}

/** Records that a sign-in at a provider came to nothing. */
async function noteFailure(
	engine: Engine,
	visitor: Visitor,
	{ id: method }: OfferedProvider,
	code: ErrorCode,
	userId: string | null,
): Promise<void> {
	await engine.storage.appendEvents([auditEvent("sign_in.failed", visitor, { userId, detail: { method, code } })]);
}

export function isLinked(result: FinishedOAuth["result"]): result is { readonly ok: true; readonly linked: true } {
	return result.ok && "linked" in result;
}
