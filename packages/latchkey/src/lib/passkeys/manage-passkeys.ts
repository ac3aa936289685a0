import * as z from "zod";
import { isoTime } from "../clock.ts";
import type { Engine } from "../engine.ts";
import type { Refusal } from "../errors.ts";
import { auditEvent } from "../events/events.ts";
import { factorsToChange } from "../factors/manage-factors.ts";
import { ownName } from "../factors/own-name.ts";
import type { Visitor } from "../http/visitor.ts";
import { asksForPasskey } from "../options.ts";
import { policyFor } from "../second-step/second-step.ts";
import type { ResolvedSession } from "../sessions/resolve-session.ts";
import type { FactorsRecord, PasskeyRecord } from "../storage/factors-storage.ts";
import type { UserRecord } from "../storage/storage.ts";
import { keepPasskey, verifyNewPasskey } from "./register-passkey.ts";
import { relyingPartyOf, userHandleOf } from "./relying-party.ts";
import { type Attestation, attestationInput } from "./responses.ts";

/** A new passkey's answer, and what to call it. */
export const newPasskeyInput = z.object({ credential: attestationInput, name: ownName.optional() });

/** A passkey, as its owner sees it. */
export interface Passkey {
	readonly id: string;
	readonly name: string;
	/** Whether it can be on several devices, and whether it is. */
	readonly synced: boolean;
	readonly backedUp: boolean;
	readonly createdAt: string;
	readonly lastUsedAt: string | null;
}

export interface PasskeyList {
	readonly passkeys: readonly Passkey[];
	/** For the browser's Signal API (WebAuthn Level 3, section 5.1.10): which passkeys still stand. */
	readonly signal: {
		readonly rpId: string;
		readonly userId: string;
		readonly allAcceptedCredentialIds: readonly string[];
	};
}

export async function listPasskeys(engine: Engine, { user }: ResolvedSession): Promise<PasskeyList> {
	const stored = (await engine.storage.readFactors(user.id))?.passkeys ?? [];
	return {
		passkeys: stored.map(toPasskey),
		signal: {
			rpId: relyingPartyOf(engine).id,
			userId: userHandleOf(user.id),
			allAcceptedCredentialIds: stored.map(({ credentialId }) => credentialId),
		},
	};
}

/** Adds a passkey to the account. The challenge that it answers was given after a recent proof. */
export async function addPasskey(
	engine: Engine,
	visitor: Visitor,
	{ user, session }: ResolvedSession,
	{ credential, name }: { credential: Attestation; name?: string | undefined },
): Promise<{ readonly ok: true; readonly passkey: Passkey } | Refusal> {
	const made = await verifyNewPasskey(engine, visitor, credential, { use: "registration", subject: user.id, name });
	if (made === null) return { ok: false, code: "invalid_credentials" };
	const kept = await keepPasskey(engine, visitor, {
		user,
		sessionId: session.id,
		passkey: made.passkey,
		use: "registration",
	});
	if (!kept.ok) return kept;
	const stored = await engine.storage.findPasskey(made.passkey.credentialId);
	return stored === null ? { ok: false, code: "not_found" } : { ok: true, passkey: toPasskey(stored) };
}

/**
 * Names a passkey, as dangerous an act as removing one: its name is what its owner tells it from others by, and whoever
 * may change it has them remove the wrong one.
 */
export async function renamePasskey(
	engine: Engine,
	visitor: Visitor,
	current: ResolvedSession,
	{ id, name }: { id: string; name: string },
): Promise<{ readonly ok: true } | Refusal> {
	const { user, session } = current;
	const factors = await factorsToChange(engine, current);
	if (!factors.ok) return factors;
	const detail = { passkeyId: id };
	const event = auditEvent("passkey.renamed", visitor, { userId: user.id, sessionId: session.id, detail });
	const renamed = await engine.storage.renamePasskey({ userId: user.id, id, name, events: [event] });
	return renamed ? { ok: true } : { ok: false, code: "not_found" };
}

/** Removes a passkey, unless it is the only way in. Every session but this one ends. */
export async function removePasskey(
	engine: Engine,
	visitor: Visitor,
	current: ResolvedSession,
	id: string,
): Promise<{ readonly ok: true } | Refusal> {
	const { user, session } = current;
	const factors = await factorsToChange(engine, current);
	if (!factors.ok) return factors;
	const refused = refusalToRemove(engine, user, factors, id);
	if (refused !== null) return refused;
	const detail = { passkeyId: id };
	const event = auditEvent("passkey.removed", visitor, { userId: user.id, sessionId: session.id, detail });
	const usableProviders = engine.providers.offered.map((offered) => offered.id);
	const change = { userId: user.id, keepSessionId: session.id, id, usableProviders, events: [event] };
	const removed = await engine.storage.removePasskey(change);
	if (removed === "changed") return { ok: true };
	if (removed === "last") return { ok: false, code: "last_way_in" };
	return { ok: false, code: removed === "gone" ? "not_found" : "not_authenticated" };
}

/** Whoever must have a factor keeps the last one; the next sign-in would only ask for another. */
function refusalToRemove(
	engine: Engine,
	user: UserRecord,
	{ passkeys, totp }: FactorsRecord,
	id: string,
): Refusal | null {
	const policy = policyFor(engine, user);
	const sufficient = passkeys.filter(({ backupEligible }) => policy !== "device-bound" || !backupEligible);
	const mustStay = asksForPasskey(policy) || (policy === "required" && totp === null);
	const isLast = sufficient.length === 1 && sufficient[0]!.id === id;
	return mustStay && isLast ? { ok: false, code: "last_way_in" } : null;
}

function toPasskey({ id, name, backupEligible, backedUp, createdAt, lastUsedAt }: PasskeyRecord): Passkey {
	return {
		id,
		name,
		synced: backupEligible,
		backedUp,
		createdAt: isoTime(createdAt),
		lastUsedAt: lastUsedAt === null ? null : isoTime(lastUsedAt),
	};
}
