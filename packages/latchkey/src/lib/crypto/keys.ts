import { createHmac, createSecretKey, hkdfSync, type KeyObject } from "node:crypto";

/** One key for one purpose: a value made for one of these is noise to every other. */
export type KeyPurpose =
	| "session-token"
	| "password"
	| "throttle"
	| "pseudonym"
	| "oauth-transaction"
	| "provider-token"
	| "service-token"
	| "mail-link"
	| "email-code"
	| "device"
	| "attempt"
	| "totp";

export interface Key {
	/** Names the key in what it signs or seals. Public: it tells nothing about the key. */
	id: string;
	key: KeyObject;
}

/** The keys of one purpose: the first makes new values, all of them read old ones. */
export interface KeyRing {
	readonly current: Key;
	readonly all: readonly Key[];
	find(id: string): Key | undefined;
}

/**
 * Derives the keys of a purpose from the secrets with HKDF-SHA-256 (RFC 5869), the purpose as its label. To rotate
 * without signing anybody out, a new secret is added last on every machine and then moved first.
 */
export function deriveKeyRing(secrets: readonly string[], purpose: KeyPurpose): KeyRing {
	const keys = secrets.map((secret) => deriveKey(secret, purpose));
	const [current] = keys;
	if (current === undefined) throw new TypeError("deriveKeyRing needs at least one secret");
	const byId = new Map(keys.map((key) => [key.id, key]));
	return { current, all: keys, find: (id) => byId.get(id) };
}

/** A keyed name for something that must not be stored in the clear, such as the address a limit counts against. */
export function keyedName(key: KeyObject, text: string): string {
	return createHmac("sha256", key).update(text).digest("base64url").slice(0, 32);
}

function deriveKey(secret: string, purpose: KeyPurpose): Key {
	return {
		id: Buffer.from(hkdf(secret, `${purpose}/id`, 6)).toString("base64url"),
		// A KeyObject, not a Buffer: with a raw buffer each HMAC costs three to four times as much.
		key: createSecretKey(Buffer.from(hkdf(secret, `${purpose}/key`, 32))),
	};
}

function hkdf(secret: string, label: string, bytes: number): ArrayBuffer {
	return hkdfSync("sha256", secret, "latchkey", `latchkey/1/${label}`, bytes);
}
