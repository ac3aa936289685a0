import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

/** For tests: a folder whose name holds a space, with these files in it, gone when the test ends. */
export function temporaryFolder(files = {}) {
	const folder = mkdtempSync(join(tmpdir(), "latchkey test "));
	onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
	writeFiles(folder, files);
	return folder;
}

export function writeFiles(folder, files) {
	for (const [name, content] of Object.entries(files)) {
		mkdirSync(dirname(join(folder, name)), { recursive: true });
		writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
	}
}
