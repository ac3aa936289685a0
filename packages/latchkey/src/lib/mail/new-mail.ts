import { uuidv7 } from "../crypto/random.ts";
import type { NewMail } from "../storage/mail-storage.ts";
import { type MailKind, mailKinds } from "./mail-message.ts";

/** A message for the outbox. Hand it over in `mails` of the event that it tells of. */
export function newMail(
	kind: MailKind,
	content: Pick<NewMail, "recipient" | "userId" | "language"> & { about?: NewMail["about"] },
): NewMail {
	return { id: uuidv7(), kind, about: {}, ...content, lifetimeMs: mailKinds[kind] };
}
