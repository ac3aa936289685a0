import * as z from "zod/mini";
import { isoTime } from "../clock.ts";
import { toTrustedDevice } from "../devices/trusted-device.ts";
import type { Engine } from "../engine.ts";
import type { Refusal } from "../errors.ts";
import { toEvent } from "../events/event-log.ts";
import { auditEvent } from "../events/events.ts";
import { type Attempt, tooManyAttempts } from "../http/throttle.ts";
import type { Visitor } from "../http/visitor.ts";
import { toDevice } from "../sessions/devices.ts";
import { isRecent } from "../sessions/recent-proof.ts";
import type { ResolvedSession } from "../sessions/resolve-session.ts";
import { toUser, type User } from "../sessions/session.ts";
import { nameField, usernameField } from "./fields.ts";
import { changedFields } from "./own-fields.ts";
import { updateStoredUser } from "./update-user.ts";

/** What people may change of themselves. */
export const userChanges = z.object({
	name: z.optional(z.nullable(nameField)),
	username: z.optional(z.nullable(usernameField)),
});

export type UserChanges = z.output<typeof userChanges> & {
	/** The application's own, of those that people set themselves. */
	readonly fields?: Readonly<Record<string, unknown>>;
};

/**
 * Changes the name, the user name or fields of the application's own; what is absent stays, `null` removes. A user name
 * signs in, so changing it asks for a recent proof.
 */
export async function updateAccount(
	engine: Engine,
	visitor: Visitor,
	current: ResolvedSession,
	{ name, username, fields }: UserChanges,
): Promise<{ readonly ok: true; readonly user: User } | Refusal> {
	const { user, session } = current;
	// A form sends every field that it has: the name that somebody has already is no new one.
	const renames = username !== undefined && (username?.value ?? null) !== user.username;
	const changes = { ...(name !== undefined && name !== user.name && { name }), ...(renames && { username }) };
	const own = changedFields(user.fields, fields);
	const changed = [...Object.keys(changes), ...Object.keys(own ?? {})];
	if (changed.length === 0) return { ok: true, user: toUser(engine, user) };
	if (renames && !isRecent(current)) return { ok: false, code: "reauthentication_required" };
	// Every change is kept in the log: nobody fills it at will.
	const attempts: Attempt[] = [{ rule: "updateProfile", subject: user.id }];
	if (renames && username !== null) attempts.push({ rule: "renameUser", subject: user.id });
	const admission = await engine.throttle.admit(attempts);
	if (!admission.ok) return tooManyAttempts(admission);
	const detail = { changed };
	const event = auditEvent("user.updated", visitor, { userId: user.id, sessionId: session.id, detail });
	const updated = await updateStoredUser(engine, user, { ...changes, fields: own, events: [event] });
	if (updated.ok) return { ok: true, user: toUser(engine, updated.user) };
	if (updated.reason === "refused") return { ok: false, code: "invalid_input", fields: updated.fields };
	if (updated.reason === "taken") return { ok: false, code: "identifier_taken", fields: { username: "taken" } };
	if (updated.reason === "gone") return { ok: false, code: "not_authenticated" };
	return { ok: false, code: "invalid_input", fields: { username: "required" } };
}

/** Everything stored about a person, hashes and secrets apart; they are told by mail. `null` when the account is gone. */
export async function exportAccount(
	engine: Engine,
	visitor: Visitor,
	current: ResolvedSession,
): Promise<object | null> {
	const stored = await engine.storage.exportUser(current.user.id);
	if (stored === null) return null;
	const { user: person, session: here } = current;
	// Once an hour, however often it is fetched.
	const admission = await engine.throttle.admit([{ rule: "exportNotice", subject: person.id }]);
	const exported = auditEvent("user.exported", visitor, { userId: person.id, sessionId: here.id });
	if (admission.ok) await engine.storage.appendEvents([exported]);
	const { user, identifiers, identities, password, trustedDevices, sessions, events } = stored;
	return {
		user: { ...toUser(engine, user), updatedAt: isoTime(user.updatedAt) },
		// Also what the options do not name any more.
		...(user.fields !== null && { fields: JSON.parse(user.fields) }),
		identifiers: identifiers.map(({ kind, value, verifiedAt, createdAt }) => ({
			kind,
			value,
			verifiedAt: verifiedAt === null ? null : isoTime(verifiedAt),
			createdAt: isoTime(createdAt),
		})),
		identities: identities.map((identity) => ({ ...identity, createdAt: isoTime(identity.createdAt) })),
		password: password === null ? null : { changedAt: isoTime(password.changedAt) },
		trustedDevices: trustedDevices.map(toTrustedDevice),
		sessions: sessions.map((session) => toDevice(session, current.session.id)),
		events: events.map(toEvent),
	};
}
