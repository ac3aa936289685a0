import type { Engine } from "../engine.ts";
import type { Visitor } from "../http/visitor.ts";
import type { Authentication } from "../sessions/open-session.ts";
import type { PasskeyRecord } from "../storage/factors-storage.ts";
import { type CeremonyUse, consumeChallenge, nobody } from "./challenges.ts";
import { relyingPartyOf, userHandleOf } from "./relying-party.ts";
import { type Assertion, challengeOf } from "./responses.ts";

export type PasskeyVerdict =
	| { readonly ok: true; readonly userId: string; readonly authentication: Authentication }
	/** `unknown`: nobody has such a passkey, so the browser may forget it. */
	| { readonly ok: false; readonly reason: "unknown" | "refused" };

const refused: PasskeyVerdict = { ok: false, reason: "refused" };

/**
 * Checks a passkey's answer (WebAuthn Level 3, section 7.2). The person was verified by their device, always: a passkey is
 * two factors here or it is nothing. `userId` is whose it must be; without it, it says itself whose it is.
 */
export async function verifyPasskey(
	engine: Engine,
	visitor: Visitor,
	assertion: Assertion,
	{ use, userId }: { use: CeremonyUse; userId?: string },
): Promise<PasskeyVerdict> {
	const challenge = challengeOf(assertion);
	if (challenge === null) return refused;
	if ((await consumeChallenge(engine, visitor, { use, subject: userId ?? nobody, challenge })) === null) return refused;
	const passkey = await engine.storage.findPasskey(assertion.id);
	if (passkey === null) return { ok: false, reason: "unknown" };
	if (!isOf(passkey, assertion, userId)) return refused;
	const answer = await verifyAnswer(engine, assertion, challenge, passkey);
	if (answer === null) return refused;
	const { counter, backedUp } = answer;
	// A key that cannot be copied counts its uses; one that has counted less than we saw has a twin (section 6.1.1).
	if (!passkey.backupEligible && passkey.counter > 0 && counter <= passkey.counter) {
		engine.log({ level: "warn", event: "passkey_copied", userId: passkey.userId, passkeyId: passkey.id });
		return refused;
	}
	if (!(await engine.storage.recordPasskeyUse({ id: passkey.id, counter, backedUp }))) return refused;
	return { ok: true, userId: passkey.userId, authentication: authenticationBy(passkey) };
}

/** What a passkey shows: synced ones are two factors, those bound to a device also the third level of NIST. */
export function authenticationBy({ backupEligible }: Pick<PasskeyRecord, "backupEligible">): Authentication {
	return backupEligible
		? { amr: ["swk", "user", "mfa"], level: "aal2" }
		: { amr: ["hwk", "user", "mfa"], level: "aal3" };
}

function isOf(passkey: PasskeyRecord, { response }: Assertion, userId: string | undefined): boolean {
	if (userId !== undefined && passkey.userId !== userId) return false;
	// Where nobody was named, the passkey must name its account; where one was, it may.
	const handle = response.userHandle ?? (userId === undefined ? "" : userHandleOf(userId));
	return handle === userHandleOf(passkey.userId);
}

async function verifyAnswer(
	engine: Engine,
	assertion: Assertion,
	challenge: string,
	passkey: PasskeyRecord,
): Promise<{ counter: number; backedUp: boolean } | null> {
	const { verifyAuthenticationResponse } = await import("@simplewebauthn/server");
	const { id, origins } = relyingPartyOf(engine);
	const { userHandle, ...response } = assertion.response;
	try {
		const { verified, authenticationInfo: info } = await verifyAuthenticationResponse({
			response: {
				...assertion,
				response: { ...response, ...(userHandle && { userHandle }) },
				clientExtensionResults: {},
			},
			expectedChallenge: challenge,
			expectedOrigin: [...origins],
			expectedRPID: id,
			requireUserVerification: true,
			credential: {
				id: passkey.credentialId,
				publicKey: new Uint8Array(Buffer.from(passkey.publicKey, "base64url")),
				// Judged by us, who know whether it can be copied.
				counter: 0,
			},
		});
		// Whether a passkey can be synced is settled when it is made (section 6.1.3).
		const isEligible = info.credentialDeviceType === "multiDevice";
		if (!verified || isEligible !== passkey.backupEligible) return null;
		return { counter: info.newCounter, backedUp: info.credentialBackedUp };
	} catch (error) {
		engine.log({ level: "info", event: "passkey_refused", reason: (error as Error).message });
		return null;
	}
}
