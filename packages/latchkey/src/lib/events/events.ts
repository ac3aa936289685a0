import { uuidv7 } from "../crypto/random.ts";
import type { Visitor } from "../http/visitor.ts";
import type { NewEvent } from "../storage/storage.ts";

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
	"password.changed",
	"session.ended",
	"session.revoked",
	"session.copied",
	"sessions.revoked",
	"sign_in.second_step_required",
	"second_step.failed",
	"second_step.switched",
	"totp.added",
	"totp.removed",
	"recovery_codes.made",
	"recovery_code.used",
	"passkey.added",
	"passkey.renamed",
	"passkey.removed",
] as const;

export type EventType = (typeof eventTypes)[number];

interface EventContent {
	userId?: string | null;
	sessionId?: string | null;
	/** Small and without secrets: it is shown to the user and kept. */
	detail?: Readonly<Record<string, unknown>>;
}

/** An audit event, from where the visitor is. */
export function auditEvent(
	type: EventType,
	visitor: Pick<Visitor, "address" | "userAgent">,
	content: EventContent = {},
): NewEvent {
	return {
		id: uuidv7(),
		type,
		userId: content.userId ?? null,
		sessionId: content.sessionId ?? null,
		address: visitor.address,
		userAgent: visitor.userAgent,
		detail: content.detail ?? null,
	};
}
