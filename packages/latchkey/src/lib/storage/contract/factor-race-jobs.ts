import type { Storage } from "../storage.ts";
import { rotation, sha256 } from "./fixtures.ts";
import { parallel } from "./parallel.ts";

/** What a process can be told to do with second factors in a race. */
export interface FactorRaceJobs {
	/** How many of the calls got the code of an app accepted. */
	useTotp(input: { userId: string; sealed: string; step: number; times: number }): Promise<number>;
	/** How many of the calls got the recovery code. */
	useRecoveryCode(input: { userId: string; code: string; times: number }): Promise<number>;
	/** Notes these counters of a passkey, all at once. */
	usePasskey(input: { id: string; counters: number[] }): Promise<null>;
	/** Whether the passkey was removed. */
	removePasskey(input: { userId: string; keepSessionId: string; id: string }): Promise<string>;
	/** The tokens that the calls were given in the place of the trusted device's present one. */
	trustDevice(input: { id: string; userId: string; token: string; next: string[]; graceMs: number }): Promise<string[]>;
}

export function factorRaceJobs(storage: Storage): FactorRaceJobs {
	return {
		useTotp: async ({ times, ...use }) => {
			const used = await parallel(times, () => storage.recordTotpUse({ ...use, resealed: null }));
			return used.filter(Boolean).length;
		},

		useRecoveryCode: async ({ userId, code, times }) => {
			const codeHash = sha256(code);
			const used = await parallel(times, () => storage.consumeRecoveryCode({ userId, codeHash }));
			return used.filter(Boolean).length;
		},

		usePasskey: async ({ id, counters }) => {
			await Promise.all(counters.map((counter) => storage.recordPasskeyUse({ id, counter, backedUp: false })));
			return null;
		},

		removePasskey: (input) => storage.removePasskey({ ...input, usableProviders: ["race"], events: [] }),

		trustDevice: async ({ token, next, graceMs, ...device }) => {
			const held = { ...device, tokenHash: sha256(token) };
			const calls = next.map((text) => storage.rotateTrustedDevice(rotation(held, text, { graceMs })));
			const answers = await Promise.all(calls);
			return next.filter((_, index) => answers[index] !== null && answers[index] !== "copied");
		},
	};
}
