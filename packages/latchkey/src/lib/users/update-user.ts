import type { Engine } from "../engine.ts";
import type { FieldErrors, Refusal } from "../errors.ts";
import { auditEvent } from "../events/events.ts";
import { toUser, type User } from "../sessions/session.ts";
import type { UpdatedUser, UpdateUser, UserRecord } from "../storage/storage.ts";
import { mergeFields } from "./own-fields.ts";

type Changes = Omit<UpdateUser, "userId" | "fields"> & {
	readonly fields: Readonly<Record<string, unknown>> | undefined;
};

type Updated =
	| Extract<UpdatedUser, { ok: true }>
	| { readonly ok: false; readonly reason: "taken" | "gone" | "last_identifier" }
	| { readonly ok: false; readonly reason: "refused"; readonly fields: FieldErrors };

/** Changes a user; of the fields only those that are named, whatever else changes others of them at the same time. */
export async function updateStoredUser(
	{ options, storage }: Engine,
	{ id: userId, fields: known }: UserRecord,
	{ fields: changes, ...rest }: Changes,
): Promise<Updated> {
	let from = known;
	for (;;) {
		const merged = changes === undefined ? null : mergeFields(options.userFields, from, changes);
		if (merged?.ok === false) return { ...merged, reason: "refused" };
		const fields = merged === null ? {} : { fields: { from, to: merged.stored } };
		const updated = await storage.updateUser({ userId, ...rest, ...fields });
		if (updated.ok) return updated;
		const { reason } = updated;
		if (reason !== "moved") return { ok: false, reason };
		// Somebody else was first, so each turn means that a change got through.
		const found = await storage.findCredentialsOfUser(userId);
		if (found === null) return { ok: false, reason: "gone" };
		from = found.user.fields;
	}
}

/** Sets fields of the application's own as trusted code may: all of them, whoever asks. */
export async function setFields(
	engine: Engine,
	userId: string,
	fields: Readonly<Record<string, unknown>>,
): Promise<{ readonly ok: true; readonly user: User } | Refusal> {
	const found = await engine.storage.findCredentialsOfUser(userId);
	if (found === null) return { ok: false, code: "not_found" };
	const nowhere = { address: null, userAgent: null };
	const event = auditEvent("user.updated", nowhere, { userId, detail: { changed: Object.keys(fields) } });
	const updated = await updateStoredUser(engine, found.user, { fields, events: [event] });
	if (updated.ok) return { ok: true, user: toUser(engine, updated.user) };
	if (updated.reason === "refused") return { ok: false, code: "invalid_input", fields: updated.fields };
	return { ok: false, code: "not_found" };
}
