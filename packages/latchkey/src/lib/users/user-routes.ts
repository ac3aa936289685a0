import * as z from "zod";
import { isoTime } from "../clock.ts";
import { keyedName } from "../crypto/keys.ts";
import { AuthError } from "../errors.ts";
import { auditEvent } from "../events/events.ts";
import { toEvent } from "../events/event-routes.ts";
import { type Route, route } from "../http/route.ts";
import { messageSchema, userSchema } from "../http/schemas.ts";
import { clearedSessionCookie } from "../sessions/session-cookie.ts";
import { toSessionInfo, toUser } from "../sessions/session.ts";
import { nameField, usernameField } from "./fields.ts";

const readUser = route({
	method: "GET",
	path: "/user",
	summary: "The signed-in user.",
	access: "signed-in",
	responses: { 200: z.object({ user: userSchema }) },
	async handle({ current }) {
		return { status: 200, body: { user: toUser(current.user) } };
	},
});

const updateUser = route({
	method: "PATCH",
	path: "/user",
	summary: "Change the name or the user name. `null` removes one; what is absent stays.",
	access: "signed-in",
	body: z.object({ name: nameField.nullable().optional(), username: usernameField.nullable().optional() }),
	responses: { 200: messageSchema.extend({ user: userSchema }) },
	errors: ["identifier_taken"],
	async handle({ engine, visitor, current, body }) {
		const { name, username } = body;
		const changes = { ...(name !== undefined && { name }), ...(username !== undefined && { username }) };
		const detail = { changed: Object.keys(changes) };
		const updated = await engine.storage.updateUser({
			userId: current.user.id,
			...changes,
			events: [auditEvent("user.updated", visitor, { userId: current.user.id, sessionId: current.session.id, detail })],
		});
		if (updated.ok) return { status: 200, body: { message: "Saved", user: toUser(updated.user) } };
		if (updated.reason === "taken") throw new AuthError("identifier_taken", { fields: { username: "taken" } });
		if (updated.reason === "last_identifier") throw new AuthError("invalid_input", { fields: { username: "required" } });
		throw new AuthError("not_authenticated");
	},
});

const deleteUser = route({
	method: "DELETE",
	path: "/user",
	summary: "Delete the account and everything that is theirs. Asks for a recent proof.",
	access: "recent",
	responses: { 200: messageSchema },
	async handle({ engine, visitor, current }) {
		const pseudonym = keyedName(engine.pseudonyms.current.key, current.user.id);
		// Recorded by the deletion itself under the pseudonym, and so without saying from where.
		const nowhere = { ...visitor, address: null, userAgent: null };
		const event = auditEvent("user.deleted", nowhere);
		await engine.storage.deleteUser({ userId: current.user.id, pseudonym, events: [event] });
		return { status: 200, body: { message: "Account deleted" }, cookie: clearedSessionCookie(engine.settings) };
	},
});

const exportUser = route({
	method: "GET",
	path: "/user/export",
	summary: "Everything stored about the user, hashes and secrets apart.",
	access: "signed-in",
	responses: { 200: z.looseObject({ user: userSchema.extend({ updatedAt: z.iso.datetime() }) }) },
	async handle({ engine, current }) {
		const stored = await engine.storage.exportUser(current.user.id);
		if (stored === null) throw new AuthError("not_authenticated");
		const { user, identifiers, identities, password, sessions, events } = stored;
		const body = {
			user: { ...toUser(user), updatedAt: isoTime(user.updatedAt) },
			identifiers: identifiers.map(({ kind, value, verifiedAt, createdAt }) => ({
				kind,
				value,
				verifiedAt: verifiedAt === null ? null : isoTime(verifiedAt),
				createdAt: isoTime(createdAt),
			})),
			identities: identities.map((identity) => ({ ...identity, createdAt: isoTime(identity.createdAt) })),
			password: password === null ? null : { changedAt: isoTime(password.changedAt) },
			sessions: sessions.map((row) => ({
				...toSessionInfo(row),
				lastSeenAt: isoTime(row.lastSeenAt),
				address: row.address,
				userAgent: row.userAgent,
			})),
			events: events.map(toEvent),
		};
		const headers = { "content-disposition": 'attachment; filename="account.json"' };
		return { status: 200, body, headers };
	},
});

export const userRoutes: readonly Route[] = [readUser, updateUser, deleteUser, exportUser];
