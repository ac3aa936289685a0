import * as z from "zod/mini";
import { misconfigured } from "../errors.ts";
import { type Method, method } from "../methods/method.ts";
import { assertionInput } from "./responses.ts";

export interface PasskeyOptions {
	/**
	 * The domain that passkeys are made for: the site's own, or a parent of it. With passkeys made they are bound to it for
	 * good. Default: the host of `AUTH_URL`.
	 */
	relyingPartyId?: string;
}

/** Sign-in with a passkey and nothing else; brings sign-up without a password, and passkeys as a second factor. */
export function passkey({ relyingPartyId }: PasskeyOptions = {}): Method {
	if (relyingPartyId !== undefined && !/^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(relyingPartyId)) {
		throw misconfigured(
			`passkey: relyingPartyId must be a domain such as "example.com", not ${JSON.stringify(relyingPartyId)}`,
		);
	}
	const plain = method({
		name: "passkey",
		input: z.object({ credential: assertionInput }),
		amr: ["swk", "user", "mfa"],
		level: "aal2",
		account: () => null,
		routes: [{ under: ["passkeys", "sign-up"], load: async () => (await import("./passkey-routes.ts")).passkeyRoutes }],
		verify: ({ credential }, tools) => tools.checkPasskey(credential),
	});
	return Object.freeze({ ...plain, ...(relyingPartyId !== undefined && { relyingPartyId }) });
}
