/** Sign-ins and sign-ups per second, against the hash alone with the same parameters and the same number in flight. */
import { availableParallelism } from "node:os";
import { hash, verify } from "@node-rs/argon2";
import { defaultParameters } from "../../packages/latchkey/src/lib/passwords/password-hasher.ts";
import { expectStatus, openBenchAuth, send, signUp } from "../lib/engine.mjs";
import { goodPassword } from "../lib/people.mjs";
import { median, ratio, takeTurns } from "../lib/statistics.mjs";

export const title = "Sign-ins per second in process, 16 clients";

const clients = 16;
const sliceMs = 1000;
const argon2id = 2;

export async function measure({ quick }) {
	const { auth } = await openBenchAuth();
	const emails = Array.from({ length: clients }, (_, index) => `regular-${index}@example.com`);
	for (const email of emails) await signUp(auth, email);
	const inFlight = Math.max(1, availableParallelism() - 1);
	const { memoryKib, passes, lanes } = defaultParameters;
	const options = { algorithm: argon2id, memoryCost: memoryKib, timeCost: passes, parallelism: lanes };
	const stored = await hash(goodPassword, options);
	let newcomers = 0;

	const variants = {
		bare: { workers: inFlight, work: () => verify(stored, goodPassword) },
		again: { workers: inFlight, work: () => verify(stored, goodPassword) },
		signIn: {
			workers: clients,
			work: async (client) => {
				const body = { email: emails[client], password: goodPassword };
				await expectStatus(await auth.handle(send("POST", "/api/auth", body)), 200);
			},
		},
		signUp: { workers: clients, work: () => signUp(auth, `newcomer-${newcomers++}@example.com`) },
	};
	await takeTurns(variants, 1, rateOfSlice);
	const rates = await takeTurns(variants, quick ? 3 : 8, rateOfSlice);
	await auth.close();
	return report(rates, inFlight);
}

/** Per second; what was begun in the slice is waited for and counted, with its time. */
async function rateOfSlice({ workers, work }) {
	const begin = performance.now();
	let done = 0;
	await Promise.all(
		Array.from({ length: workers }, async (_, worker) => {
			while (performance.now() < begin + sliceMs) {
				await work(worker);
				done += 1;
			}
		}),
	);
	return (done * 1000) / (performance.now() - begin);
}

function report(rates, inFlight) {
	const bare = `bare Argon2id, ${inFlight} in flight`;
	const figure = (name) => `${median(rates[name]).toFixed(1)} /s`;
	const row = (what, name) => ({ what, figure: figure(name), against: bare, ratio: ratio(rates[name], rates.bare) });
	return {
		rows: [
			{ what: bare, figure: figure("bare") },
			row("the same once more", "again"),
			{ ...row("sign-ins", "signIn"), budget: { least: 0.75 } },
			row("sign-ups", "signUp"),
		],
	};
}
