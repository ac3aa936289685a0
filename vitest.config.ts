import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
	// Every entry of the library is its source, so that no test needs a built library.
	resolve: { alias: libraryEntries() },
	test: {
		projects: [
			{
				extends: true,
				test: {
					name: "unit",
					include: ["packages/latchkey/src/**/*.test.{ts,tsx}", "scripts/**/*.test.mjs"],
					// Starts nothing until a test asks for it.
					globalSetup: ["packages/latchkey/src/lib/storage/postgres/fixtures/shared-server.ts"],
					// Hashing is slow on purpose, and CI machines are small.
					testTimeout: 30_000,
					hookTimeout: 30_000,
				},
			},
			{
				extends: true,
				test: {
					name: "e2e",
					include: ["e2e/**/*.test.ts"],
					globalSetup: ["e2e/global-setup.ts"].filter((file) => existsSync(at(file))),
					fileParallelism: false,
					testTimeout: 60_000,
					hookTimeout: 300_000,
				},
			},
		],
	},
});

function libraryEntries() {
	const manifest = JSON.parse(readFileSync(at("packages/latchkey/package.json"), "utf8")) as { exports: object };
	return Object.keys(manifest.exports)
		.filter((entry) => entry !== "./package.json")
		.map((entry) => {
			const source = `packages/latchkey/src/${entry === "." ? "index" : entry.slice(2)}`;
			const find = new RegExp(`^latchkey${entry.slice(1)}$`);
			return { find, replacement: at(existsSync(at(`${source}.tsx`)) ? `${source}.tsx` : `${source}.ts`) };
		});
}
