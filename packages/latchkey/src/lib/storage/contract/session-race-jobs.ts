import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Storage } from "../storage.ts";
import { sha256, signIn } from "./fixtures.ts";
import { parallel } from "./parallel.ts";

/** What a process can be told to do with sessions in a race. */
export interface SessionRaceJobs {
	/** How many of the calls moved the generation. */
	advance(input: { sessionId: string; times: number }): Promise<number>;
	/** The secrets of the sessions that were opened. */
	signIn(input: { userId: string; epoch: number; times: number }): Promise<string[]>;
	endAllSessions(input: { userId: string }): Promise<null>;
	/** Ends the user's sessions while others check them, and answers the {@link instant} at which it was acknowledged. */
	endWhileChecked(input: { userId: string; afterMs: number }): Promise<string>;
	/** Checks a session until it is refused; answers how often it was accepted, and when the last of those was asked for. */
	checkUntilRefused(input: { secret: string }): Promise<{ accepted: number; lastAskedAt: string }>;
}

/** Nanoseconds on a clock that all processes of the machine share and that never jumps. */
const instant = () => process.hrtime.bigint().toString();

export function sessionRaceJobs(storage: Storage): SessionRaceJobs {
	return {
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
	};
}
