import { newMail } from "../mail/new-mail.ts";
import type { NewEvent } from "../storage/storage.ts";

/**
 * Events that the owner of the account is told of by mail, wherever they are recorded: what a thief would do first.
 * Those that need a message of their own (a changed address, a deletion) are not here: their flows write it.
 */
export const noticedEvents = [
	"password.added",
	"password.changed",
	"password.reset",
	"password.removed",
	"password.disabled",
	"email.verified",
	"sign_in.new_device",
	"sessions.revoked",
	"session.copied",
	"user.deletion_undone",
	"user.exported",
	"passkey.added",
	"passkey.removed",
	"totp.added",
	"totp.removed",
	"recovery_codes.made",
	"recovery_code.used",
	"trusted_device.added",
	"trusted_device.copied",
	"second_step.switched",
	"identity.linked",
	"identity.unlinked",
] as const;

const noticed: ReadonlySet<string> = new Set(noticedEvents);

/** The event with the message that tells of it: to the address that the user has when it is written. */
export function withNotice(event: NewEvent): NewEvent {
	const { type, userId, address, userAgent, mails = [] } = event;
	if (userId === null || !(noticed.has(type) || changesUsername(event))) return event;
	const notice = newMail("notice", { recipient: null, userId, language: null, about: { type, address, userAgent } });
	return { ...event, mails: [...mails, notice] };
}

/** A user name signs in; a name does not. */
function changesUsername({ type, detail }: NewEvent): boolean {
	return type === "user.updated" && Array.isArray(detail?.changed) && detail.changed.includes("username");
}
