/** One process at a time, so that `npm start` and `npm test` may run side by side in one folder. */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const staleAfterMs = 30 * 60_000;

/**
 * Waits until nobody else holds the lock, then does the work. A lock left behind by a process that died is taken over.
 * Whoever waited must look again at what there is left to do.
 */
export async function withLock(file, work, onWait = () => {}) {
	mkdirSync(dirname(file), { recursive: true });
	let waited = false;
	while (!take(file)) {
		if (!waited) onWait();
		waited = true;
		await sleep(100);
	}
	try {
		return await work();
	} finally {
		release(file);
	}
}

function take(file) {
	try {
		writeFileSync(file, String(process.pid), { flag: "wx" });
		return true;
	} catch (error) {
		if (error.code !== "EEXIST") throw error;
	}
	if (isAbandoned(file)) clearAway(file);
	return false;
}

/** Under a lock of its own, and judged again there: of two who found it abandoned, one would else remove the other's. */
function clearAway(file) {
	const removal = `${file}.removal`;
	if (!take(removal)) return;
	try {
		if (isAbandoned(file)) rmSync(file, { force: true });
	} finally {
		release(removal);
	}
}

/** One that was held for so long that another has taken it over is the other's. */
function release(file) {
	if (existsSync(file) && ownerOf(file) === process.pid) rmSync(file, { force: true });
}

function isAbandoned(file) {
	try {
		const ageMs = Date.now() - statSync(file).mtimeMs;
		const owner = ownerOf(file);
		// A lock without a number in it is being written this very moment.
		return ageMs > staleAfterMs || (owner > 0 ? !isAlive(owner) : ageMs > 5000);
	} catch {
		return false;
	}
}

function ownerOf(file) {
	return Number(readFileSync(file, "utf8"));
}

function isAlive(pid) {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return error.code === "EPERM";
	}
}
