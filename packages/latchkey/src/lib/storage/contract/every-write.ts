// Not the test runner's `expect`: processes without it use this too.
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { Storage } from "../storage.ts";
import { counter, day, hour, newEvent, newUser, nothingToSettle, sha256, signIn } from "./fixtures.ts";

/** One write that somebody set out to do, on an account of its own that bears its id. */
export interface Attempt {
	id: string;
	kind: WriteKind;
}

interface Write {
	/** What must be there before. */
	prepare?(storage: Storage, id: string): Promise<unknown>;
	write(storage: Storage, id: string): Promise<unknown>;
	/** Whether it is stored; throws when a part of it is. */
	isStored(storage: Storage, id: string): Promise<boolean>;
}

const first = (id: string) => `first of ${id}`;
const second = (id: string) => `second of ${id}`;
const identity = (id: string) => ({ kind: "email" as const, canonical: `${id}@example.com` });
const loggedEvent = (id: string, userId: string = id) => [newEvent({ id, userId, type: "written" })];

/** Somebody with one session, or with two. */
const signUp = (storage: Storage, id: string) => {
	const { session, ...user } = newUser(id, { id });
	return storage.createUser({ ...user, session: { ...session!, id: first(id), secretHash: sha256(first(id)) } });
};
const signInTwice = async (storage: Storage, id: string) => {
	await signUp(storage, id);
	await storage.createSession(signIn(id, { id: second(id), secret: second(id) }));
};

const isLive = async (storage: Storage, secret: string) => (await storage.readSession(sha256(secret))) !== null;
const isLogged = async (storage: Storage, id: string, subject: string = id) =>
	(await storage.listEvents(subject, { limit: 10 })).some((event) => event.id === id);

/** Which of the two states this is; anything in between is a half. */
function whichOf(
	id: string,
	states: { before: readonly unknown[]; after: readonly unknown[] },
	found: unknown[],
): boolean {
	if (isDeepStrictEqual(found, states.after)) return true;
	assert.deepEqual(found, states.before, `${id} is neither as before nor as after`);
	return false;
}

/** Every kind of write that the port has. */
export const everyWrite = {
	createUser: {
		write: (storage, id) =>
			storage.createUser({
				...newUser(id, { id }),
				identities: [{ issuer: "i", subject: id }],
				events: loggedEvent(id),
			}),
		async isStored(storage, id) {
			const exported = await storage.exportUser(id);
			const parts = exported && {
				identifiers: exported.identifiers.length,
				identities: exported.identities.length,
				password: exported.password !== null,
				sessions: exported.sessions.length,
			};
			const whole = { identifiers: 2, identities: 1, password: true, sessions: 1 };
			const known = (await storage.findCredentials(identity(id))) !== null;
			const found = [parts, known, await isLogged(storage, id)];
			return whichOf(id, { before: [null, false, false], after: [whole, true, true] }, found);
		},
	},

	createSession: {
		prepare: signUp,
		write: (storage, id) =>
			storage.createSession({
				...signIn(id, { secret: second(id) }),
				replaces: { sessionId: first(id) },
				events: loggedEvent(id),
			}),
		async isStored(storage, id) {
			const found = [await isLive(storage, first(id)), await isLive(storage, second(id)), await isLogged(storage, id)];
			return whichOf(id, { before: [true, false, false], after: [false, true, true] }, found);
		},
	},

	recordSight: {
		prepare: signUp,
		write: (storage, id) => storage.recordSight({ sessionId: first(id), generation: 1 }),
		isStored: async (storage, id) => (await storage.readSession(sha256(first(id))))!.session.generationSeen === 1,
	},

	advanceGeneration: {
		prepare: async (storage, id) => {
			await signUp(storage, id);
			await storage.recordSight({ sessionId: first(id), generation: 1 });
		},
		write: (storage, id) => storage.advanceGeneration({ sessionId: first(id), generation: 1, graceMs: 0 }),
		isStored: async (storage, id) => (await storage.readSession(sha256(first(id))))!.session.generation === 2,
	},

	touchSessions: {
		prepare: signUp,
		write: async (storage, id) => {
			const { session } = (await storage.readSession(sha256(first(id))))!;
			await storage.touchSessions([{ sessionId: session.id, at: session.lastSeenAt + 1, idleMs: 2 * day }]);
		},
		async isStored(storage, id) {
			const { createdAt, idleExpiresAt } = (await storage.readSession(sha256(first(id))))!.session;
			return idleExpiresAt >= createdAt + 2 * day;
		},
	},

	endSession: {
		prepare: signUp,
		write: (storage, id) => storage.endSession({ userId: id, sessionId: first(id), events: loggedEvent(id) }),
		async isStored(storage, id) {
			const found = [await isLive(storage, first(id)), await isLogged(storage, id)];
			return whichOf(id, { before: [true, false], after: [false, true] }, found);
		},
	},

	endOtherSessions: {
		prepare: signInTwice,
		write: (storage, id) => storage.endOtherSessions({ userId: id, keepSessionId: first(id), events: loggedEvent(id) }),
		async isStored(storage, id) {
			const found = [await isLive(storage, first(id)), await isLive(storage, second(id)), await isLogged(storage, id)];
			return whichOf(id, { before: [true, true, false], after: [true, false, true] }, found);
		},
	},

	endAllSessions: {
		prepare: signInTwice,
		write: (storage, id) => storage.endAllSessions({ userId: id, events: loggedEvent(id) }),
		async isStored(storage, id) {
			const found = [await isLive(storage, first(id)), await isLive(storage, second(id)), await isLogged(storage, id)];
			return whichOf(id, { before: [true, true, false], after: [false, false, true] }, found);
		},
	},

	updateUser: {
		prepare: signUp,
		write: (storage, id) =>
			storage.updateUser({
				userId: id,
				name: "renamed",
				username: { value: `new ${id}`, canonical: `new ${id}` },
				events: loggedEvent(id),
			}),
		async isStored(storage, id) {
			const { user } = (await storage.findCredentialsOfUser(id))!;
			const found = [user.name === "renamed", user.username === `new ${id}`, await isLogged(storage, id)];
			return whichOf(id, { before: [false, false, false], after: [true, true, true] }, found);
		},
	},

	changePassword: {
		prepare: signUp,
		write: (storage, id) => {
			const { userId: _userId, epoch: _epoch, ...session } = signIn(id, { secret: second(id) }).session;
			const change = { userId: id, version: 1, sealed: "another", session, settle: nothingToSettle };
			return storage.changePassword({ ...change, events: loggedEvent(id) });
		},
		async isStored(storage, id) {
			const { password } = (await storage.findCredentialsOfUser(id))!;
			const sessions = [await isLive(storage, first(id)), await isLive(storage, second(id))];
			const found = [password!.version, password!.sealed === "another", ...sessions, await isLogged(storage, id)];
			return whichOf(id, { before: [1, false, true, false, false], after: [2, true, false, true, true] }, found);
		},
	},

	resealPassword: {
		prepare: signUp,
		write: (storage, id) =>
			storage.resealPassword({ userId: id, version: 1, from: `$sealed$${id}`, to: "sealed anew" }),
		isStored: async (storage, id) => (await storage.findCredentialsOfUser(id))!.password!.sealed === "sealed anew",
	},

	deleteUser: {
		prepare: signUp,
		write: (storage, id) =>
			storage.deleteUser({ userId: id, pseudonym: `once ${id}`, events: loggedEvent(id, `once ${id}`) }),
		async isStored(storage, id) {
			const found = [
				(await storage.exportUser(id)) !== null,
				(await storage.findCredentials(identity(id))) !== null,
				await isLive(storage, first(id)),
				await isLogged(storage, id, `once ${id}`),
			];
			return whichOf(id, { before: [true, true, true, false], after: [false, false, false, true] }, found);
		},
	},

	increment: {
		write: (storage, id) => storage.increment([counter(id, { limit: 1, windowMs: day })]),
		// It counted if there is no attempt left.
		isStored: async (storage, id) =>
			!(await storage.increment([counter(id, { limit: 1, windowMs: day })]))[0]!.accepted,
	},

	countAttempt: {
		write: (storage, id) =>
			storage.countAttempt([counter(id, { limit: 1, windowMs: day })], { kind: "email", canonical: id }),
		isStored: async (storage, id) =>
			!(await storage.increment([counter(id, { limit: 1, windowMs: day })]))[0]!.accepted,
	},

	putToken: {
		write: (storage, id) => storage.putToken(token(id)),
		async isStored(storage, id) {
			const found = await storage.consumeToken({ purpose: "p", tokenHash: sha256(id) });
			assert.equal(await storage.consumeToken({ purpose: "p", tokenHash: sha256(id) }), null);
			return found !== null;
		},
	},

	consumeToken: {
		prepare: (storage, id) => storage.putToken(token(id)),
		write: (storage, id) => storage.consumeToken({ purpose: "p", tokenHash: sha256(id) }),
		// What one got, nobody gets again.
		isStored: async (storage, id) => (await storage.consumeToken({ purpose: "p", tokenHash: sha256(id) })) === null,
	},

	appendEvents: {
		write: (storage, id) =>
			storage.appendEvents([...loggedEvent(id), newEvent({ id: `${id} too`, userId: id, type: "written" })]),
		async isStored(storage, id) {
			const found = (await storage.listEvents(id, { limit: 10 })).length;
			return whichOf(id, { before: [0], after: [2] }, [found]);
		},
	},
} as const satisfies Record<string, Write>;

export type WriteKind = keyof typeof everyWrite;

function token(id: string) {
	return { purpose: "p", subject: id, tokenHash: sha256(id), lifetimeMs: hour, payload: null };
}

/** Sets out to write: says so once everything it needs is there, and once more when it is acknowledged. */
export async function writeOnce(
	storage: Storage,
	attempt: Attempt,
	report: (word: AttemptReport) => void,
): Promise<void> {
	const { prepare, write }: Write = everyWrite[attempt.kind];
	await prepare?.(storage, attempt.id);
	report({ ...attempt, acknowledged: false });
	await write(storage, attempt.id);
	report({ ...attempt, acknowledged: true });
}

export interface AttemptReport extends Attempt {
	acknowledged: boolean;
}

/** What was acknowledged is stored, and what was not is stored whole or not at all. Answers how many were acknowledged. */
export async function expectNothingHalf(storage: Storage, reports: readonly AttemptReport[]): Promise<number> {
	const attempts = new Map(reports.map((report) => [report.id, report]));
	for (const report of reports) if (report.acknowledged) attempts.set(report.id, report);
	let acknowledged = 0;
	for (const attempt of attempts.values()) {
		const isStored = await (everyWrite[attempt.kind] as Write).isStored(storage, attempt.id);
		if (!attempt.acknowledged) continue;
		acknowledged += 1;
		assert.ok(isStored, `${attempt.kind} ${attempt.id} was acknowledged and is lost`);
	}
	return acknowledged;
}

/** One of each kind after the other, for ever or until one fails. */
export async function writeEverything(storage: Storage, report: (word: AttemptReport) => void): Promise<void> {
	for (;;) {
		for (const kind of Object.keys(everyWrite) as WriteKind[]) {
			await writeOnce(storage, { id: crypto.randomUUID(), kind }, report);
		}
	}
}
