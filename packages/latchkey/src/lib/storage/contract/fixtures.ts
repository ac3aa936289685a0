import { createHash, randomBytes, randomUUID } from "node:crypto";
import type { AddTotp, NewPasskey } from "../factors-storage.ts";
import type { NewMail } from "../mail-storage.ts";
import type { Counter, CreateSession, CreateUser, NewEvent, NewSession, Settlement, Storage } from "../storage.ts";
import type { AddTrustedDevice, RotateTrustedDevice } from "../trusted-devices-storage.ts";

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

/** A clock that a test moves. */
export interface MovableClock {
	now: number;
}

let lastId = 0;

/** UUIDv7-shaped ids in the order of their making. */
export function nextId(): string {
	lastId += 1;
	return `01900000-${lastId.toString(16).padStart(4, "0").slice(-4)}-7000-8000-${randomBytes(6).toString("hex")}`;
}

export function sha256(text: string): Uint8Array {
	return new Uint8Array(createHash("sha256").update(text).digest());
}

/** The factors of somebody who has a password at most. */
export const noFactors = { totp: false, passkeys: 0, boundPasskeys: 0, recoveryCodes: 0, secondStep: false };

export const nothingToSettle: Settlement = { clear: [], giveBack: [] };

export function newSession(
	userId: string,
	overrides: Partial<NewSession> & { secret?: string } = {},
): NewSession & { secretHash: Uint8Array } {
	const { secret = randomUUID(), ...rest } = overrides;
	return {
		id: randomUUID(),
		secretHash: sha256(secret),
		userId,
		epoch: 1,
		lifetimeMs: 30 * day,
		idleMs: day,
		amr: ["pwd"],
		level: "aal1",
		address: "203.0.113.7",
		userAgent: "Test/1.0",
		...rest,
	};
}

export function signIn(userId: string, overrides: Partial<NewSession> & { secret?: string } = {}): CreateSession {
	return { session: newSession(userId, overrides), replaces: null, settle: nothingToSettle, events: [] };
}

export function newEvent(overrides: Partial<NewEvent> = {}): NewEvent {
	return {
		id: nextId(),
		type: "test_event",
		userId: null,
		sessionId: null,
		address: null,
		userAgent: null,
		detail: null,
		...overrides,
	};
}

export function newMail(overrides: Partial<NewMail> = {}): NewMail {
	return {
		id: nextId(),
		kind: "test_mail",
		recipient: "ada@example.com",
		userId: null,
		language: "en",
		about: {},
		lifetimeMs: hour,
		...overrides,
	};
}

/** A whole account: address, user name, password and session, named after `label`. */
export function newUser(label: string, overrides: Partial<CreateUser> = {}): CreateUser {
	const { userId: _userId, epoch: _epoch, ...session } = newSession("", { secret: `secret of ${label}` });
	return {
		id: randomUUID(),
		name: label,
		identifiers: [
			{ kind: "email", value: `${label}@Example.com`, canonical: `${label.toLowerCase()}@example.com` },
			{ kind: "username", value: label, canonical: label.toLowerCase() },
		],
		identities: [],
		password: `$sealed$${label}`,
		session,
		replaces: null,
		events: [],
		...overrides,
	};
}

/** Signs up and answers the ids, for tests that only need somebody to be there. */
export async function signUp(storage: Storage, label: string, overrides: Partial<CreateUser> = {}) {
	const input = newUser(label, overrides);
	const created = await storage.createUser(input);
	if (!created.ok) throw new Error(`${label} could not sign up: ${created.taken.join()}`);
	return {
		userId: created.user.id,
		user: created.user,
		session: created.session,
		secretHash: input.session?.secretHash,
	};
}

export function counter(key: string, rule: Partial<Omit<Counter, "key">> = {}): Counter {
	return { key, limit: 3, windowMs: 10 * minute, waitMs: 0, maxWaitMs: 0, ...rule };
}

/** An authenticator app for an account that `signUp` made. */
export function newTotp(userId: string, overrides: Partial<AddTotp> = {}): AddTotp {
	const { userId: _userId, epoch: _epoch, ...session } = newSession(userId, { secret: "with an app" });
	return {
		userId,
		epoch: 1,
		sealed: "$sealed$totp",
		step: 1000,
		name: null,
		recoveryCodeHashes: null,
		session,
		replaces: null,
		settle: nothingToSettle,
		events: [],
		...overrides,
	};
}

export function newPasskey(userId: string, overrides: Partial<NewPasskey> = {}): NewPasskey {
	return {
		id: nextId(),
		userId,
		credentialId: randomUUID(),
		publicKey: "key",
		counter: 0,
		transports: ["internal", "hybrid"],
		aaguid: "00000000-0000-0000-0000-000000000000",
		backupEligible: true,
		backedUp: false,
		name: "Phone",
		...overrides,
	};
}

/** A device that is trusted by the token `first`, for an account that `signUp` made. */
export function newTrustedDevice(userId: string, overrides: Partial<AddTrustedDevice> = {}): AddTrustedDevice {
	return {
		id: nextId(),
		userId,
		epoch: 1,
		tokenHash: sha256("first"),
		lifetimeMs: 30 * day,
		address: null,
		userAgent: "Test/1",
		replaces: null,
		limit: 10,
		events: [],
		...overrides,
	};
}

/** The use of a device's token, after which `next` is the one. */
export function rotation(
	{ id, userId, tokenHash }: Pick<AddTrustedDevice, "id" | "userId" | "tokenHash">,
	next = "next",
	overrides: Partial<RotateTrustedDevice> = {},
): RotateTrustedDevice {
	const place = { address: "203.0.113.7", userAgent: "Test/2" };
	return { id, userId, tokenHash, nextTokenHash: sha256(next), graceMs: minute, ...place, events: [], ...overrides };
}
