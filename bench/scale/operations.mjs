/** Everything that the storage port can do, to people picked at random, with few and with many of them. */
import { randomUUID } from "node:crypto";
import { median, ratio, takeTurns } from "../lib/statistics.mjs";
import { openEngine, requestOf } from "./engine.mjs";
import { email, made, newEvent, newSession, pick, sealedPassword, secretHash, sessionId, userId } from "./people.mjs";

const sliceCalls = 24;

export async function measureOperations(small, large, { quick }) {
	const rows = [];
	for (const database of [small, large]) Object.assign(database, await openEngine(database));
	for (const [what, operation] of Object.entries(operations)) {
		const call = (database) => timeSlice(database, operation);
		const sides = { small, large, again: small };
		await takeTurns(sides, 3, call);
		const series = await takeTurns(sides, quick ? 8 : 40, call);
		rows.push({
			what,
			figure: `${median(series.large).toFixed(0)} us`,
			against: `${median(series.small).toFixed(0)} us`,
			ratio: ratio(series.large, series.small),
			budget: { most: 1.2 },
		});
		if (what !== "read a session") continue;
		rows.push({
			what: "  the smaller one against itself",
			figure: `${median(series.again).toFixed(0)} us`,
			against: `${median(series.small).toFixed(0)} us`,
			ratio: ratio(series.again, series.small),
		});
	}
	// What they would write later, somebody else's turn would pay for.
	for (const { engine } of [small, large]) await engine.activity.flush();
	return { rows, notes: ["Each call is for another person. Pairs leave as many rows as there were."] };
}

/** Microseconds for a call. What a call needs is made before the clock starts, what it made goes once it has stopped. */
async function timeSlice(database, { prepare = () => null, run, among = pick }) {
	const { storage, users, auth } = database;
	const calls = [];
	for (let count = 0; count < sliceCalls; count++) {
		const number = among(users);
		calls.push({ number, given: await prepare(storage, number, database) });
	}
	const begin = performance.now();
	for (const { number, given } of calls) await run(storage, number, given, auth);
	const took = performance.now() - begin;
	await database.tidy({ sessions: made.sessions.splice(0), events: made.events.splice(0) });
	return (took * 1000) / sliceCalls;
}

const nothing = { clear: [], giveBack: [] };
const counters = (number) =>
	[`account ${number}`, `address ${number}`].map((key) => ({
		key,
		limit: 1_000_000,
		windowMs: 600_000,
		waitMs: 30_000,
		maxWaitMs: 3_600_000,
	}));

/** Opens one more session of somebody, as it is now. */
async function openSession(storage, number) {
	const { user } = await storage.findCredentialsOfUser(userId(number));
	const session = { ...newSession(), userId: user.id, epoch: user.epoch };
	return storage.createSession({ session, replaces: null, settle: nothing, events: [] });
}

const check = {
	prepare: (_, number, database) => requestOf(database, number),
	run: async (_storage, _number, request, auth) => {
		if ((await auth.readSession(request)) === null) throw new Error("A session is missing");
	},
};
const readSession = { run: (storage, number) => storage.readSession(secretHash(number)) };
const findAccount = {
	run: (storage, number) => storage.findCredentials({ kind: "email", canonical: email(number) }),
};

/** Of as many people everywhere, from one end of the database to the other: what depth costs, without what rareness costs. */
const lately = (operation) => ({ ...operation, among: (users) => pick(500) * Math.floor(users / 500) });

const operations = {
	"a session check, from the cookie to the person": check,
	"  of somebody who was here lately": lately(check),
	"read a session": readSession,
	"  of somebody of whom one was read lately": lately(readSession),
	"find an account by its address": findAccount,
	"  of somebody who was found lately": lately(findAccount),
	"find an account by its id": { run: (storage, number) => storage.findCredentialsOfUser(userId(number)) },
	"count two attempts": { run: (storage, number) => storage.increment(counters(number)) },
	"open a session, settle, record": {
		prepare: (storage, number) => storage.findCredentialsOfUser(userId(number)),
		run: (storage, number, { user }) =>
			storage.createSession({
				session: { ...newSession(), userId: user.id, epoch: user.epoch },
				replaces: null,
				settle: { clear: [`account ${number}`], giveBack: [`address ${number}`] },
				events: [newEvent(user.id)],
			}),
	},
	"note a first sight": {
		prepare: openSession,
		run: (storage, _, session) => storage.recordSight({ sessionId: session.id, generation: 1 }),
	},
	"renew a session": {
		prepare: async (storage, number) => {
			const session = await openSession(storage, number);
			await storage.recordSight({ sessionId: session.id, generation: 1 });
			return session;
		},
		run: (storage, _, session) => storage.advanceGeneration({ sessionId: session.id, generation: 1, graceMs: 0 }),
	},
	"move last-seen of 100 sessions": {
		prepare: (_storage, _number, { users }) => Array.from({ length: 100 }, () => sessionId(pick(users))),
		run: (storage, _, ids) =>
			storage.touchSessions([...new Set(ids)].map((id) => ({ sessionId: id, at: Date.now(), idleMs: 1_209_600_000 }))),
	},
	"list somebody's sessions": { run: (storage, number) => storage.listSessions(userId(number), { limit: 20 }) },
	"list somebody's events": { run: (storage, number) => storage.listEvents(userId(number), { limit: 20 }) },
	"the same, a later page": {
		run: (storage, number) => storage.listEvents(userId(number), { limit: 20, before: "0190ffff" }),
	},
	"end a session": {
		prepare: openSession,
		run: (storage, number, session) =>
			storage.endSession({ userId: userId(number), sessionId: session.id, events: [newEvent(userId(number))] }),
	},
	"change a name": {
		run: (storage, number) => storage.updateUser({ userId: userId(number), name: randomUUID(), events: [] }),
	},
	"put and use a token": {
		run: async (storage, number) => {
			const token = { purpose: "bench", subject: userId(number), tokenHash: secretHash(number) };
			await storage.putToken({ ...token, lifetimeMs: 60_000, payload: null });
			await storage.consumeToken(token);
		},
	},
	"sign up and delete again": {
		run: async (storage) => {
			const id = randomUUID();
			const identifiers = [{ kind: "email", value: `${id}@example.com`, canonical: `${id}@example.com` }];
			const account = { id, name: null, identifiers, identities: [], password: sealedPassword };
			await storage.createUser({ ...account, session: newSession(), replaces: null, events: [newEvent(id)] });
			await storage.deleteUser({ userId: id, pseudonym: id, events: [] });
		},
	},
	"export an account": { run: (storage, number) => storage.exportUser(userId(number)) },
	"delete 5 expired rows": { run: (storage) => storage.deleteExpired(5) },
	"end all others": {
		prepare: openSession,
		run: (storage, number, session) =>
			storage.endOtherSessions({ userId: userId(number), keepSessionId: session.id, events: [] }),
	},
	"change a password": {
		prepare: (storage, number) => storage.findCredentialsOfUser(userId(number)),
		run: (storage, number, { password }) =>
			storage.changePassword({
				userId: userId(number),
				version: password.version,
				sealed: sealedPassword,
				session: newSession(),
				settle: nothing,
				events: [newEvent(userId(number))],
			}),
	},
};
