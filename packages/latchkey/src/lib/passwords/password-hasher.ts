import { randomBytes } from "node:crypto";
import type { KeyRing } from "../crypto/keys.ts";
import { isSealedUnderCurrentKey, seal, unseal } from "../crypto/sealing.ts";
import type { HashPool } from "./hash-pool.ts";

/** Argon2id's cost (RFC 9106). The default is OWASP's: 19 MiB, two passes, one lane. */
export interface Argon2Parameters {
	memoryKib: number;
	passes: number;
	lanes: number;
}

export const defaultParameters: Argon2Parameters = { memoryKib: 19_456, passes: 2, lanes: 1 };

// A hostile or mistaken hash in the database must not take the machine down.
const largestParameters: Argon2Parameters = { memoryKib: 262_144, passes: 10, lanes: 8 };
const argon2id = 2;
// Numbers as Argon2 writes them; salt and hash of 8 to 64 and 16 to 64 bytes.
const phc =
	/^\$argon2id\$v=19\$m=([1-9]\d{0,7}),t=([1-9]\d{0,2}),p=([1-9]\d{0,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

export interface PasswordCheck {
	matches: boolean;
	/** Whether the stored form is behind today's parameters or key, and should be made anew from this password. */
	outdated: boolean;
	/** Whether the key under which it was sealed is not configured (any more): then nothing matches. */
	keyIsMissing: boolean;
}

/** Far beyond any password that could have been set. */
export const maxTypedLength = 1024;

/**
 * The form in which passwords are hashed and compared: NFC (NIST SP 800-63B-4, section 3.1.1.2). `null` for what is too
 * long to be one: normalising takes time that grows with the square of the input, and everybody would wait for it.
 */
function normalizeTyped(typed: string): string | null {
	return typed.length > maxTypedLength ? null : typed.normalize("NFC");
}

/** Hashes passwords with Argon2id and seals the result, so that a stolen database alone cannot even be guessed at. */
export class PasswordHasher {
	readonly #pool: HashPool;
	readonly #keys: KeyRing;
	readonly #parameters: Argon2Parameters;
	readonly #decoy: string;

	constructor(pool: HashPool, keys: KeyRing, parameters: Argon2Parameters = defaultParameters) {
		this.#pool = pool;
		this.#keys = keys;
		this.#parameters = parameters;
		this.#decoy = seal(keys, sealContext(""), randomPhc(parameters));
	}

	/** The sealed PHC string for this user's password; it opens for no other user. `password` is NFC already. */
	async hash(userId: string, password: string): Promise<string> {
		const { memoryKib, passes, lanes } = this.#parameters;
		const { hash } = await import("@node-rs/argon2");
		const options = { algorithm: argon2id, memoryCost: memoryKib, timeCost: passes, parallelism: lanes };
		const text = await this.#pool.run(() => hash(password, options));
		return seal(this.#keys, sealContext(userId), text);
	}

	/**
	 * Checks a password. With nobody to check it for (`null`) it costs the same and does not match, so that the time
	 * taken does not tell who has an account.
	 */
	async check(stored: { userId: string; sealed: string } | null, typed: string): Promise<PasswordCheck> {
		const { userId, sealed } = stored ?? { userId: "", sealed: this.#decoy };
		const opened = unseal(this.#keys, sealContext(userId), sealed);
		const parameters = opened === null ? null : readParameters(opened);
		// A row that cannot be opened (its key is gone) is answered like a wrong password, in the same time.
		const text = parameters === null ? unseal(this.#keys, sealContext(""), this.#decoy)! : opened!;
		const { verify } = await import("@node-rs/argon2");
		const password = normalizeTyped(typed);
		const equal = await this.#pool.run(() => verify(text, password ?? ""));
		const matches = equal && stored !== null && parameters !== null && password !== null;
		return { matches, outdated: matches && this.#isOutdated(sealed, parameters), keyIsMissing: opened === null };
	}

	/** @throws {AuthError} `busy` when too many wait to be hashed: asked before an attempt is counted. */
	requireRoom(): void {
		this.#pool.requireRoom();
	}

	#isOutdated(sealed: string, { memoryKib, passes, lanes }: Argon2Parameters): boolean {
		const today = this.#parameters;
		const weaker = memoryKib < today.memoryKib || passes < today.passes || lanes < today.lanes;
		return weaker || !isSealedUnderCurrentKey(this.#keys, sealed);
	}
}

function sealContext(userId: string): string {
	return `password:${userId}`;
}

/** A PHC string (the Password Hashing Competition's format) that no password matches. */
function randomPhc({ memoryKib, passes, lanes }: Argon2Parameters): string {
	const random = (bytes: number) => randomBytes(bytes).toString("base64").replaceAll("=", "");
	return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${lanes}$${random(16)}$${random(32)}`;
}

function readParameters(text: string): Argon2Parameters | null {
	const match = phc.exec(text);
	if (match === null || !match.slice(4).every(isBase64)) return null;
	const [memoryKib = 0, passes = 0, lanes = 0] = match.slice(1, 4).map(Number);
	const { memoryKib: maxMemory, passes: maxPasses, lanes: maxLanes } = largestParameters;
	if (memoryKib > maxMemory || passes > maxPasses || lanes > maxLanes) return null;
	// Argon2 wants 8 KiB for each lane (RFC 9106, section 3.1).
	return memoryKib >= 8 * lanes ? { memoryKib, passes, lanes } : null;
}

/** Base64 without padding, in its one spelling. */
function isBase64(text: string): boolean {
	return Buffer.from(text, "base64").toString("base64").replaceAll("=", "") === text;
}
