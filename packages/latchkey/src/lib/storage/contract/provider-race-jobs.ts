import { randomUUID } from "node:crypto";
import type { Storage } from "../storage.ts";
import { signIn } from "./fixtures.ts";
import { parallel } from "./parallel.ts";

/** Whose identities are raced for. */
export const raceIssuer = "https://race.example";

/** What a process can be told to do with identities at a provider in a race. */
export interface ProviderRaceJobs {
	/** Whether the identity was unlinked. */
	unlink(input: { userId: string; keepSessionId: string; subject: string }): Promise<string>;
	/** The secrets of the sessions that were opened by an identity. */
	signInBy(input: { userId: string; epoch: number; subject: string; times: number }): Promise<string[]>;
	/** How many of the calls may refresh. */
	claimRefresh(input: { subject: string; times: number }): Promise<number>;
	/** How many of the calls linked the identity to a user of their own. */
	link(input: { subject: string; userIds: string[] }): Promise<number>;
}

export function providerRaceJobs(storage: Storage): ProviderRaceJobs {
	return {
		unlink: async (input) => {
			const asked = { ...input, issuer: raceIssuer, usableProviders: ["race"], events: [] };
			const unlinked = await storage.unlinkIdentity(asked);
			return typeof unlinked === "number" ? "unlinked" : unlinked;
		},

		signInBy: async ({ userId, epoch, subject, times }) => {
			const began = { issuer: raceIssuer, subject, providerSession: null };
			const secrets = Array.from({ length: times }, () => randomUUID());
			const opened = await Promise.all(
				secrets.map((secret) => storage.createSession(signIn(userId, { secret, epoch, began }))),
			);
			return secrets.filter((_, index) => opened[index] !== null);
		},

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
	};
}
