import { expect, it } from "vitest";
import { throttleRules } from "../../http/throttle.ts";
import { newPasskey, newTotp, newTrustedDevice, nothingToSettle, sha256, signUp } from "./fixtures.ts";
import type { RaceJob } from "./race-jobs.ts";
import type { RaceProcesses } from "./race-processes.ts";
import type { RaceStore } from "./storage-races.ts";

/** What holds for second factors when several processes are shown the same one at the same moment. */
export function factorRaces(context: () => { race: RaceProcesses; store: RaceStore; processes: number }): void {
	const everywhere = async (job: RaceJob): Promise<number> => {
		const { race, processes } = context();
		const answers = (await race.run(Array<RaceJob>(processes).fill(job))) as number[];
		return answers.reduce((total, answer) => total + answer, 0);
	};

	it("[A25] [A23] takes the same code of an app from exactly one of 16 parallel callers", async () => {
		const { storage } = context().store;
		const { userId } = await signUp(storage, "with-app");
		await storage.addTotp(newTotp(userId));
		for (let step = 1001; step <= 1010; step++) {
			expect(await everywhere(["useTotp", { userId, sealed: "$sealed$totp", step, times: 4 }])).toBe(1);
		}
		expect((await storage.readFactors(userId))?.totp?.lastStep).toBe(1010);
	});

	it("[A23] takes the same recovery code from exactly one of 16 parallel callers", async () => {
		const { storage } = context().store;
		const { userId } = await signUp(storage, "with-codes");
		const codes = Array.from({ length: 10 }, (_, index) => `code ${index}`);
		await storage.replaceRecoveryCodes({
			userId,
			epoch: 1,
			codeHashes: codes.map(sha256),
			settle: nothingToSettle,
			events: [],
		});
		for (const [index, code] of codes.entries()) {
			expect(await everywhere(["useRecoveryCode", { userId, code, times: 4 }])).toBe(1);
			expect((await storage.readFactors(userId))?.recoveryCodes).toBe(9 - index);
		}
	});

	it("[A22] judges exactly five of 100 parallel tries at one second step", async () => {
		const { race, processes } = context();
		for (let round = 0; round < 3; round++) {
			const counter = { key: `attempt ${round}`, ...throttleRules.attemptTries };
			const states = await race.run(
				Array.from({ length: processes }, () => ["increment", { counter, times: 100 / processes }] as const),
			);
			expect(states.flat().filter(({ accepted }) => accepted)).toHaveLength(5);
		}
	});

	it("[A30] never moves a passkey's counter back, in whatever order its uses arrive", async () => {
		const { race, store, processes } = context();
		const { userId } = await signUp(store.storage, "with-passkey");
		const passkey = newPasskey(userId, { backupEligible: false });
		await store.storage.addPasskey({ passkey, epoch: 1, limit: 5, events: [] });
		const jobs = Array.from({ length: processes }, (_, process): RaceJob => {
			const counters = Array.from({ length: 10 }, (_, use) => 1 + use * processes + process);
			return ["usePasskey", { id: passkey.id, counters: counters.toReversed() }];
		});
		await race.run(jobs);
		expect((await store.storage.findPasskey(passkey.credentialId))?.counter).toBe(10 * processes);
	});

	it("[A23] rotates a trusted device's token for exactly one of 16 parallel callers, and takes none of them for a thief", async () => {
		const { race, store, processes } = context();
		const { userId } = await signUp(store.storage, "with-device");
		const device = newTrustedDevice(userId);
		await store.storage.addTrustedDevice(device);
		let token = "first";
		for (let round = 0; round < 10; round++) {
			const jobs = Array.from({ length: processes }, (_, process): RaceJob => {
				const next = Array.from({ length: 4 }, (_, call) => `${round} ${process} ${call}`);
				return ["trustDevice", { id: device.id, userId, token, next, graceMs: 60_000 }];
			});
			const given = ((await race.run(jobs)) as string[][]).flat();
			expect(given).toHaveLength(1);
			token = given[0]!;
		}
		expect(await store.storage.listTrustedDevices(userId)).toHaveLength(1);
	});
}
