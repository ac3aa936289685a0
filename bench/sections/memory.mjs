/** What the process grows by when many passwords wait to be hashed. */
import { availableParallelism } from "node:os";
import { defaultParameters } from "../../packages/latchkey/src/lib/passwords/password-hasher.ts";
import { median } from "../lib/statistics.mjs";
import { startClient } from "../lib/workshop.mjs";

export const title = "Memory while password hashes are queued";

const mib = 1024 * 1024;
// For what is not Argon2id's: promises, garbage that has not been collected, pages of the threads' stacks.
const slackMib = 10;

export async function measure({ quick }) {
	const concurrency = Math.max(1, availableParallelism() - 1);
	const perHash = defaultParameters.memoryKib / 1024;
	const bound = concurrency * perHash + slackMib;
	const rows = [];
	for (const hashes of [1, 16, 256]) {
		const { grownMib, refused } = await grow({ hashes, pooled: true }, quick ? 1 : 3);
		const what = `${hashes} at once${refused > 0 ? `, of which ${refused} refused as busy` : ""}`;
		const ratio = { value: grownMib / (concurrency * perHash) };
		const against = `${concurrency} x ${perHash} MiB`;
		rows.push({
			what,
			figure: `${grownMib.toFixed(1)} MiB`,
			against,
			ratio,
			judged: grownMib,
			budget: { most: bound },
		});
	}
	const { grownMib } = await grow({ hashes: 16, pooled: false }, 1);
	rows.push({ what: "16 at once without the pool", figure: `${grownMib.toFixed(1)} MiB` });
	return { rows, notes: [`The budget in MiB: the pool's hashes and ${slackMib} MiB.`] };
}

/** In processes of their own, since what one has grown to it keeps. */
async function grow(job, times) {
	const results = [];
	for (let time = 0; time < times; time++) {
		const client = startClient("hashes", { nodeOptions: ["--expose-gc"] });
		results.push(await client.ask(job));
		await client.stop();
	}
	return { grownMib: median(results.map(({ grownBytes }) => grownBytes)) / mib, refused: results[0].refused };
}
