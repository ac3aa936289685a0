import { randomUUID } from "node:crypto";
import type { Counter, CreatedUser, NewIdentifier, Storage } from "../storage.ts";
import { writeEverything } from "./every-write.ts";
import { type FactorRaceJobs, factorRaceJobs } from "./factor-race-jobs.ts";
import { newEvent, newUser, nothingToSettle, sha256 } from "./fixtures.ts";
import { parallel } from "./parallel.ts";
import { type ProviderRaceJobs, providerRaceJobs } from "./provider-race-jobs.ts";
import { type SessionRaceJobs, sessionRaceJobs } from "./session-race-jobs.ts";

/** What a process can be told to do in a race. Inputs and answers travel as JSON. */
export interface RaceJobs extends FactorRaceJobs, ProviderRaceJobs, SessionRaceJobs {
	increment(input: { counter: Counter; times: number }): Promise<{ accepted: boolean; refusedCount: number }[]>;
	/** How many of the calls got the token. */
	consume(input: { token: string; times: number }): Promise<number>;
	/** How many of the calls got the user. */
	createUsers(input: { identifier: NewIdentifier; times: number }): Promise<number>;
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

export type RaceJob = { [Name in keyof RaceJobs]: [name: Name, input: Parameters<RaceJobs[Name]>[0]] }[keyof RaceJobs];

/** The jobs, on an open store. `report` tells the parent about something before the job is over. */
export function raceJobs(storage: Storage, report: (word: unknown) => void): RaceJobs {
	return {
		...factorRaceJobs(storage),
		...providerRaceJobs(storage),
		...sessionRaceJobs(storage),

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
