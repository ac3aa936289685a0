import { uuidv7 } from "../crypto/random.ts";
import type { Engine } from "../engine.ts";
import type { Refusal } from "../errors.ts";
import { auditEvent } from "../events/events.ts";
import type { Visitor } from "../http/visitor.ts";
import type { NewPasskey } from "../storage/factors-storage.ts";
import type { NewEvent, UserRecord } from "../storage/storage.ts";
import { type CeremonyUse, consumeChallenge } from "./challenges.ts";
import { relyingPartyOf } from "./relying-party.ts";
import { type Attestation, challengeOf } from "./responses.ts";

/** Nobody has more devices; more are made by a program. */
const maxPasskeys = 20;

/** COSE's names (RFC 9053) for what every authenticator knows: ES256, RS256 and EdDSA. */
export const algorithms = [-7, -257, -8];

/**
 * How many somebody may have who makes one more. On the way in they make the one without which they are let in nowhere, to take
 * another away: nobody comes to that a second time who has it.
 */
export function passkeyLimit(use: "registration" | "enrolment"): number {
	return use === "enrolment" ? maxPasskeys + 1 : maxPasskeys;
}

interface Made {
	readonly passkey: Omit<NewPasskey, "userId">;
	readonly payload: unknown;
}

/** Checks a new passkey (WebAuthn Level 3, section 7.1). `null` for what is not an answer to our challenge. */
export async function verifyNewPasskey(
	engine: Engine,
	visitor: Visitor,
	attestation: Attestation,
	{ use, subject, name = "Passkey" }: { use: CeremonyUse; subject: string; name?: string | undefined },
): Promise<Made | null> {
	const challenge = challengeOf(attestation);
	if (challenge === null) return null;
	const consumed = await consumeChallenge(engine, visitor, { use, subject, challenge });
	if (consumed === null) return null;
	const { verifyRegistrationResponse } = await import("@simplewebauthn/server");
	const { id, origins } = relyingPartyOf(engine);
	const isUpgrade = isMadeBeside(consumed.payload);
	try {
		const { verified, registrationInfo: info } = await verifyRegistrationResponse({
			response: { ...attestation, response: responseOf(attestation), clientExtensionResults: {} },
			expectedChallenge: challenge,
			expectedOrigin: [...origins],
			expectedRPID: id,
			// Made in passing after a password, nobody is asked (section 5.1.3, conditional create). Using it always asks.
			requireUserPresence: !isUpgrade,
			requireUserVerification: !isUpgrade,
			supportedAlgorithmIDs: algorithms,
		});
		if (!verified || info.credential.id !== attestation.id) return null;
		const passkey = {
			id: uuidv7(),
			credentialId: info.credential.id,
			publicKey: Buffer.from(info.credential.publicKey).toString("base64url"),
			counter: info.credential.counter,
			transports: attestation.response.transports ?? [],
			aaguid: info.aaguid,
			backupEligible: info.credentialDeviceType === "multiDevice",
			backedUp: info.credentialBackedUp,
			name,
		};
		return { passkey, payload: consumed.payload };
	} catch (error) {
		engine.log({ level: "info", event: "passkey_refused", reason: (error as Error).message });
		return null;
	}
}

interface Kept {
	/** As read when it was judged that they may. */
	readonly user: Pick<UserRecord, "id" | "epoch">;
	readonly sessionId: string | null;
	readonly passkey: Omit<NewPasskey, "userId">;
	readonly use: "registration" | "enrolment";
}

/** Keeps a checked passkey for a user. */
export async function keepPasskey(
	engine: Engine,
	visitor: Visitor,
	{ user, sessionId, passkey, use }: Kept,
): Promise<{ readonly ok: true } | Refusal> {
	const event = passkeyAdded(visitor, user.id, sessionId, passkey);
	const added = await engine.storage.addPasskey({
		passkey: { ...passkey, userId: user.id },
		epoch: user.epoch,
		limit: passkeyLimit(use),
		events: [event],
	});
	if (added === "added") return { ok: true };
	if (added === "full") return { ok: false, code: "too_many_passkeys" };
	// Of `taken` no more is said: whose it is, is not the asker's business.
	return added === "taken" ? { ok: false, code: "factor_exists" } : { ok: false, code: "not_authenticated" };
}

export function passkeyAdded(
	visitor: Visitor,
	userId: string,
	sessionId: string | null,
	{ id, name }: Pick<NewPasskey, "id" | "name">,
): NewEvent {
	return auditEvent("passkey.added", visitor, { userId, sessionId, detail: { passkeyId: id, name } });
}

/** Whether the ceremony was begun as one that asks nobody. */
function isMadeBeside(payload: unknown): boolean {
	return typeof payload === "object" && payload !== null && "upgrade" in payload && payload.upgrade === true;
}

function responseOf({ response: { clientDataJSON, attestationObject } }: Attestation) {
	return { clientDataJSON, attestationObject };
}
