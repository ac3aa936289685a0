import { hash, randomBytes } from "node:crypto";

const codesInSet = 10;
const charactersInCode = 24;

/** Crockford's base 32: nothing in it looks like something else in it. 5 bits a character, 120 bits a code. */
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Ten new codes, each good for one sign-in (NIST SP 800-63B-4, section 3.1.2). Only the hashes are kept. */
export function makeRecoveryCodes(userId: string): { codes: string[]; codeHashes: Uint8Array[] } {
	const codes = Array.from({ length: codesInSet }, makeCode);
	return { codes, codeHashes: codes.map((code) => hashRecoveryCode(userId, code)) };
}

/** 120 random bits need no slow hash (ASVS 6.5.2 draws the line at 112). The same however it was typed: small or large, with dashes, spaces or without. */
export function hashRecoveryCode(userId: string, typed: string): Uint8Array {
	const code = typed
		.toUpperCase()
		.replaceAll(/[\s\p{Pd}]/gu, "")
		.replaceAll("O", "0")
		.replaceAll(/[IL]/g, "1");
	return hash("sha256", `${userId}/${code}`, "buffer");
}

function makeCode(): string {
	const characters = [...randomBytes(charactersInCode)].map((byte) => alphabet[byte % alphabet.length]);
	return characters.join("").replaceAll(/.{4}(?!$)/g, "$&-");
}
