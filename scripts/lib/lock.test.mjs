import { existsSync } from "node:fs";
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
