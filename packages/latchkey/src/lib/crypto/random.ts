import { randomBytes } from "node:crypto";

let lastMillisecond = 0;
let counter = 0;

/**
 * A UUIDv7 (RFC 9562, section 5.7): sorts by time, also within a millisecond of this process (method 1, a 12-bit
 * counter that starts low), and holds 62 random bits. For ids, not for secrets.
 */
export function uuidv7(now: number = Date.now()): string {
	if (now > lastMillisecond) {
		lastMillisecond = now;
		counter = 0;
	} else if (++counter > 0xfff) {
		lastMillisecond += 1;
		counter = 0;
	}
	const bytes = randomBytes(16);
	bytes.writeUIntBE(lastMillisecond, 0, 6);
	bytes.writeUInt16BE(0x7000 | counter, 6);
	bytes[8] = 0x80 | (bytes[8]! & 0x3f);
	const hex = bytes.toString("hex");
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** A secret of `bits` random bits, base64url. 128 is what a session carries (NIST SP 800-63B-4 asks for 64). */
export function randomSecret(bits = 128): string {
	return randomBytes(bits / 8).toString("base64url");
}
