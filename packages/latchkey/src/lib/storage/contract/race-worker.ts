import type { Storage } from "../storage.ts";
import { type RaceJob, raceJobs } from "./race-jobs.ts";

/** A module that opens the database of a race: the one thing that an adapter brings to this process. */
export interface RaceOpener {
	openForRace(target: string): Promise<Storage>;
}

export type ToWorker =
	| { say: "load"; module: string }
	| { say: "open"; target: string; at: number }
	| { say: "close" }
	| { say: "run"; job: RaceJob; at: number };

export type FromWorker =
	| { say: "done"; answer: unknown }
	| { say: "failed"; reason: string }
	| { say: "reported"; word: unknown };

let opener: RaceOpener | undefined;
let storage: Storage | undefined;

process.on("message", async (message: ToWorker) => {
	try {
		answer({ say: "done", answer: await obey(message) });
	} catch (error) {
		answer({ say: "failed", reason: String((error as Error).stack) });
	}
});

async function obey(message: ToWorker): Promise<unknown> {
	if (message.say === "load") {
		opener = await import(message.module);
		return null;
	}
	if (message.say === "close") {
		await storage?.close();
		return null;
	}
	// The barrier: every process has its orders by then, and leaves off at the same moment.
	while (Date.now() < message.at);
	if (message.say === "open") {
		storage = await opener!.openForRace(message.target);
		return null;
	}
	const [name, input] = message.job;
	const jobs = raceJobs(storage!, (word) => answer({ say: "reported", word }));
	return (jobs[name] as (input: unknown) => Promise<unknown>)(input);
}

function answer(message: FromWorker): void {
	process.send!(message);
}
