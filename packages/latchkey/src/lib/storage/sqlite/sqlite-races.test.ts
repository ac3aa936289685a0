import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { signIn, signUp } from "../contract/fixtures.ts";
import { startRaceProcesses } from "../contract/race-processes.ts";
import { storageRaces } from "../contract/storage-races.ts";
import { openContractStore, temporaryFolder } from "./fixtures/sqlite-contract-store.ts";

const opener = new URL("./fixtures/open-for-race.ts", import.meta.url).href;

storageRaces("SQLite", {
	opener,
	open: () => openContractStore({ clock: Date.now }),
	prepare: async () => {
		const { folder, remove } = temporaryFolder();
		return { target: join(folder, "new folder", "latchkey.db"), cleanup: async () => remove() };
	},
});

it("accepts no session from the memory of any process once another process has ended it", async () => {
	const store = await openContractStore({ clock: Date.now });
	const race = await startRaceProcesses(opener, 3);
	onTestFinished(async () => {
		await race.kill();
		await store.cleanup();
	});
	await race.open(store.target);
	const { userId } = await signUp(store.storage, "ada");
	let accepted = 0;
	for (let round = 0; round < 20; round++) {
		const secret = `secret ${round}`;
		const { user } = (await store.storage.findCredentialsOfUser(userId))!;
		await store.storage.createSession(signIn(userId, { secret, epoch: user.epoch }));
		const [endedAt, ...checked] = await race.run<"endWhileChecked" | "checkUntilRefused">([
			["endWhileChecked", { userId, afterMs: 20 }],
			["checkUntilRefused", { secret }],
			["checkUntilRefused", { secret }],
		]);
		for (const check of checked as { accepted: number; lastAskedAt: string }[]) {
			expect(BigInt(check.lastAskedAt)).toBeLessThan(BigInt(endedAt as string));
			accepted += check.accepted;
		}
	}
	expect(accepted).toBeGreaterThan(1000);
}, 60_000);
