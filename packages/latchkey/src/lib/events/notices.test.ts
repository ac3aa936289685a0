import { describe, expect, it } from "vitest";
import type { MailKind } from "../mail/mail-message.ts";
import { ar } from "../mail/words-ar.ts";
import { en } from "../mail/words-en.ts";
import { auditEvent, type EventType, eventTypes } from "./events.ts";
import { noticedEvents } from "./notices.ts";

const visitor = { address: "203.0.113.7", userAgent: "Test/1.0" };
const mailsOf = (type: EventType, detail?: Record<string, unknown>) =>
	auditEvent(type, visitor, { userId: "u", ...(detail && { detail }) }).mails ?? [];

describe("[ASVS 6.3.7] an event that its owner is told of", () => {
	it("brings the message along, wherever it is recorded", () => {
		expect(mailsOf("password.changed")).toMatchObject([
			{ kind: "notice", recipient: null, userId: "u", about: { type: "password.changed", ...visitor } },
		]);
		expect(auditEvent("password.changed", visitor).mails).toBeUndefined();
		expect(mailsOf("sign_in.succeeded")).toEqual([]);
	});

	it("is a changed user name, and not a changed name", () => {
		expect(mailsOf("user.updated", { changed: ["username"] })).toHaveLength(1);
		expect(mailsOf("user.updated", { changed: ["name"] })).toEqual([]);
		expect(mailsOf("user.updated")).toEqual([]);
	});

	it.each(Object.entries({ en, ar }))("has words of its own: %s", (_language, { notices }) => {
		expect(Object.keys(notices)).toEqual(expect.arrayContaining([...noticedEvents, "user.updated"]));
		const texts = Object.values(notices);
		expect(new Set(texts).size).toBe(texts.length);
	});

	it("is every one, but for those with a message of their own and those with a reason", () => {
		const accounted = [...noticedEvents, ...Object.keys(withOwnMail), ...Object.keys(untold)];
		// A new event goes into exactly one of the three.
		expect(accounted.toSorted()).toEqual([...eventTypes].toSorted());
	});
});

/** Their flows write the message, which says more than a notice. */
const withOwnMail = {
	"email.changed": "email_changed",
	"email.change_undone": "notice",
	"user.deletion_requested": "deletion_requested",
	"user.deleted": "user_deleted",
} satisfies Partial<Record<EventType, MailKind>>;

/** Why nobody is written to. */
const untold = {
	"user.signed_up": "the person is there; an address that is asked to be proven gets that message",
	"user.updated": "only where the user name, which signs in, is another one",
	"sign_in.succeeded": "the person is there; on a new device there is sign_in.new_device",
	"sign_in.failed": "anybody can bring it about as often as they like: the activity page has it, and password.disabled",
	"sign_in.throttled": "anybody can bring it about as often as they like",
	"reauthentication.succeeded": "the person is there; what they do with it is told of",
	"reauthentication.failed": "counts as a wrong password, of which password.disabled tells",
	"session.ended": "signing out",
	"session.revoked": "signing one device out by whoever holds another: nothing is gained by it",
	"sign_in.second_step_required": "half a sign-in",
	"second_step.failed": "limited by itself; the activity page has it",
	"passkey.renamed": "a name for oneself",
	"totp.renamed": "a name for oneself",
	"trusted_device.removed": "it asks for more than before",
	"password.reset_requested": "its link goes to the same mailbox",
	"factor.enabled": "the operator's doing, by the command line",
	"password.enabled": "the operator's doing, by the command line",
	"email_code.requested": "its code goes to the same mailbox",
	"sign_up.requested": "its code goes to the same mailbox",
	"email.verification_requested": "its code goes to the same mailbox",
	"email.change_requested": "nothing changes before the new address is proven, of which email.changed tells",
	"email.change_cancelled": "nothing changed",
} satisfies Partial<Record<EventType, string>>;
