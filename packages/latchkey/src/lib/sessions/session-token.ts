import { hash } from "node:crypto";
import * as z from "zod/mini";
import { signJws, verifyJws } from "../crypto/jws.ts";
import type { KeyRing } from "../crypto/keys.ts";
import type { SessionRecord } from "../storage/storage.ts";

/** Seconds after which a token asks to be renewed. It stays good until the session expires. */
export const freshSeconds = 15 * 60;

const tokenType = "latchkey-session+jwt";
const audience = "latchkey";
const memoSize = 10_000;

const claimsSchema = z.strictObject({
	iss: z.string(),
	aud: z.literal(audience),
	sub: z.string().check(z.minLength(1)),
	sid: z.string().check(z.length(22)),
	gen: z.int().check(z.positive()),
	iat: z.int(),
	exp: z.int(),
	fresh: z.int(),
	auth_time: z.int(),
	amr: z.array(z.string()),
});

/** The claims of a session token (RFC 7519), times in seconds. No personal data and no roles. */
export type SessionClaims = Readonly<z.infer<typeof claimsSchema>>;

/** A token that we signed, with the hash under which the store knows its session. */
export interface VerifiedToken {
	readonly claims: SessionClaims;
	readonly secretHash: Uint8Array;
}

/**
 * Makes and checks the tokens that the session cookie holds. A good token says which row to read and which generation
 * its holder has; it signs nobody in by itself.
 */
export class SessionTokens {
	readonly #keys: KeyRing;
	readonly #issuer: string;
	// A verified token stays verified: the memo saves the HMAC, never the expiry check or the row.
	readonly #memo = new Map<string, VerifiedToken>();

	constructor(keys: KeyRing, issuer: string) {
		this.#keys = keys;
		this.#issuer = issuer;
	}

	/** A token for the session's present generation. `secret` is what the row keeps only a hash of. */
	mint(session: SessionRecord, secret: string, now: number): string {
		const issuedAt = seconds(now);
		const claims: SessionClaims = {
			iss: this.#issuer,
			aud: audience,
			sub: session.userId,
			sid: secret,
			gen: session.generation,
			iat: issuedAt,
			exp: seconds(session.expiresAt),
			// Rounded up: whoever comes back exactly then is not too early by a fraction of a second.
			fresh: Math.ceil(now / 1000) + freshSeconds,
			auth_time: seconds(session.authTime),
			amr: [...session.amr],
		};
		const { id, key } = this.#keys.current;
		return signJws({ alg: "HS256", typ: tokenType, kid: id }, claims, key);
	}

	/** The token's content if we signed it, for this site, under a key that still counts; else `null`. Says nothing of expiry. */
	read(token: string): VerifiedToken | null {
		const known = this.#memo.get(token);
		if (known !== undefined) return known;
		const verified = this.#verify(token);
		if (verified === null) return null;
		if (this.#memo.size >= memoSize) this.#memo.delete(this.#memo.keys().next().value!);
		this.#memo.set(token, verified);
		return verified;
	}

	#verify(token: string): VerifiedToken | null {
		const payload = verifyJws(token, {
			algorithms: ["HS256"],
			typ: tokenType,
			key: (id) => (id === undefined ? undefined : this.#keys.find(id)?.key),
		});
		if (payload === null) return null;
		const claims = claimsSchema.safeParse(parseJson(payload));
		if (!claims.success || claims.data.iss !== this.#issuer) return null;
		Object.freeze(claims.data.amr);
		return Object.freeze({ claims: Object.freeze(claims.data), secretHash: hashSessionSecret(claims.data.sid) });
	}
}

/** The form in which the store keeps a session's secret. 128 random bits need no salt and no slow hash. */
export function hashSessionSecret(secret: string): Uint8Array {
	return hash("sha256", secret, "buffer");
}

function seconds(milliseconds: number): number {
	return Math.floor(milliseconds / 1000);
}

function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return null;
	}
}
