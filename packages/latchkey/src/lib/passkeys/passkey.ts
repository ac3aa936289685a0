import * as z from "zod/mini";
import { misconfigured } from "../errors.ts";
import { type Method, method } from "../methods/method.ts";
import { isLoopbackHost } from "../settings.ts";
import { assertionInput } from "./responses.ts";

export interface PasskeyOptions {
	/**
	 * The domain that passkeys are made for: the site's own, or a parent of it. With passkeys made they are bound to it for
	 * good. Default: the host of `AUTH_URL`.
	 */
	relyingPartyId?: string;
	/**
	 * Other origins of yours where the same passkeys are used, such as `https://example.co.uk` (WebAuthn Level 3, section
	 * 5.11): as they stand, not by pattern. Browsers read them from `/.well-known/webauthn` of the domain that passkeys are
	 * made for, and look at five different names at least. Default: none.
	 */
	relatedOrigins?: readonly string[];
}

/** Sign-in with a passkey and nothing else; brings sign-up without a password, and passkeys as a second factor. */
export function passkey({ relyingPartyId, relatedOrigins = [] }: PasskeyOptions = {}): Method {
	if (relyingPartyId !== undefined && !/^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(relyingPartyId)) {
		throw misconfigured(
			`passkey: relyingPartyId must be a domain such as "example.com", not ${JSON.stringify(relyingPartyId)}`,
		);
	}
	for (const origin of relatedOrigins) checkOrigin(origin);
	const plain = method({
		name: "passkey",
		input: z.object({ credential: assertionInput }),
		amr: ["swk", "user", "mfa"],
		level: "aal2",
		account: () => null,
		routes: [{ under: ["passkeys", "sign-up"], load: async () => (await import("./passkey-routes.ts")).passkeyRoutes }],
		verify: ({ credential }, tools) => tools.checkPasskey(credential),
	});
	const related = relatedOrigins.length > 0 && { relatedOrigins: Object.freeze([...relatedOrigins]) };
	return Object.freeze({ ...plain, ...(relyingPartyId !== undefined && { relyingPartyId }), ...related });
}

/** @throws {AuthError} `misconfigured`, for what no browser would say that it is on */
function checkOrigin(origin: string): void {
	const url = origin.includes("*") ? null : URL.parse(origin);
	if (url?.origin === origin && (url.protocol === "https:" || isLoopbackHost(url.hostname))) return;
	throw misconfigured(
		`passkey: relatedOrigins must hold origins such as "https://example.co.uk", not ${JSON.stringify(origin)}`,
	);
}
