/** Everything that the storage port can do, and what a person does as a whole, to people picked at random among few and among many. */
import { randomUUID } from "node:crypto";
import { expectStatus } from "../lib/engine.mjs";
import { goodPassword } from "../lib/people.mjs";
import { median, ratio, takeTurns } from "../lib/statistics.mjs";
import { cookieOf, fromAnywhere, givePasswords, openEngines, requestOf } from "./engine.mjs";
import { email, made, newEvent, newSession, pick, sealedPassword, secretHash, sessionId, userId } from "./people.mjs";

const budget = { most: 1.2 };
const sliceCalls = 8;

/** Narrow enough to tell 1.2 from 1.3, or as long as an operation is given. */
const enough = { width: 0.05, fewest: 100, milliseconds: 10_000 };

/** Two tables: `steady` is what must keep the budget, `lookUps` what only finds rows, of which decision 043 says why it may not. */
export async function measureOperations({ databases: [small, large], warm }, { quick }) {
	for (const database of [small, large]) {
		Object.assign(database, await openEngines(database));
		await givePasswords(database, signers(database.users));
		if (database.statements) await remembersAgain(database);
	}
	await warm?.();
	const tables = { steady: [], lookUps: [] };
	for (const [what, operation] of Object.entries(operations)) {
		const rows = await measureOperation(what, operation, { small, large, quick });
		tables[operation.looksUp ? "lookUps" : "steady"].push(...rows);
	}
	return tables;
}

async function measureOperation(what, operation, { small, large, quick }) {
	const sides = { small, large, ...(operation.again && { again: small }) };
	const series = await takeEnoughTurns(sides, (database) => timeSlice(database, operation), {
		quick,
		mostRounds: operation.rounds ?? Number.POSITIVE_INFINITY,
	});
	for (const database of [small, large]) await database.settle?.();
	const row = (name, label) => ({
		what: label,
		figure: `${median(series[name]).toFixed(0)} us`,
		against: `${median(series.small).toFixed(0)} us`,
		ratio: ratio(series[name], series.small),
	});
	const rows = [{ ...row("large", what), budget }];
	return operation.again ? [...rows, row("again", "  the smaller one against itself")] : rows;
}

async function takeEnoughTurns(sides, call, { quick, mostRounds }) {
	await takeTurns(sides, 3, call);
	const series = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
	const end = performance.now() + enough.milliseconds;
	for (;;) {
		const more = await takeTurns(sides, 10, call);
		for (const name of Object.keys(sides)) series[name].push(...more[name]);
		const { low, high } = ratio(series.large, series.small);
		const rounds = series.small.length;
		if (quick || performance.now() > end || rounds >= mostRounds) return series;
		if (rounds >= enough.fewest && high - low < enough.width) return series;
	}
}

/**
 * Microseconds of the slice's median call, so that a neighbour's turn on the processor is not taken for ours. What a call needs is
 * made before its clock starts, what it made goes once the clocks have stopped.
 */
async function timeSlice(database, { prepare = () => null, run, undo = () => {}, among = pick, calls = sliceCalls }) {
	const { storage, users } = database;
	const given = [];
	for (let count = 0; count < calls; count++) {
		const number = among(users);
		given.push({ number, prepared: await prepare(storage, number, database) });
	}
	const times = [];
	for (const call of given) {
		const begin = performance.now();
		call.answer = await run(storage, call.number, call.prepared, database);
		times.push((performance.now() - begin) * 1000);
	}
	for (const { answer } of given) await undo(storage, answer);
	const [sessions, events] = [made.sessions.splice(0), made.events.splice(0)];
	if (sessions.length + events.length > 0) await database.tidy({ sessions, events });
	return median(times);
}

/** Some of the people everywhere, who have a password that fits. */
const signers = (users) => Array.from({ length: 100 }, (_, index) => index * Math.floor(users / 100));

/** Of 997 people everywhere each once, in no order. */
const turns = new Map();
function once(users) {
	const turn = turns.get(users) ?? 0;
	turns.set(users, turn + 1);
	return ((turn * 617) % 997) * Math.floor(users / 1000);
}

/** Until sessions are remembered: that begins with the first who asks. */
async function remembersAgain(database) {
	for (let tries = 0; tries < 200; tries++) {
		const before = database.statements();
		await check.run(null, 0, requestOf(database, 0), database);
		if (database.statements() === before) return;
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	throw new Error("No session is remembered");
}

const nothing = { clear: [], giveBack: [] };
const counters = () =>
	[`account ${randomUUID()}`, `address ${randomUUID()}`].map((key) => ({
		key,
		limit: 1_000_000,
		windowMs: 600_000,
		waitMs: 30_000,
		maxWaitMs: 3_600_000,
	}));

/** Opens one more session of somebody, as it is now. */
async function openSession(storage, number) {
	const { user } = await storage.findCredentialsOfUser(userId(number));
	const { secret, ...rest } = newSession();
	const session = { ...rest, userId: user.id, epoch: user.epoch };
	return { secret, session: await storage.createSession({ session, replaces: null, settle: nothing, events: [] }) };
}

const check = {
	prepare: (_, number, database) => requestOf(database, number),
	run: async (_storage, _number, request, { auth }) => {
		if ((await auth.readSession(request)) === null) throw new Error("A session is missing");
	},
};
const askingCheck = {
	...check,
	run: (_, number, request, { asking }) => check.run(_, number, request, { auth: asking }),
};

/** What a person does as a whole, in process. */
const wholes = {
	"a session check, answered from memory": {
		prepare: async (storage, number, database) => {
			const request = requestOf(database, number);
			await check.run(storage, number, request, database);
			return request;
		},
		run: async (storage, number, request, database) => {
			const before = database.statements?.();
			await check.run(storage, number, request, database);
			if (database.statements?.() !== before) throw new Error("The database was asked");
		},
	},
	"sign in with a password, hashing included": {
		calls: 2,
		among: (users) => signers(users)[Math.floor(Math.random() * 100)],
		run: async (_storage, number, _given, { auth }) => {
			const body = { email: email(number), password: goodPassword };
			await expectStatus(await auth.handle(fromAnywhere("POST", "/api/auth", body)), 200);
		},
	},
	"sign up, hashing included": {
		calls: 2,
		run: async (_storage, _number, _given, { auth }) => {
			const body = { email: `${randomUUID()}@example.com`, password: goodPassword };
			return expectStatus(await auth.handle(fromAnywhere("POST", "/api/auth/sign-up", body)), 201);
		},
		undo: async (storage, response) => {
			const { user } = await response.json();
			await storage.deleteUser({ userId: user.id, pseudonym: user.id, events: [] });
		},
	},
	"refresh, with a new generation": {
		among: once,
		rounds: 100,
		// Whoever refreshes was there a moment ago. Among a thousand everybody was.
		prepare: async (storage, number, database) => {
			await check.run(storage, number, requestOf(database, number), database);
			return requestOf(database, number, (_path, headers) =>
				fromAnywhere("POST", "/api/auth/refresh", undefined, headers),
			);
		},
		run: async (_storage, _number, request, { auth }) => expectStatus(await auth.handle(request), 200),
	},
	"sign out": {
		prepare: async (storage, number, database) => {
			const { session, secret } = await openSession(storage, number);
			return fromAnywhere("DELETE", "/api/auth", undefined, cookieOf(database, session, secret));
		},
		run: async (_storage, _number, request, { auth }) => expectStatus(await auth.handle(request), 200),
	},
};
const readSession = { looksUp: true, run: (storage, number) => storage.readSession(secretHash(number)) };
const findAccount = {
	looksUp: true,
	run: (storage, number) => storage.findCredentials({ kind: "email", canonical: email(number) }),
};

/** Of as many people everywhere, from one end of the database to the other: what depth costs, without what rareness costs. */
const lately = (operation) => ({ ...operation, among: (users) => pick(500) * Math.floor(users / 500) });

const operations = {
	...wholes,
	"a session check that asks the database": { ...askingCheck, looksUp: true },
	"  of somebody who was here lately": { ...lately(askingCheck), looksUp: true },
	"read a session": { ...readSession, again: true },
	"  of somebody of whom one was read lately": lately(readSession),
	"find an account by its address": findAccount,
	"  of somebody who was found lately": lately(findAccount),
	"find an account by its id": {
		looksUp: true,
		run: (storage, number) => storage.findCredentialsOfUser(userId(number)),
	},
	"count two attempts": { prepare: counters, run: (storage, _, counted) => storage.increment(counted) },
	"open a session, settle, record": {
		prepare: async (storage, number) => {
			const { user } = await storage.findCredentialsOfUser(userId(number));
			const [account, address] = await storage.increment(counters());
			return { user, settle: { clear: [account.key], giveBack: [address.key] } };
		},
		run: (storage, _, { user, settle }) => {
			const session = { ...newSession(), userId: user.id, epoch: user.epoch };
			return storage.createSession({ session, replaces: null, settle, events: [newEvent(user.id)] });
		},
	},
	"note a first sight": {
		prepare: openSession,
		run: (storage, _, { session }) => storage.recordSight({ sessionId: session.id, generation: 1 }),
	},
	"renew a session": {
		prepare: async (storage, number) => {
			const { session } = await openSession(storage, number);
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
	"list somebody's sessions": {
		looksUp: true,
		run: (storage, number) => storage.listSessions(userId(number), { limit: 20 }),
	},
	"list somebody's events": {
		looksUp: true,
		run: (storage, number) => storage.listEvents(userId(number), { limit: 20 }),
	},
	"the same, a later page": {
		looksUp: true,
		run: (storage, number) => storage.listEvents(userId(number), { limit: 20, before: "0190ffff" }),
	},
	"end a session": {
		prepare: openSession,
		run: (storage, number, { session }) =>
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
	"export an account": { looksUp: true, run: (storage, number) => storage.exportUser(userId(number)) },
	"delete 5 expired rows": { run: (storage) => storage.deleteExpired(5) },
	"end all others": {
		prepare: openSession,
		run: (storage, number, { session }) =>
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
