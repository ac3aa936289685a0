import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { KeyRing } from "./keys.ts";

const ivBytes = 12;
const tagBytes = 16;

/**
 * Encrypts and authenticates text with AES-256-GCM (NIST SP 800-38D) under the ring's current key. `context` says what
 * and whose it is; a sealed value moved to another row or column does not open there.
 */
export function seal(ring: KeyRing, context: string, text: string): string {
	const iv = randomBytes(ivBytes);
	const cipher = createCipheriv("aes-256-gcm", ring.current.key, iv, { authTagLength: tagBytes });
	cipher.setAAD(Buffer.from(context));
	const sealed = Buffer.concat([iv, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
	return `1.${ring.current.id}.${sealed.toString("base64url")}`;
}

/** Opens what {@link seal} made under any key of the ring. `null` for anything else: another key, context, or tampering. */
export function unseal(ring: KeyRing, context: string, sealed: string): string | null {
	const [version, keyId = "", encoded = "", ...rest] = sealed.split(".");
	const key = ring.find(keyId);
	const bytes = Buffer.from(encoded, "base64url");
	if (version !== "1" || rest.length > 0 || key === undefined || bytes.length < ivBytes + tagBytes) return null;
	// One spelling only: Node skips what is not base64url and ignores unused bits.
	if (bytes.toString("base64url") !== encoded) return null;
	const decipher = createDecipheriv("aes-256-gcm", key.key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes });
	decipher.setAAD(Buffer.from(context));
	decipher.setAuthTag(bytes.subarray(-tagBytes));
	try {
		const text = Buffer.concat([decipher.update(bytes.subarray(ivBytes, -tagBytes)), decipher.final()]);
		return text.toString("utf8");
	} catch {
		return null;
	}
}

/** Whether a sealed value was made under the ring's current key, or should be sealed anew. */
export function isSealedUnderCurrentKey(ring: KeyRing, sealed: string): boolean {
	return sealed.startsWith(`1.${ring.current.id}.`);
}
