import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { RaceJob, RaceJobs } from "./race-jobs.ts";
import type { FromWorker, ToWorker } from "./race-worker.ts";

const worker = fileURLToPath(new URL("./race-worker.ts", import.meta.url));

/** Long enough for an order to reach every process before it may begin. */
const barrierMs = 20;

/** Processes of their own, each with the adapter loaded, that do what they are told at the same moment. */
export interface RaceProcesses {
	/** Every process opens the database at once. */
	open(target: string): Promise<void>;
	/** Every process closes what it has open. */
	close(): Promise<void>;
	/** One job for each process, all at once; the answers in the same order. */
	run<Name extends keyof RaceJobs>(
		jobs: readonly (RaceJob & { 0: Name })[],
	): Promise<Awaited<ReturnType<RaceJobs[Name]>>[]>;
	/** The same job in every process; `onReport` hears what they report meanwhile. Rejects when one of them fails. */
	runReporting(job: RaceJob, onReport: (word: unknown) => void): Promise<void>;
	/** Kills every process as `kill -9` does, and waits until they are gone. */
	kill(): Promise<void>;
}

/** Starts the processes. `module` is the URL of the adapter's opener. */
export async function startRaceProcesses(module: string, count: number): Promise<RaceProcesses> {
	const children = Array.from({ length: count }, () =>
		// Its own arguments only: the test runner's loaders must not come along.
		fork(worker, { execArgv: [], env: { ...process.env, NODE_OPTIONS: "" }, stdio: "inherit" }),
	);
	await Promise.all(children.map((child) => order(child, { say: "load", module })));
	return {
		async open(target) {
			const at = Date.now() + barrierMs;
			await Promise.all(children.map((child) => order(child, { say: "open", target, at })));
		},

		async close() {
			await Promise.all(children.map((child) => order(child, { say: "close" })));
		},

		async run(jobs) {
			const at = Date.now() + barrierMs;
			const answers = jobs.map((job, index) => order(children[index]!, { say: "run", job, at }));
			return (await Promise.all(answers)) as never;
		},

		async runReporting(job, onReport) {
			const at = Date.now() + barrierMs;
			const answers = children.map((child) => {
				child.on("message", (message: FromWorker) => {
					if (message.say === "reported") onReport(message.word);
				});
				return order(child, { say: "run", job, at });
			});
			await Promise.all(answers);
		},

		async kill() {
			await Promise.all(
				children.map(async (child) => {
					if (child.exitCode !== null || child.signalCode !== null) return;
					const gone = once(child, "exit");
					child.kill("SIGKILL");
					await gone;
				}),
			);
		},
	};
}

/** Sends one message and waits for its answer. */
function order(child: ChildProcess, message: ToWorker): Promise<unknown> {
	return new Promise((resolve, reject) => {
		const stop = () => {
			child.off("message", hear);
			child.off("exit", die);
		};
		const hear = (answer: FromWorker) => {
			if (answer.say === "reported") return;
			stop();
			if (answer.say === "done") resolve(answer.answer);
			else reject(new Error(answer.reason));
		};
		const die = (code: number | null) => {
			stop();
			reject(new Error(`A process of the race ended early (${code})`));
		};
		child.on("message", hear);
		child.on("exit", die);
		child.send(message);
	});
}
