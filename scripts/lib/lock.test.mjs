import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { withLock } from "./lock.mjs";
import { temporaryFolder, writeFiles } from "./temporary-folder.mjs";

it("lets one in at a time, and tells whoever has to wait", async () => {
	const file = join(temporaryFolder(), "some", "lock");
	const story = [];
	const work = async (name) => {
		story.push(`${name} in`);
		await sleep(20);
		story.push(`${name} out`);
	};
	await Promise.all(
		["a", "b"].map((name) =>
			withLock(
				file,
				() => work(name),
				() => story.push(`${name} waits`),
			),
		),
	);
	expect(story).toEqual(["a in", "b waits", "a out", "b in", "b out"]);
	expect(existsSync(file)).toBe(false);
});

it("lets go when the work fails", async () => {
	const file = join(temporaryFolder(), "lock");
	await expect(withLock(file, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
	expect(await withLock(file, () => "next")).toBe("next");
});

it("takes over from a process that is gone", async () => {
	const folder = temporaryFolder();
	// No system hands out a number this high.
	writeFiles(folder, { lock: "2147483646" });
	expect(await withLock(join(folder, "lock"), () => "in")).toBe("in");
});

it("is taken over from a dead process by one of two that find it so at the same moment", async () => {
	const folder = temporaryFolder();
	writeFiles(folder, { lock: "2147483646" });
	// The first is held up when it has found the lock abandoned and is about to remove it.
	const slow = startWaiter("slow", folder);
	await said(folder, "slow is about to remove");
	const quick = startWaiter("quick", folder);
	await said(folder, "quick waits");
	// Long enough for the second to be in, if it could be.
	await said(folder, "quick in", 1000).catch(() => {});
	writeFileSync(join(folder, "go"), "");
	const codes = (await Promise.all([once(slow, "exit"), once(quick, "exit")])).map(([code]) => code);
	expect(codes).toEqual([0, 0]);
	const story = storyOf(folder).filter((line) => / (in|out)$/.test(line));
	expect(story.map((line) => line.split(" ")[1])).toEqual(["in", "out", "in", "out"]);
	expect(story[0].split(" ")[0]).toBe(story[1].split(" ")[0]);
});

/** A process that takes the lock in the folder and stays in for a while; the one called "slow" dawdles on its way. */
function startWaiter(name, folder) {
	const program = `
		import fs from "node:fs";
		import { syncBuiltinESMExports } from "node:module";
		import { setTimeout as sleep } from "node:timers/promises";
		const [, name, folder, lockModule] = process.argv;
		const say = (what) => fs.appendFileSync(folder + "/story", name + " " + what + "\\n");
		const { rmSync } = fs;
		let held = name !== "slow";
		fs.rmSync = (file, options) => {
			if (!held && file === folder + "/lock") {
				held = true;
				say("is about to remove");
				const never = new Int32Array(new SharedArrayBuffer(4));
				while (!fs.existsSync(folder + "/go")) Atomics.wait(never, 0, 0, 20);
			}
			rmSync(file, options);
		};
		syncBuiltinESMExports();
		const { withLock } = await import(lockModule);
		const work = async () => {
			say("in");
			await sleep(1000);
			say("out");
		};
		await withLock(folder + "/lock", work, () => say("waits"));
	`;
	const lockModule = new URL("lock.mjs", import.meta.url).href;
	return spawn(process.execPath, ["--input-type=module", "-e", program, name, folder, lockModule], {
		stdio: "inherit",
	});
}

async function said(folder, what, timeout = 20_000) {
	await expect.poll(() => storyOf(folder), { timeout }).toContain(what);
}

function storyOf(folder) {
	const file = join(folder, "story");
	return existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
}
