import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import type { TestProject } from "vitest/node";
import { buildApp } from "../scripts/lib/build.mjs";
import { chromiumArguments, ensureChromium } from "../scripts/lib/chromium.mjs";
import { root } from "../scripts/lib/main.mjs";
import { startApplication } from "./application.ts";

declare module "vitest" {
	interface ProvidedContext {
		/** The origin of the application under test. */
		origin: string;
		/** Where the one browser of the run listens. */
		browser: string;
	}
}

/** Builds the application if need be, serves it with a database of its own, and starts one browser for all files. */
export default async function setUp(project: TestProject) {
	await buildApp(root);
	const folder = mkdtempSync(join(tmpdir(), "latchkey e2e "));
	const application = await startApplication({ AUTH_DATABASE_URL: `file:${join(folder, "auth.db")}` });
	const browser = await chromium.launchServer({ executablePath: ensureChromium(), args: chromiumArguments });
	project.provide("origin", application.origin);
	project.provide("browser", browser.wsEndpoint());
	return async () => {
		await browser.close();
		await application.stop();
		rmSync(folder, { recursive: true, force: true });
	};
}
