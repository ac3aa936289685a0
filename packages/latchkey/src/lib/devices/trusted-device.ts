import { hash } from "node:crypto";
import { isoTime } from "../clock.ts";
import { randomSecret, uuidv7 } from "../crypto/random.ts";
import type { Engine } from "../engine.ts";
import { auditEvent } from "../events/events.ts";
import { cookieName, readCookie } from "../http/cookies.ts";
import type { Visitor } from "../http/visitor.ts";
import { trustDaysOf } from "../second-step/second-step.ts";
import type { ResolvedSession } from "../sessions/resolve-session.ts";
import type { CookieToSet } from "../sessions/session-cookie.ts";
import type { UserRecord } from "../storage/storage.ts";
import type { TrustedDeviceRecord } from "../storage/trusted-devices-storage.ts";

const cookieBase = "trusted-device";
const dayMs = 24 * 60 * 60 * 1000;

/** Of one person. More are made by somebody who clears cookies all the time; the oldest are forgotten. */
const mostDevices = 10;

/** A form that is sent twice brings the same token twice: no thief, but no second sign-in without a second step either. */
const graceMs = 60_000;

/** A device that its owner is not asked for a second step on, as they see it. Times are ISO 8601 in UTC. */
export interface TrustedDevice {
	readonly id: string;
	/** Whether it is the one that asks. */
	readonly current: boolean;
	readonly trustedAt: string;
	readonly lastUsedAt: string;
	/** However much it is used. */
	readonly expiresAt: string;
	readonly address: string | null;
	readonly userAgent: string | null;
}

/** Trusts the visitor's device from now on. `null` when all of the user's sessions were ended meanwhile. */
export async function trustDevice(
	engine: Engine,
	visitor: Visitor,
	user: UserRecord,
	sessionId: string,
): Promise<CookieToSet | null> {
	const days = trustDaysOf(engine, user);
	if (days === null) return null;
	const [id, token] = [uuidv7(), randomSecret(128)];
	const { address, userAgent } = visitor;
	const device = await engine.storage.addTrustedDevice({
		id,
		userId: user.id,
		epoch: user.epoch,
		tokenHash: tokenHash(token),
		lifetimeMs: days * dayMs,
		address,
		userAgent,
		replaces: readHeld(engine, visitor)?.id ?? null,
		limit: mostDevices,
		events: [auditEvent("trusted_device.added", visitor, { userId: user.id, sessionId, detail: { device: id } })],
	});
	return device === null ? null : trustCookie(engine, device, token);
}

/**
 * Whether the visitor's device stands in for the second step of this user, who has shown the first. Its token is used up
 * by that: the answer must carry the next one.
 */
export async function spendTrust(
	engine: Engine,
	visitor: Visitor,
	user: UserRecord,
): Promise<{ readonly id: string; readonly cookie: CookieToSet } | null> {
	const held = trustDaysOf(engine, user) === null ? null : readHeld(engine, visitor);
	if (held === null) return null;
	const next = randomSecret(128);
	const { address, userAgent } = visitor;
	const detail = { device: held.id };
	const used = await engine.storage.rotateTrustedDevice({
		id: held.id,
		userId: user.id,
		tokenHash: tokenHash(held.token),
		nextTokenHash: tokenHash(next),
		graceMs,
		address,
		userAgent,
		events: [auditEvent("trusted_device.copied", visitor, { userId: user.id, detail })],
	});
	if (used === "copied") engine.log({ level: "warn", event: "trusted_device.copied", userId: user.id, ...detail });
	return used === null || used === "copied" ? null : { id: used.id, cookie: trustCookie(engine, used, next) };
}

/** The user's trusted devices, newest first. */
export async function listTrustedDevices(
	engine: Engine,
	visitor: Visitor,
	{ user }: ResolvedSession,
): Promise<TrustedDevice[]> {
	const held = readHeld(engine, visitor);
	const devices = await engine.storage.listTrustedDevices(user.id);
	return devices.map((device) => ({ ...toTrustedDevice(device), current: device.id === held?.id }));
}

/** Asks on one of the user's devices for the second step again. `ok: false` when it is not theirs, or forgotten. */
export async function forgetTrustedDevice(
	engine: Engine,
	visitor: Visitor,
	{ user, session }: ResolvedSession,
	id: string,
): Promise<{ readonly ok: boolean; readonly cookie?: CookieToSet }> {
	const about = { userId: user.id, sessionId: session.id, detail: { device: id } };
	const events = [auditEvent("trusted_device.removed", visitor, about)];
	if (!(await engine.storage.forgetTrustedDevice({ userId: user.id, id, events }))) return { ok: false };
	if (readHeld(engine, visitor)?.id !== id) return { ok: true };
	const { secure } = engine.settings;
	return { ok: true, cookie: { name: cookieName(cookieBase, secure), value: "", maxAgeSeconds: 0, secure } };
}

export function toTrustedDevice(device: TrustedDeviceRecord): Omit<TrustedDevice, "current"> {
	const { id, createdAt, usedAt, expiresAt, address, userAgent } = device;
	const times = { trustedAt: isoTime(createdAt), lastUsedAt: isoTime(usedAt), expiresAt: isoTime(expiresAt) };
	return { id, ...times, address, userAgent };
}

function readHeld({ settings }: Engine, { headers }: Visitor): { readonly id: string; readonly token: string } | null {
	const value = readCookie(headers.get("cookie"), cookieName(cookieBase, settings.secure));
	const [, id, token] = /^([\w-]{36})\.([\w-]{22})$/.exec(value ?? "") ?? [];
	return id === undefined || token === undefined ? null : { id, token };
}

function trustCookie({ settings }: Engine, device: TrustedDeviceRecord, token: string): CookieToSet {
	return {
		name: cookieName(cookieBase, settings.secure),
		value: `${device.id}.${token}`,
		maxAgeSeconds: Math.floor((device.expiresAt - device.usedAt) / 1000),
		secure: settings.secure,
	};
}

function tokenHash(token: string): Uint8Array {
	return hash("sha256", token, "buffer");
}
