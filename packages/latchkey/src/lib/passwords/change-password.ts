import { rememberDevice } from "../devices/known-device.ts";
import type { Engine } from "../engine.ts";
import { auditEvent } from "../events/events.ts";
import type { Visitor } from "../http/visitor.ts";
import { combine } from "../second-step/authentication.ts";
import { askForTheRest, isEnough } from "../second-step/continued-session.ts";
import { draftSession, grantSession } from "../sessions/open-session.ts";
import { restsOnTrustedDevice } from "../sessions/recent-proof.ts";
import type { ResolvedSession } from "../sessions/resolve-session.ts";
import { reauthenticationSubject } from "../sign-in/reauthenticate.ts";
import { admitAttempt, type SignInResult } from "../sign-in/sign-in.ts";
import { recordWrongPassword } from "./failed-password.ts";
import { isDisabled } from "./hard-stop.ts";
import { acceptNewPassword } from "./new-password.ts";

/**
 * Changes the password of a signed-in person who knows the present one. Every session ends, also those that a sign-in
 * with the old password is about to open; the person gets a new one.
 */
export async function changePassword(
	engine: Engine,
	visitor: Visitor,
	{ user, session: present }: ResolvedSession,
	{ currentPassword, newPassword }: { currentPassword: string; newPassword: string },
): Promise<SignInResult> {
	if (restsOnTrustedDevice(present)) return { ok: false, code: "reauthentication_required" };
	const accepted = await acceptNewPassword(engine, user, newPassword);
	if (!accepted.ok) return accepted;
	const admission = await admitAttempt(engine, visitor, reauthenticationSubject(user.id), user.id);
	if (!admission.ok) return admission;

	const stored = (await engine.storage.findCredentialsOfUser(user.id))?.password ?? null;
	const known = stored === null ? null : { userId: user.id, sealed: stored.sealed };
	const check = await engine.hasher.check(known, currentPassword);
	if (!check.matches || stored === null || isDisabled(stored)) return wrongPassword(engine, visitor, user.id);

	const authentication = combine(present, { amr: ["pwd"], level: "aal1" });
	const { secret, draft } = draftSession(engine, visitor, authentication, { continues: present.id });
	const changed = await engine.storage.changePassword({
		userId: user.id,
		version: stored.version,
		sealed: await engine.hasher.hash(user.id, accepted.normalized),
		session: draft,
		settle: admission.settle,
		events: [auditEvent("password.changed", visitor, { userId: user.id, sessionId: draft.id })],
	});
	// Somebody else changed it meanwhile, so what was checked is no longer the password.
	if (changed === null) return { ok: false, code: "invalid_credentials" };
	if (!isEnough(engine, user, authentication)) return askForTheRest(engine, visitor, changed, "password");
	const device = rememberDevice(engine, visitor, user, changed);
	return { ok: true, ...grantSession(engine, secret, changed, user), device };
}

async function wrongPassword(engine: Engine, visitor: Visitor, userId: string): Promise<SignInResult> {
	await recordWrongPassword(engine, visitor, userId, auditEvent("reauthentication.failed", visitor, { userId }));
	return { ok: false, code: "invalid_credentials" };
}
