/** Child processes: captured, so that only what matters is shown, or handed the terminal. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { Stop } from "./main.mjs";

/**
 * Runs a command and keeps what it says, in the order it was said. Ctrl+C, or another signal to this process, ends the
 * command and throws a `Stop`.
 */
export function capture(command, args, options = {}) {
	return new Promise((resolve, reject) => {
		const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
		const signals = forwardSignals(child);
		const chunks = [];
		child.stdout.on("data", (chunk) => chunks.push(chunk));
		child.stderr.on("data", (chunk) => chunks.push(chunk));
		const end = (code, more = "") => {
			signals.stop();
			if (signals.received !== null) reject(new Stop("Stopped.", exitCode(null, signals.received)));
			else resolve({ code, output: Buffer.concat(chunks).toString("utf8") + more });
		};
		child.once("error", (error) => end(127, `${error.message}\n`));
		child.once("close", (code, signal) => end(exitCode(code, signal)));
	});
}

/**
 * Resolves with the exit code when the child has ended. Signals that reach this process, or the npm that runs it, reach
 * the child.
 */
export function ended(child) {
	const signals = forwardSignals(child);
	return new Promise((resolve) => {
		const end = (code) => {
			signals.stop();
			resolve(code);
		};
		child.once("error", (error) => {
			console.error(error.message);
			end(127);
		});
		child.once("exit", (code, signal) => end(exitCode(code, signal)));
	});
}

function forwardSignals(child) {
	const names = ["SIGINT", "SIGTERM", "SIGHUP"];
	const watch = watchNpm(() => forward("SIGTERM"));
	const signals = {
		received: null,
		stop() {
			clearInterval(watch);
			for (const name of names) process.off(name, forward);
		},
	};
	function forward(signal) {
		signals.received = signal;
		child.kill(signal);
	}
	for (const name of names) process.on(name, forward);
	return signals;
}

/** npm runs a script in a shell, which a signal to npm ends, and which passes none on. */
function watchNpm(onEnd) {
	if (process.env.npm_lifecycle_event === undefined) return null;
	const shell = process.ppid;
	const watch = setInterval(() => {
		if (process.ppid === shell) return;
		clearInterval(watch);
		onEnd();
	}, 200);
	return watch.unref();
}

/** As a shell counts: 128 and the signal's number for a child that a signal ended. */
function exitCode(code, signal) {
	return code ?? 128 + (constants.signals[signal] ?? 0);
}
