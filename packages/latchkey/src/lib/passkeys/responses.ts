import * as z from "zod/mini";

// A credential id has at most 1023 bytes (WebAuthn Level 3, section 5.8.3).
const credentialId = base64url(1364);

/** What the browser answers when a passkey was used (WebAuthn Level 3, section 5.1, `AuthenticationResponseJSON`). */
export const assertionInput = z
	.object({
		id: credentialId,
		rawId: credentialId,
		type: z.literal("public-key"),
		response: z.object({
			clientDataJSON: base64url(8192),
			authenticatorData: base64url(8192),
			signature: base64url(8192),
			userHandle: z.nullish(base64url(88)),
		}),
	})
	.check(z.refine(({ id, rawId }) => id === rawId, { path: ["rawId"] }));

export type Assertion = z.output<typeof assertionInput>;

/** What the browser answers when a passkey was made (`RegistrationResponseJSON`). */
export const attestationInput = z
	.object({
		id: credentialId,
		rawId: credentialId,
		type: z.literal("public-key"),
		response: z.object({
			clientDataJSON: base64url(8192),
			attestationObject: base64url(40_000),
			transports: z.optional(z.array(z.string().check(z.maxLength(32))).check(z.maxLength(16))),
		}),
	})
	.check(z.refine(({ id, rawId }) => id === rawId, { path: ["rawId"] }));

export type Attestation = z.output<typeof attestationInput>;

const clientDataSchema = z.looseObject({
	challenge: z.string().check(z.maxLength(200)),
	origin: z.string().check(z.maxLength(1024)),
	crossOrigin: z.optional(z.boolean()),
	topOrigin: z.optional(z.string()),
});

/**
 * The challenge that a response is about, to look up whether it is one of ours. `null` for what is no client data, or
 * comes out of a frame on another site's page: this site is never framed.
 */
export function challengeOf({ response }: Assertion | Attestation): string | null {
	const clientData = clientDataSchema.safeParse(parseJson(Buffer.from(response.clientDataJSON, "base64url")));
	if (!clientData.success || clientData.data.crossOrigin === true || clientData.data.topOrigin !== undefined)
		return null;
	return clientData.data.challenge;
}

function base64url(maxLength: number): z.ZodMiniString {
	return z.string().check(z.minLength(1), z.maxLength(maxLength), z.regex(/^[A-Za-z0-9_-]+$/));
}

function parseJson(bytes: Buffer): unknown {
	try {
		return JSON.parse(bytes.toString("utf8"));
	} catch {
		return null;
	}
}
