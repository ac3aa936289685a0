import { describe, expect, it } from "vitest";
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

	it("has words of its own", () => {
		expect(Object.keys(en.notices)).toEqual(expect.arrayContaining([...noticedEvents, "user.updated"]));
		const ownMails = ["email.changed", "user.deletion_requested", "user.deleted"];
		expect(noticedEvents.filter((type) => ownMails.includes(type))).toEqual([]);
		expect(eventTypes).toEqual(expect.arrayContaining(ownMails));
	});
});
