import type { Storage } from "../storage.ts";
import { parallel } from "./parallel.ts";

/** Whose identities are raced for. */
export const raceIssuer = "https://race.example";

/** What a process can be told to do with identities at a provider in a race. */
export interface ProviderRaceJobs {
	/** Whether the identity was unlinked. */
	unlink(input: { userId: string; subject: string }): Promise<string>;
	/** How many of the calls may refresh. */
	claimRefresh(input: { subject: string; times: number }): Promise<number>;
	/** How many of the calls linked the identity to a user of their own. */
	link(input: { subject: string; userIds: string[] }): Promise<number>;
}

export function providerRaceJobs(storage: Storage): ProviderRaceJobs {
	return {
		unlink: ({ userId, subject }) =>
			storage.unlinkIdentity({ userId, issuer: raceIssuer, subject, usableProviders: ["race"], events: [] }),

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
