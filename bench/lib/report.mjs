/** Rows of what was measured, as text. */
import { availableParallelism, loadavg } from "node:os";

/**
 * @typedef {object} Row
 * @property {string} what
 * @property {string} figure With its unit.
 * @property {string} [against] What the ratio is to.
 * @property {{ value: number, low?: number, high?: number }} [ratio]
 * @property {{ most: number } | { least: number }} [budget] For the ratio, or for `judged` where that is given.
 * @property {number} [judged] What the budget is for, where it is not the ratio.
 */

export function printMachine({ quick }) {
	const kind = quick ? "quick, so only good for a glance" : "full";
	console.log(`Node ${process.versions.node}, ${availableParallelism()} cores, ${kind} run`);
	const [load] = loadavg();
	if (load > availableParallelism() / 2) {
		console.log(
			`The machine is busy (load ${load.toFixed(1)}): expect wide intervals, and tails that are the neighbours'.`,
		);
	}
}

export function printSection(title, { rows, notes = [] }, tookMs) {
	console.log(`\n${title} (${Math.round(tookMs / 1000)} s)\n`);
	const table = [["", "figure", "against", "ratio (95 %)", "budget", ""], ...rows.map(cells)];
	const widths = table[0].map((_, column) => Math.max(...table.map((line) => line[column].length)));
	for (const line of table) {
		const padded = line.map((cell, column) => (column === 1 ? cell.padStart(widths[1]) : cell.padEnd(widths[column])));
		console.log(`  ${padded.join("  ").trimEnd()}`);
	}
	for (const note of notes) console.log(`  ${note}`);
}

export function printVerdict(rows) {
	const judged = rows.filter(({ budget }) => budget !== undefined);
	const kept = judged.filter((row) => verdict(row) === "ok");
	console.log(`\n${kept.length} of ${judged.length} budgets kept.`);
	for (const row of judged.filter((row) => !kept.includes(row))) console.log(`  ${verdict(row)}: ${row.what}`);
}

function cells(row) {
	const { what, figure, against = "", ratio, budget } = row;
	return [what, figure, against, ratio === undefined ? "" : ratioText(ratio), budgetText(budget), verdict(row)];
}

function ratioText({ value, low, high }) {
	return low === undefined ? digits(value) : `${digits(value)} (${digits(low)} to ${digits(high)})`;
}

function budgetText(budget) {
	if (budget === undefined) return "";
	return "most" in budget ? `<= ${digits(budget.most)}` : `>= ${digits(budget.least)}`;
}

/** With a question mark when the interval reaches the other side of the budget: the machine was too noisy to tell. */
function verdict({ ratio, judged, budget }) {
	if (budget === undefined) return "";
	const { value, low = value, high = value } = judged === undefined ? ratio : { value: judged };
	const isOver = (figure) => ("most" in budget ? figure > budget.most : figure < budget.least);
	const word = isOver(value) ? "over" : "ok";
	return isOver(low) === isOver(high) ? word : `${word}?`;
}

function digits(value) {
	if (Number.isInteger(value)) return String(value);
	return value.toFixed(value >= 10 ? 1 : value >= 0.2 ? 2 : 3);
}
