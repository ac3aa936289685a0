import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Counter, CreatedUser, NewIdentifier, Storage } from "../storage.ts";
import { writeEverything } from "./every-write.ts";
import { type FactorRaceJobs, factorRaceJobs } from "./factor-race-jobs.ts";
import { newEvent, newUser, nothingToSettle, sha256, signIn } from "./fixtures.ts";

/** Whose identities are raced for. */
export const raceIssuer = "https://race.example";

/** What a process can be told to do in a race. Inputs and answers travel as JSON. */
export interface RaceJobs extends FactorRaceJobs {
	increment(input: { counter: Counter; times: number }): Promise<{ accepted: boolean; refusedCount: number }[]>;
	/** How many of the calls got the token. */
	consume(input: { token: string; times: number }): Promise<number>;
	/** How many of the calls got the user. */
	createUsers(input: { identifier: NewIdentifier; times: number }): Promise<number>;
	/** How many of the calls moved the generation. */
	advance(input: { sessionId: string; times: number }): Promise<number>;
	/** The secrets of the sessions that were opened. */
	signIn(input: { userId: string; epoch: number; times: number }): Promise<string[]>;
	endAllSessions(input: { userId: string }): Promise<null>;
	/** Ends the user's sessions while others check them, and answers the {@link instant} at which it was acknowledged. */
	endWhileChecked(input: { userId: string; afterMs: number }): Promise<string>;
	/** Checks a session until it is refused; answers how often it was accepted, and when the last of those was asked for. */
	checkUntilRefused(input: { secret: string }): Promise<{ accepted: number; lastAskedAt: string }>;
	/** Whether the identity was unlinked. */
	unlink(input: { userId: string; subject: string }): Promise<string>;
	/** Whether the passkey was removed. */
	removePasskey(input: { userId: string; keepSessionId: string; id: string }): Promise<string>;
	/** How many of the calls may refresh. */
	claimRefresh(input: { subject: string; times: number }): Promise<number>;
	/** How many of the calls linked the identity to a user of their own. */
	link(input: { subject: string; userIds: string[] }): Promise<number>;
	/** The ids of the messages that were claimed. */
	claimMails(input: { limit: number; times: number }): Promise<string[]>;
	/** How many of the calls set the password by the token. */
	resetPassword(input: { userId: string; canonical: string; token: string; times: number }): Promise<number>;
	/** The counts that the calls were answered with. */
	recordFailures(input: { userId: string; times: number }): Promise<number[]>;
	/** Signs people up until the process is killed; each one that was acknowledged is reported. */
	signUpForever(): Promise<null>;
	/** Writes whatever can be written until the process is killed; what it sets out to do and what is done are reported. */
	writeForever(): Promise<null>;
}

/** Nanoseconds on a clock that all processes of the machine share and that never jumps. */
const instant = () => process.hrtime.bigint().toString();

export type RaceJob = { [Name in keyof RaceJobs]: [name: Name, input: Parameters<RaceJobs[Name]>[0]] }[keyof RaceJobs];

/** The jobs, on an open store. `report` tells the parent about something before the job is over. */
export function raceJobs(storage: Storage, report: (word: unknown) => void): RaceJobs {
	return {
		...factorRaceJobs(storage),

		increment: async ({ counter, times }) => {
			// By either way to count: both must hold to one limit.
			const byName = () => storage.countAttempt([counter], { kind: "email", canonical: "ada@example.com" });
			let turn = 0;
			const states = await parallel(times, async () =>
				turn++ % 2 === 0 ? storage.increment([counter]) : (await byName()).states,
			);
			return states.flat().map(({ accepted, refusedCount }) => ({ accepted, refusedCount }));
		},

		consume: async ({ token, times }) => {
			const tokenHash = sha256(token);
			const found = await parallel(times, () => storage.consumeToken({ purpose: "race", tokenHash }));
			return found.filter((record) => record !== null).length;
		},

		createUsers: async ({ identifier, times }) => {
			const created = await parallel(times, (): Promise<CreatedUser> => {
				const label = randomUUID();
				const own = newUser(label).identifiers[1]!;
				return storage.createUser(newUser(label, { identifiers: [identifier, own], events: [newEvent()] }));
			});
			return created.filter(({ ok }) => ok).length;
		},

		advance: async ({ sessionId, times }) => {
			const advanced = await parallel(times, () => storage.advanceGeneration({ sessionId, generation: 1, graceMs: 0 }));
			return advanced.filter((session) => session !== null).length;
		},

		signIn: async ({ userId, epoch, times }) => {
			const secrets = Array.from({ length: times }, () => randomUUID());
			const opened = await Promise.all(
				secrets.map((secret) => storage.createSession(signIn(userId, { secret, epoch }))),
			);
			return secrets.filter((_, index) => opened[index] !== null);
		},

		endAllSessions: async ({ userId }) => {
			await storage.endAllSessions({ userId, events: [] });
			return null;
		},

		endWhileChecked: async ({ userId, afterMs }) => {
			await sleep(afterMs);
			await storage.endAllSessions({ userId, events: [] });
			return instant();
		},

		checkUntilRefused: async ({ secret }) => {
			let last = "";
			for (let accepted = 0; ; accepted++) {
				const askedAt = instant();
				if ((await storage.readSession(sha256(secret), 1)) === null) return { accepted, lastAskedAt: last };
				last = askedAt;
			}
		},

		unlink: ({ userId, subject }) =>
			storage.unlinkIdentity({ userId, issuer: raceIssuer, subject, usableProviders: ["race"], events: [] }),

		removePasskey: (input) => storage.removePasskey({ ...input, usableProviders: ["race"], events: [] }),

		claimRefresh: async ({ subject, times }) => {
			const claim = () => storage.claimRefresh({ issuer: raceIssuer, subject, version: 1, leaseMs: 60_000 });
			return (await parallel(times, claim)).filter(Boolean).length;
		},

		link: async ({ subject, userIds }) => {
			const identity = {
				issuer: raceIssuer,
				subject,
				provider: "race",
				label: null,
				verifiedEmail: null,
				epoch: null,
				events: [],
			};
			const linked = await Promise.all(userIds.map((userId) => storage.linkIdentity({ ...identity, userId })));
			return linked.filter((answer) => answer === "linked").length;
		},

		claimMails: async ({ limit, times }) => {
			const claimed = await parallel(times, () => storage.claimMails({ limit, leaseMs: 60_000 }));
			return claimed.flat().map(({ id }) => id);
		},

		resetPassword: async ({ userId, canonical, token, times }) => {
			const tokenHash = sha256(token);
			const reset = await parallel(times, () =>
				storage.resetPassword({
					userId,
					canonical,
					token: { purpose: "password-reset", tokenHash },
					sealed: randomUUID(),
					settle: nothingToSettle,
					events: [newEvent({ id: randomUUID(), userId })],
				}),
			);
			return reset.filter((user) => user !== null).length;
		},

		recordFailures: ({ userId, times }) => parallel(times, () => storage.recordFailure({ userId, events: [] })),

		signUpForever: async () => {
			for (;;) {
				const input = newUser(randomUUID());
				const events = [newEvent({ id: randomUUID(), userId: input.id })];
				if ((await storage.createUser({ ...input, events })).ok) report(input.id);
			}
		},

		writeForever: async () => {
			await Promise.all(Array.from({ length: 4 }, () => writeEverything(storage, report)));
			return null;
		},
	};
}

function parallel<T>(times: number, call: () => Promise<T>): Promise<T[]> {
	return Promise.all(Array.from({ length: times }, call));
}
