import { createHash, createSign, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";

/** What a test can have an authenticator do that a good one would not. */
export interface TestCeremony {
	/** The page that asks. Default: the authenticator's. */
	origin?: string;
	/** Default: as the options say. */
	rpId?: string;
	challenge?: string;
	type?: "webauthn.create" | "webauthn.get";
	userPresent?: boolean;
	userVerified?: boolean;
	backupEligible?: boolean;
	backedUp?: boolean;
	counter?: number;
	crossOrigin?: boolean;
	topOrigin?: string;
	userHandle?: string | null;
	/** Of a new passkey, base64url. Default: random. */
	credentialId?: string;
	/** Further members of the client data. */
	clientData?: Readonly<Record<string, unknown>>;
}

interface HeldKey {
	readonly id: string;
	readonly privateKey: KeyObject;
	readonly userHandle: string;
	counter: number;
}

interface CreationOptions {
	challenge: string;
	rp: { id: string };
	user: { id: string };
}

interface RequestOptions {
	challenge: string;
	rpId: string;
	allowCredentials: readonly { id: string }[];
}

/**
 * An authenticator in software, with an ES256 key for each passkey (WebAuthn Level 3, section 6): it answers what
 * `POST /api/auth/passkeys/challenges` hands out, in the form that a browser sends.
 */
export class TestAuthenticator {
	readonly #origin: string;
	readonly #backupEligible: boolean;
	readonly keys: HeldKey[] = [];

	constructor({ origin = "http://localhost:3000", backupEligible = true } = {}) {
		this.#origin = origin;
		this.#backupEligible = backupEligible;
	}

	/** Makes a passkey. */
	create(options: CreationOptions, ceremony: TestCeremony = {}) {
		const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
		const rawId =
			ceremony.credentialId === undefined ? randomBytes(32) : Buffer.from(ceremony.credentialId, "base64url");
		const counter = ceremony.counter ?? (this.#backupEligible ? 0 : 1);
		const key: HeldKey = {
			id: rawId.toString("base64url"),
			privateKey,
			userHandle: options.user.id,
			counter,
		};
		this.keys.push(key);
		const length = Buffer.alloc(2);
		length.writeUInt16BE(rawId.length);
		const attested = Buffer.concat([Buffer.alloc(16), length, rawId, coseKey(publicKey)]);
		const authData = Buffer.concat([this.#authData(ceremony.rpId ?? options.rp.id, counter, ceremony, true), attested]);
		const clientDataJSON = this.#clientData("webauthn.create", options.challenge, ceremony);
		return {
			id: key.id,
			rawId: key.id,
			type: "public-key",
			response: {
				clientDataJSON: clientDataJSON.toString("base64url"),
				attestationObject: attestationObject(authData).toString("base64url"),
				transports: ["internal"],
			},
		};
	}

	/** Uses a passkey: one that is allowed, or the newest. */
	get(options: RequestOptions, ceremony: TestCeremony = {}) {
		const allowed = options.allowCredentials.map(({ id }) => id);
		const key = this.keys.findLast(({ id }) => allowed.length === 0 || allowed.includes(id)) ?? this.keys.at(-1);
		if (key === undefined) throw new Error("The authenticator holds no passkey");
		if (!this.#backupEligible) key.counter += 1;
		const authData = this.#authData(ceremony.rpId ?? options.rpId, ceremony.counter ?? key.counter, ceremony, false);
		const clientDataJSON = this.#clientData("webauthn.get", options.challenge, ceremony);
		const signed = Buffer.concat([authData, createHash("sha256").update(clientDataJSON).digest()]);
		const userHandle = ceremony.userHandle === undefined ? key.userHandle : ceremony.userHandle;
		return {
			id: key.id,
			rawId: key.id,
			type: "public-key",
			response: {
				clientDataJSON: clientDataJSON.toString("base64url"),
				authenticatorData: authData.toString("base64url"),
				signature: createSign("sha256").update(signed).sign(key.privateKey).toString("base64url"),
				userHandle,
			},
		};
	}

	#clientData(type: string, challenge: string, ceremony: TestCeremony): Buffer {
		return Buffer.from(
			JSON.stringify({
				type: ceremony.type ?? type,
				challenge: ceremony.challenge ?? challenge,
				origin: ceremony.origin ?? this.#origin,
				crossOrigin: ceremony.crossOrigin ?? false,
				...(ceremony.topOrigin !== undefined && { topOrigin: ceremony.topOrigin }),
				...ceremony.clientData,
			}),
		);
	}

	/** RP id hash, flags and counter (section 6.1). */
	#authData(rpId: string, counter: number, ceremony: TestCeremony, attested: boolean): Buffer {
		const { userPresent = true, userVerified = true, backupEligible = this.#backupEligible } = ceremony;
		const { backedUp = backupEligible } = ceremony;
		const flags =
			Number(userPresent) |
			(Number(userVerified) << 2) |
			(Number(backupEligible) << 3) |
			(Number(backedUp) << 4) |
			(Number(attested) << 6);
		const tail = Buffer.alloc(5);
		tail.writeUInt8(flags);
		tail.writeUInt32BE(counter, 1);
		return Buffer.concat([createHash("sha256").update(rpId).digest(), tail]);
	}
}

/** The key as COSE has it (RFC 9053, section 7.1.1), in CBOR. */
function coseKey(publicKey: KeyObject): Buffer {
	const { x = "", y = "" } = publicKey.export({ format: "jwk" });
	const coordinate = (text: string) => Buffer.concat([Buffer.from([0x58, 32]), Buffer.from(text, "base64url")]);
	return Buffer.concat([
		Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21]),
		coordinate(x),
		Buffer.from([0x22]),
		coordinate(y),
	]);
}

/** `{ fmt: "none", attStmt: {}, authData }` in CBOR (RFC 8949). */
function attestationObject(authData: Buffer): Buffer {
	const text = (value: string) => Buffer.concat([Buffer.from([0x60 | value.length]), Buffer.from(value)]);
	const length = Buffer.alloc(3);
	length.writeUInt8(0x59);
	length.writeUInt16BE(authData.length, 1);
	return Buffer.concat([
		Buffer.from([0xa3]),
		text("fmt"),
		text("none"),
		text("attStmt"),
		Buffer.from([0xa0]),
		text("authData"),
		length,
		authData,
	]);
}
