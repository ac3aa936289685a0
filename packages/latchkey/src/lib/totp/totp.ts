import * as z from "zod/mini";
import { nowOf } from "../clock.ts";
import { isSealedUnderCurrentKey, seal, unseal } from "../crypto/sealing.ts";
import type { Engine } from "../engine.ts";
import type { UserRecord } from "../storage/storage.ts";

const periodSeconds = 30;
const digits = 6;

/** 160 bits, as RFC 4226, section 4 recommends; NIST SP 800-63B-4 asks for 112. */
const secretBytes = 20;

/** How many steps a device's clock may be off, either way (RFC 6238, section 5.2 recommends one). */
const window = 1;

/** Longer than anybody needs to find their phone; after that the page makes a new secret. */
const enrolmentLifetimeMs = 60 * 60_000;

/** An authenticator app about to be added. It counts from the moment that a code of it has been shown. */
export interface TotpEnrolment {
	/** Base 32, for typing. */
	readonly secret: string;
	/** `otpauth://totp/…`, for a QR code or a link. */
	readonly uri: string;
	/** Comes back with the code: the secret again, sealed for this user. */
	readonly enrolment: string;
}

const enrolmentSchema = z.strictObject({ secret: z.string(), expiresAt: z.int() });

/** Makes a secret. Nothing is stored: it is not the user's until they have confirmed it. */
export async function startTotp(engine: Engine, user: UserRecord): Promise<TotpEnrolment> {
	const { Secret } = await import("otpauth");
	const secret = new Secret({ size: secretBytes }).base32;
	const content = { secret, expiresAt: nowOf(engine) + enrolmentLifetimeMs };
	return describe(engine, user, secret, seal(engine.totpKeys, enrolmentContext(user.id), JSON.stringify(content)));
}

/** The same enrolment again, such as for a page that is shown once more after a wrong code. `null` when it is too old. */
export async function continueTotp(engine: Engine, user: UserRecord, enrolment: string): Promise<TotpEnrolment | null> {
	const secret = readEnrolment(engine, user.id, enrolment);
	return secret === null ? null : describe(engine, user, secret, enrolment);
}

/** What to store for an enrolment that this code confirms; `null` when it does not. */
export async function confirmTotp(
	engine: Engine,
	userId: string,
	{ enrolment, code }: { enrolment: string; code: string },
): Promise<{ sealed: string; step: number } | null> {
	const secret = readEnrolment(engine, userId, enrolment);
	const step = secret === null ? null : await stepOf(secret, code, nowOf(engine));
	if (secret === null || step === null) return null;
	return { sealed: seal(engine.totpKeys, secretContext(userId), secret), step };
}

/** Whether the code is of the user's app and was not used before, nor a later one; if so it is used now. */
export async function checkTotp(engine: Engine, userId: string, code: string): Promise<boolean> {
	const stored = (await engine.storage.readFactors(userId))?.totp ?? null;
	if (stored === null) return false;
	const { sealed } = stored;
	const secret = unseal(engine.totpKeys, secretContext(userId), sealed);
	if (secret === null) {
		engine.log({ level: "error", event: "totp_key_missing", userId });
		return false;
	}
	const step = await stepOf(secret, code, nowOf(engine));
	if (step === null || step <= stored.lastStep) return false;
	const isOutdated = !isSealedUnderCurrentKey(engine.totpKeys, sealed);
	const resealed = isOutdated ? seal(engine.totpKeys, secretContext(userId), secret) : null;
	return engine.storage.recordTotpUse({ userId, sealed, step, resealed });
}

async function describe(engine: Engine, user: UserRecord, secret: string, enrolment: string): Promise<TotpEnrolment> {
	const { TOTP } = await import("otpauth");
	const issuer = engine.options.name ?? new URL(engine.settings.origin).hostname;
	const label = user.email ?? user.username ?? user.name ?? "account";
	const uri = new TOTP({ issuer, label, secret, digits, period: periodSeconds, algorithm: "SHA1" }).toString();
	return { secret, uri, enrolment };
}

/** Which step the code belongs to (RFC 6238, section 4.2), if it is one that is near now. */
async function stepOf(secret: string, typed: string, now: number): Promise<number | null> {
	const token = typed.replaceAll(/[\s\p{Pd}]/gu, "");
	if (!/^\d{6}$/.test(token)) return null;
	const { TOTP } = await import("otpauth");
	const totp = new TOTP({ secret, digits, period: periodSeconds, algorithm: "SHA1" });
	const delta = totp.validate({ token, window, timestamp: now });
	return delta === null ? null : Math.floor(now / 1000 / periodSeconds) + delta;
}

function readEnrolment(engine: Engine, userId: string, enrolment: string): string | null {
	const text = unseal(engine.totpKeys, enrolmentContext(userId), enrolment);
	if (text === null) return null;
	const content = enrolmentSchema.safeParse(JSON.parse(text));
	return content.success && content.data.expiresAt > nowOf(engine) ? content.data.secret : null;
}

/** Binds a sealed secret to its row: moved to another user's, it does not open. */
function secretContext(userId: string): string {
	return `totp:${userId}`;
}

function enrolmentContext(userId: string): string {
	return `totp-enrolment:${userId}`;
}
