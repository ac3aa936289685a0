import assert from "node:assert/strict";
import type { Storage } from "../storage.ts";
import { counter, day, hour, newEvent, newPasskey, newUser, nothingToSettle, sha256, signIn } from "./fixtures.ts";
import {
	emailOf,
	first,
	identityOf,
	isLive,
	isLogged,
	loggedEvent,
	second,
	secondSession,
	signInTwice,
	signUp,
	type Write,
	whichOf,
} from "./write.ts";

/** Writes to accounts and sessions, counters and tokens. */
export const coreWrites = {
	createUser: {
		write: (storage, id) =>
			storage.createUser({
				...newUser(id, { id, fields: "{}", passkey: newPasskey(id, { credentialId: id }) }),
				identities: [identityOf(id)],
				events: loggedEvent(id),
			}),
		async isStored(storage, id) {
			const exported = await storage.exportUser(id);
			const parts = exported && {
				identifiers: exported.identifiers.length,
				identities: exported.identities.length,
				password: exported.password !== null,
				sessions: exported.sessions.length,
				passkeys: exported.factors.passkeys.length,
				fields: exported.user.fields,
			};
			const whole = { identifiers: 2, identities: 1, password: true, sessions: 1, passkeys: 1, fields: "{}" };
			const known = (await storage.findCredentials({ kind: "email", canonical: emailOf(id) })) !== null;
			const found = [parts, known, await isLogged(storage, id)];
			return whichOf(id, { before: [null, false, false], after: [whole, true, true] }, found);
		},
	},

	createSession: {
		prepare: signUp,
		write: (storage, id) => {
			const { session, ...input } = signIn(id, { secret: second(id) });
			return storage.createSession({
				...input,
				session: { ...session, began: beganAt(id) },
				replaces: { sessionId: first(id) },
				events: loggedEvent(id),
			});
		},
		async isStored(storage, id) {
			const begun = (await storage.findSessionsOfProvider(beganAt(id))).length;
			const found = [
				await isLive(storage, first(id)),
				await isLive(storage, second(id)),
				begun,
				await isLogged(storage, id),
			];
			return whichOf(id, { before: [true, false, 0, false], after: [false, true, 1, true] }, found);
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
				fields: { from: null, to: "{}" },
				events: loggedEvent(id),
			}),
		async isStored(storage, id) {
			const { user } = (await storage.findCredentialsOfUser(id))!;
			const { name, username, fields } = user;
			const found = [name === "renamed", username === `new ${id}`, fields === "{}", await isLogged(storage, id)];
			return whichOf(id, { before: [false, false, false, false], after: [true, true, true, true] }, found);
		},
	},

	changePassword: {
		prepare: signUp,
		write: (storage, id) => {
			const change = { userId: id, version: 1, sealed: "another", session: secondSession(id) };
			return storage.changePassword({ ...change, settle: nothingToSettle, events: loggedEvent(id) });
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
				(await storage.findCredentials({ kind: "email", canonical: emailOf(id) })) !== null,
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
			const found = [(await storage.listEvents(id, { limit: 10 })).length, await isLogged(storage, id)];
			return whichOf(id, { before: [0, false], after: [2, true] }, found);
		},
	},

	deleteExpired: {
		prepare: async (storage, id) => {
			await signUp(storage, id);
			await storage.putToken({ ...token(id), tokenHash: sha256(`expired ${id}`), lifetimeMs: -1 });
			await storage.putToken(token(id));
		},
		write: (storage) => storage.deleteExpired(100),
		// What has expired is out of use before it is deleted, so it never matters how far that came; the rest must be there.
		async isStored(storage, id) {
			assert.equal(await storage.consumeToken({ purpose: "p", tokenHash: sha256(`expired ${id}`) }), null);
			assert.notEqual(await storage.peekToken({ purpose: "p", tokenHash: sha256(id) }), null);
			return isLive(storage, first(id));
		},
	},
} as const satisfies Partial<Record<keyof Storage, Write>>;

function token(id: string) {
	return { purpose: "p", subject: id, tokenHash: sha256(id), lifetimeMs: hour, payload: null };
}

function beganAt(id: string) {
	return { ...identityOf(id), providerSession: null };
}
