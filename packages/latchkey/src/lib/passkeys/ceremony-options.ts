import type { Engine } from "../engine.ts";
import type { PasskeyRecord } from "../storage/factors-storage.ts";
import { challengeLifetimeMs } from "./challenges.ts";
import { algorithms } from "./register-passkey.ts";
import { relyingPartyOf, userHandleOf } from "./relying-party.ts";

/** `PublicKeyCredentialRequestOptionsJSON` (WebAuthn Level 3, section 5.5): to use a passkey. */
export function requestOptions(engine: Engine, challenge: string, allowed: readonly PasskeyRecord[]) {
	return {
		challenge,
		rpId: relyingPartyOf(engine).id,
		timeout: challengeLifetimeMs / 2,
		userVerification: "required",
		allowCredentials: allowed.map(descriptor),
	} as const;
}

interface NewcomerOrUser {
	id: string;
	/** What the browser shows beside the passkey. */
	name: string;
	displayName: string;
}

/** `PublicKeyCredentialCreationOptionsJSON` (section 5.4): to make one that can sign in alone. */
export function creationOptions(
	engine: Engine,
	challenge: string,
	{ id, name, displayName }: NewcomerOrUser,
	held: readonly PasskeyRecord[],
	{ deviceBound = false }: { deviceBound?: boolean } = {},
) {
	const rp = relyingPartyOf(engine);
	return {
		challenge,
		rp: { id: rp.id, name: rp.name },
		user: { id: userHandleOf(id), name, displayName },
		pubKeyCredParams: algorithms.map((alg) => ({ type: "public-key" as const, alg })),
		timeout: challengeLifetimeMs / 2,
		excludeCredentials: held.map(descriptor),
		authenticatorSelection: {
			residentKey: "required" as const,
			requireResidentKey: true,
			userVerification: "required" as const,
		},
		// Else most browsers offer first to make one that is copied to the person's other devices.
		...(deviceBound && { hints: ["security-key" as const] }),
		// Who made the device is nobody's business here.
		attestation: "none" as const,
		extensions: { credProps: true },
	};
}

function descriptor({ credentialId, transports }: PasskeyRecord) {
	return { id: credentialId, type: "public-key" as const, transports: [...transports] };
}
