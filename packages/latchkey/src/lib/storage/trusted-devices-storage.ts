import type { NewEvent } from "./storage.ts";

/**
 * Devices that a second step need not be asked for on. Each is good at one epoch of its user: a change of the password or
 * of what they sign in with ends it, and so does signing out everywhere.
 */
export interface TrustedDevicesStorage {
	/**
	 * Trusts a device from now on, if the user still is at `epoch`, in the place of `replaces`; beyond `limit` the oldest
	 * are forgotten. `null` when the epoch moved or the user is gone, and then nothing happened.
	 */
	addTrustedDevice(input: AddTrustedDevice): Promise<TrustedDeviceRecord | null>;

	/**
	 * Takes the device's token and puts the next one in its place: one guarded UPDATE, so of many callers with the same
	 * token exactly one gets the device. Any other token is a copy that fell behind: the device is forgotten, and the
	 * events recorded, unless it was used within `graceMs`, as when one form is sent twice. `null` when there is no such
	 * device, not of this user, not any more, or not by this token.
	 */
	rotateTrustedDevice(input: RotateTrustedDevice): Promise<TrustedDeviceRecord | "copied" | null>;

	/** The user's trusted devices, newest first. */
	listTrustedDevices(userId: string): Promise<TrustedDeviceRecord[]>;

	/** Forgets one of the user's trusted devices, with its events. False when it is not theirs, or gone. */
	forgetTrustedDevice(input: { userId: string; id: string; events: readonly NewEvent[] }): Promise<boolean>;
}

export interface AddTrustedDevice {
	id: string;
	userId: string;
	epoch: number;
	tokenHash: Uint8Array;
	lifetimeMs: number;
	address: string | null;
	userAgent: string | null;
	/** The id of the one that the same browser had before. */
	replaces: string | null;
	limit: number;
	events: readonly NewEvent[];
}

export interface RotateTrustedDevice {
	id: string;
	userId: string;
	tokenHash: Uint8Array;
	nextTokenHash: Uint8Array;
	graceMs: number;
	address: string | null;
	userAgent: string | null;
	/** Of a copy that was found out. */
	events: readonly NewEvent[];
}

export interface TrustedDeviceRecord {
	id: string;
	userId: string;
	createdAt: number;
	/** When it last stood in for a second step; at first, when it was trusted. */
	usedAt: number;
	/** However often it is used. */
	expiresAt: number;
	/** Where it was last used. */
	address: string | null;
	userAgent: string | null;
}
