// Not the test runner's `expect`: processes without it use this too.
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { MailClaim } from "../mail-storage.ts";
import type { Storage } from "../storage.ts";
import { day, newEvent, newMail, newUser, sha256, signIn } from "./fixtures.ts";

/** A kind of write, on an account of its own that bears the id of the attempt. */
export interface Write {
	/** What must be there before. The messages that it answers are claimed by the attempt. */
	prepare?(storage: Storage, id: string): Promise<unknown>;
	/** The messages that it answers are claimed by the attempt, too. */
	write(storage: Storage, id: string, claims: readonly MailClaim[]): Promise<unknown>;
	/** Whether it is stored; throws when a part of it is. */
	isStored(storage: Storage, id: string, claims: readonly MailClaim[]): Promise<boolean>;
}

/** Which messages an answer says are claimed. */
export function claimsIn(answer: unknown): MailClaim[] {
	if (!Array.isArray(answer)) return [];
	return answer.filter((one) => "attempts" in one).map(({ id, attempts }) => ({ id, attempts }));
}

export const first = (id: string) => `first of ${id}`;
export const second = (id: string) => `second of ${id}`;
export const emailOf = (id: string) => `${id}@example.com`;
export const identityOf = (id: string) => ({ issuer: "i", subject: id });
export const messageOf = (id: string) => `message of ${id}`;

/** An event, and a message that tells of it. */
export const loggedEvent = (id: string, userId: string = id) => [
	newEvent({ id, userId, type: "written", mails: [longMail(messageOf(id))] }),
];

export const longMail = (id: string) => newMail({ id, lifetimeMs: 30 * day });

/** Somebody with one session, or with two. */
export const signUp = (storage: Storage, id: string, more: { password?: null } = {}) => {
	const { session, ...user } = newUser(id, { id, ...more });
	return storage.createUser({
		...user,
		identities: [{ ...identityOf(id), provider: "p" }],
		session: { ...session!, id: first(id), secretHash: sha256(first(id)) },
	});
};
export const signInTwice = async (storage: Storage, id: string, more: { password?: null } = {}) => {
	await signUp(storage, id, more);
	await storage.createSession(signIn(id, { id: second(id), secret: second(id) }));
};
/** The second session, for what opens it itself. */
export const secondSession = (id: string) => {
	const { userId: _userId, epoch: _epoch, ...session } = signIn(id, { id: second(id), secret: second(id) }).session;
	return session;
};

export const isLive = async (storage: Storage, secret: string) => (await storage.readSession(sha256(secret))) !== null;

/** Whether what {@link loggedEvent} says is written: the event and its message, never one of them. */
export async function isLogged(storage: Storage, id: string, subject: string = id): Promise<boolean> {
	const events = await storage.listEvents(subject, { limit: 10 });
	const logged = events.some((event) => event.id === id);
	assert.equal(await isInOutbox(storage, messageOf(id)), logged, `${id} has an event or its message, and not both`);
	return logged;
}

/** Whether there is a message of this id, in whatever state: then there can be no second one. */
export async function isInOutbox(storage: Storage, messageId: string): Promise<boolean> {
	const another = newEvent({ id: crypto.randomUUID(), mails: [longMail(messageId)] });
	return storage.appendEvents([another]).then(
		() => false,
		(error: unknown) => {
			assert.match(String(error), /unique/i);
			return true;
		},
	);
}

/** Which of the two states this is; anything in between is a half. */
export function whichOf(
	id: string,
	states: { before: readonly unknown[]; after: readonly unknown[] },
	found: unknown[],
): boolean {
	if (isDeepStrictEqual(found, states.after)) return true;
	assert.deepEqual(found, states.before, `${id} is neither as before nor as after`);
	return false;
}
