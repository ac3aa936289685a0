/** Imports a module into a process that has not seen it, after what the application has anyway. Answers milliseconds. */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { serve } from "../lib/workshop.mjs";

serve(async ({ entry, first }) => {
	const require = createRequire(import.meta.url);
	for (const module of first) await import(pathToFileURL(require.resolve(module)));
	const url = entry.startsWith("data:") ? entry : pathToFileURL(entry).href;
	const begin = performance.now();
	await import(url);
	return performance.now() - begin;
});
