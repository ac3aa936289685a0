import { type Key, keyedName } from "../crypto/keys.ts";
import { randomSecret } from "../crypto/random.ts";
import type { Engine } from "../engine.ts";
import { cookieName, readCookie } from "../http/cookies.ts";
import type { Visitor } from "../http/visitor.ts";
import type { CookieToSet } from "../sessions/session-cookie.ts";
import type { SessionRecord, UserRecord } from "../storage/storage.ts";
import { parseIdentifier } from "../users/identifiers.ts";

const lifetimeSeconds = 400 * 24 * 60 * 60;

/** Marks of the last few people who signed in on a device; each person has up to three. */
const mostMarks = 15;

/**
 * A device that somebody signed in on before. It holds no names: each mark is keyed, and can only be recognised by whoever
 * knows whom to look for.
 */
export interface KnownDevice {
	readonly id: string;
	readonly marks: readonly string[];
}

/** The device that a request comes from; `null` when it was never here. */
function readDevice({ settings }: Engine, { headers }: Pick<Visitor, "headers">): KnownDevice | null {
	const value = readCookie(headers.get("cookie"), cookieName("device", settings.secure));
	if (value === null || !/^[\w-]{22}(?:\.[\w-]{32}){1,15}$/.test(value)) return null;
	const [id = "", ...marks] = value.split(".");
	return { id, marks };
}

/**
 * What attempts on an account from a device it was used on are counted against, apart from everybody else's: so whoever
 * exhausts the account's limit does not lock its owner out. `null` on any other device.
 */
export function deviceSubject(engine: Engine, visitor: Visitor, account: string): string | null {
	const device = readDevice(engine, visitor);
	return device !== null && isMarked(engine, device, account) ? `${account}:${device.id}` : null;
}

/** Whether the user signed in on this device before, since the last time that all of their sessions were ended. */
export function isKnownDevice(engine: Engine, visitor: Visitor, user: Pick<UserRecord, "id" | "epoch">): boolean {
	const device = readDevice(engine, visitor);
	return device !== null && isMarked(engine, device, userMark(user));
}

/** The cookie that makes this one a known device of the user, renewed at every sign-in. */
export function rememberDevice(
	engine: Engine,
	visitor: Visitor,
	user: UserRecord,
	{ epoch }: Pick<SessionRecord, "epoch">,
): CookieToSet {
	const device = readDevice(engine, visitor);
	const id = device?.id ?? randomSecret(128);
	const names = [user.email, user.username].filter((name) => name !== null).map(parseIdentifier);
	const accounts = names.flatMap((parsed) => (parsed.ok ? [`${parsed.kind}:${parsed.canonical}`] : []));
	const subjects = [userMark({ id: user.id, epoch }), ...accounts];
	const marksBy = (key: Key) => subjects.map((subject) => markOf(key, id, subject));
	const own = marksBy(engine.knownDevices.current);
	const known = engine.knownDevices.all.flatMap(marksBy);
	const others = (device?.marks ?? []).filter((mark) => !known.includes(mark));
	return {
		name: cookieName("device", engine.settings.secure),
		value: [id, ...own, ...others].slice(0, 1 + mostMarks).join("."),
		maxAgeSeconds: lifetimeSeconds,
		secure: engine.settings.secure,
	};
}

function userMark({ id, epoch }: Pick<UserRecord, "id" | "epoch">): string {
	return `user:${id}:${epoch}`;
}

/** Whether the device bears the mark, made with any of the secrets that there are. */
function isMarked({ knownDevices }: Engine, { id, marks }: KnownDevice, subject: string): boolean {
	return knownDevices.all.some((key) => marks.includes(markOf(key, id, subject)));
}

function markOf({ key }: Key, deviceId: string, subject: string): string {
	return keyedName(key, `${deviceId}:${subject}`);
}
