import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import * as z from "zod";
import type { Key } from "../crypto/keys.ts";
import { randomSecret } from "../crypto/random.ts";
import type { Engine } from "../engine.ts";
import { type Route, route } from "../http/route.ts";

/** Seconds that a token for another service lives: as long as one call takes. */
const lifetimeSeconds = 60;

/** An Ed25519 private key in PKCS #8 (RFC 8410) is this, and its 32 bytes. */
const ed25519Prefix = Buffer.from("302e020100300506032b657004220420", "hex");

/**
 * A short JWT for a service that trusts this site (RFC 9068): says who the user is, to this audience, for a minute. Signed
 * with Ed25519, so that whoever checks it, by the keys at `/jwks`, cannot make one.
 */
export function mintServiceToken({ serviceKeys, settings }: Engine, userId: string, audience: string): string {
	const { id, key } = serviceKeys.current;
	const now = Math.floor(Date.now() / 1000);
	const header = { alg: "EdDSA", typ: "at+jwt", kid: id };
	const claims = {
		iss: settings.origin,
		sub: userId,
		aud: audience,
		iat: now,
		exp: now + lifetimeSeconds,
		jti: randomSecret(),
	};
	const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
	return `${signed}.${sign(null, Buffer.from(signed), signingKey(key)).toString("base64url")}`;
}

const signingKeys = new WeakMap<KeyObject, KeyObject>();

function signingKey(seed: KeyObject): KeyObject {
	const known = signingKeys.get(seed);
	if (known !== undefined) return known;
	const key = createPrivateKey({ key: Buffer.concat([ed25519Prefix, seed.export()]), format: "der", type: "pkcs8" });
	signingKeys.set(seed, key);
	return key;
}

function publicJwk({ id, key }: Key): Record<string, unknown> {
	const { kty, crv, x } = createPublicKey(signingKey(key)).export({ format: "jwk" });
	return { kty, crv, x, kid: id, alg: "EdDSA", use: "sig" };
}

const jwks = route({
	method: "GET",
	path: "/jwks",
	summary: "The keys by which other services check the tokens that this site gives them (RFC 7517).",
	access: "public",
	responses: { 200: z.object({ keys: z.array(z.record(z.string(), z.unknown())) }) },
	async handle({ engine }) {
		return { status: 200, body: { keys: engine.serviceKeys.all.map(publicJwk) } };
	},
});

export const serviceTokenRoutes: readonly Route[] = [jwks];
