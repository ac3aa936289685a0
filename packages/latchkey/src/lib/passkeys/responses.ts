import * as z from "zod";

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
			userHandle: base64url(88).nullish(),
		}),
	})
	.refine(({ id, rawId }) => id === rawId, { path: ["rawId"] });

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
			transports: z.array(z.string().max(32)).max(16).optional(),
		}),
	})
	.refine(({ id, rawId }) => id === rawId, { path: ["rawId"] });

export type Attestation = z.output<typeof attestationInput>;

const clientDataSchema = z.looseObject({
	challenge: z.string().max(200),
	origin: z.string().max(1024),
	crossOrigin: z.boolean().optional(),
	topOrigin: z.string().optional(),
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

function base64url(maxLength: number): z.ZodString {
	return z
		.string()
		.min(1)
		.max(maxLength)
		.regex(/^[A-Za-z0-9_-]+$/);
}

function parseJson(bytes: Buffer): unknown {
	try {
		return JSON.parse(bytes.toString("utf8"));
	} catch {
		return null;
	}
}
