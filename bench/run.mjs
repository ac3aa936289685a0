/**
 * `npm run bench`: what the library costs, held against the budgets it was built to. Everything that is compared runs in
 * turns in this one run, and what counts are ratios; README.md says how to read them. Ends with exit code 0 whether or
 * not a budget is missed: a noisy machine must not fail a build, and the tests assert counts.
 *
 *   npm run bench -- --only session,size --quick
 */
import { parseArgs } from "node:util";
import { main, Stop } from "../scripts/lib/main.mjs";
import { printMachine, printSection, printVerdict } from "./lib/report.mjs";

const sections = [
	"session",
	"next",
	"sign-in",
	"starve",
	"size",
	"statements",
	"memory",
	"revocation",
	"answers",
	"bff",
];

await main(async () => {
	if (!process.features.typescript) throw new Stop("The benchmark runs the library's source: npm run bench");
	const { only, quick } = readFlags();
	printMachine({ quick });
	const measured = [];
	for (const name of only) {
		const { title, measure } = await import(`./sections/${name}.mjs`);
		const begin = performance.now();
		const result = await measure({ quick });
		printSection(title, result, performance.now() - begin);
		measured.push(...result.rows);
	}
	printVerdict(measured);
	// What a section could not close must not keep the process; its children and files go with it.
	process.exit(0);
});

function readFlags() {
	const usage = `Usage: npm run bench -- [--only ${sections.join(",")}] [--quick]`;
	try {
		const options = { only: { type: "string" }, quick: { type: "boolean", default: false } };
		const { only, quick } = parseArgs({ options }).values;
		const chosen = only === undefined ? sections : only.split(",").map((name) => name.trim());
		const unknown = chosen.find((name) => !sections.includes(name));
		if (unknown !== undefined) throw new Stop(`No section is called "${unknown}". ${usage}`, 2);
		return { only: chosen, quick };
	} catch (error) {
		throw error instanceof Stop ? error : new Stop(usage, 2);
	}
}
