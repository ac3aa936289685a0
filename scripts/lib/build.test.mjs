import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { buildApp, fingerprint } from "./build.mjs";
import { temporaryFolder, writeFiles } from "./temporary-folder.mjs";

const sources = [
	"app/page.tsx",
	"app/docs/page.tsx",
	"app/.well-known/change-password/route.ts",
	"auth.ts",
	"next.config.ts",
	"package-lock.json",
	"public/icon.svg",
	"messages/de.json",
	"packages/latchkey/src/lib/auth.ts",
];

it.each(sources)("changes with %s", (name) => {
	const folder = temporaryFolder({ "app/layout.tsx": "1" });
	const before = fingerprint(folder, {});
	writeFiles(folder, { [name]: "1" });
	const added = fingerprint(folder, {});
	writeFiles(folder, { [name]: "2" });
	expect(new Set([before, added, fingerprint(folder, {})]).size).toBe(3);
});

it.each([
	"packages/latchkey/src/lib/auth.test.ts",
	"packages/latchkey/dist/index.js",
	"packages/latchkey/test/harness.ts",
	"app/page.test.tsx",
	"README.md",
	"docs/guide.md",
	"e2e/sign-in.test.ts",
	"bench/run.mjs",
	"scripts/check.mjs",
	"node_modules/next/package.json",
	"packages/latchkey/node_modules/x/index.js",
	".next/BUILD_ID",
	".data/latchkey.db",
	".git/HEAD",
	".env.local",
	"tsconfig.tsbuildinfo",
])("does not change with %s", (name) => {
	const folder = temporaryFolder({ "app/layout.tsx": "1" });
	const before = fingerprint(folder, {});
	writeFiles(folder, { [name]: "1" });
	expect(fingerprint(folder, {})).toBe(before);
});

it("changes with what Next.js writes into the build, wherever it is set", () => {
	const folder = temporaryFolder({ "app/layout.tsx": "1" });
	const before = fingerprint(folder, {});
	const inEnvironment = fingerprint(folder, { NEXT_PUBLIC_NAME: "a" });
	expect(inEnvironment).not.toBe(before);
	writeFiles(folder, { ".env.local": "NEXT_PUBLIC_NAME=a\nAUTH_SECRET=b\n" });
	expect(fingerprint(folder, {})).toBe(inEnvironment);
});

it("builds when something changed, and only then", async () => {
	const folder = project();
	expect(await buildApp(folder, quiet)).toBe(true);
	expect(await buildApp(folder, quiet)).toBe(false);
	writeFiles(folder, { "app/page.tsx": "2" });
	expect(await buildApp(folder, quiet)).toBe(true);
	rmSync(join(folder, ".next/BUILD_ID"));
	expect(await buildApp(folder, quiet)).toBe(true);
});

it("builds once when two ask at the same moment", async () => {
	const folder = project();
	const built = await Promise.all([buildApp(folder, quiet), buildApp(folder, quiet)]);
	expect(built.sort()).toEqual([false, true]);
});

it("shows all that the build said when it fails, and does not take the rest for a build", async () => {
	const folder = project();
	await buildApp(folder, quiet);
	writeFiles(folder, { "app/page.tsx": "broken" });
	await expect(buildApp(folder, quiet)).rejects.toThrow(/could not compile\nThe application could not be built/);
	expect(existsSync(join(folder, ".next/latchkey-fingerprint"))).toBe(false);
	writeFiles(folder, { "app/page.tsx": "1" });
	expect(await buildApp(folder, quiet)).toBe(true);
	expect(readFileSync(join(folder, ".next/BUILD_ID"), "utf8")).toBe("1");
});

const quiet = { env: process.env, say: () => {} };

/** An application, and a Next.js that "builds" by copying its one page. */
function project() {
	return temporaryFolder({
		"app/page.tsx": "1",
		"node_modules/next/package.json": { type: "module" },
		"node_modules/next/dist/bin/next": `
			import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
			const page = readFileSync("app/page.tsx", "utf8");
			if (page === "broken") {
				console.error("could not compile");
				process.exit(1);
			}
			mkdirSync(".next", { recursive: true });
			writeFileSync(".next/BUILD_ID", page);
		`,
	});
}
