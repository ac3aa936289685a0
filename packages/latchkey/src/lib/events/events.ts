import { uuidv7 } from "../crypto/random.ts";
import type { Visitor } from "../http/visitor.ts";
import type { NewMail } from "../storage/mail-storage.ts";
import type { NewEvent } from "../storage/storage.ts";
import { withNotice } from "./notices.ts";

/** Everything that the audit log records. Names are part of the public contract: they are added, never renamed. */
export const eventTypes = [
	"user.signed_up",
	"user.updated",
	"user.deleted",
	"sign_in.succeeded",
	"sign_in.failed",
	"sign_in.throttled",
	"reauthentication.succeeded",
	"reauthentication.failed",
	"password.added",
	"password.changed",
	"identity.linked",
	"identity.unlinked",
	"session.ended",
	"session.revoked",
	"session.copied",
	"sessions.revoked",
	"sign_in.second_step_required",
	"second_step.failed",
	"second_step.switched",
	"factor.enabled",
	"totp.added",
	"totp.renamed",
	"totp.removed",
	"recovery_codes.made",
	"recovery_code.used",
	"passkey.added",
	"passkey.renamed",
	"passkey.removed",
	"trusted_device.added",
	"trusted_device.removed",
	"trusted_device.copied",
	"sign_in.new_device",
	"password.reset_requested",
	"password.reset",
	"password.removed",
	"password.disabled",
	"password.enabled",
	"email_code.requested",
	"sign_up.requested",
	"email.verification_requested",
	"email.verified",
	"email.change_requested",
	"email.change_cancelled",
	"email.changed",
	"email.change_undone",
	"user.deletion_requested",
	"user.deletion_undone",
	"user.exported",
] as const;

export type EventType = (typeof eventTypes)[number];

interface EventContent {
	userId?: string | null;
	sessionId?: string | null;
	/** Small and without secrets: it is shown to the user and kept. */
	detail?: Readonly<Record<string, unknown>>;
	/** What tells somebody of it, besides the notice that some events have of themselves. */
	mails?: readonly NewMail[];
}

/** An audit event, from where the visitor is, with the message that tells of it where one does. */
export function auditEvent(
	type: EventType,
	visitor: Pick<Visitor, "address" | "userAgent">,
	content: EventContent = {},
): NewEvent {
	return withNotice({
		id: uuidv7(),
		type,
		userId: content.userId ?? null,
		sessionId: content.sessionId ?? null,
		address: visitor.address,
		userAgent: visitor.userAgent,
		detail: content.detail ?? null,
		...(content.mails !== undefined && { mails: content.mails }),
	});
}
