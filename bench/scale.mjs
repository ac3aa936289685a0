/**
 * `npm run bench:scale`: whether a million users cost each of them more than a thousand do. Fills both databases with both,
 * does everything that the storage port can do to people picked at random, in turns, and reports ratios, bytes and how much
 * one instance gets through. Takes about ten minutes, and 5 GB of disk.
 *
 *   npm run bench:scale -- --users 1000,100000 --only postgres --quick
 */
import { parseArgs } from "node:util";
import { main, Stop } from "../scripts/lib/main.mjs";
import { printMachine, printSection, printVerdict } from "./lib/report.mjs";
import { measureOperations } from "./scale/operations.mjs";
import { openPostgresDatabases } from "./scale/postgres.mjs";
import { openSqliteDatabases } from "./scale/sqlite.mjs";
import { measureThroughput } from "./scale/throughput.mjs";

const kinds = { sqlite: openSqliteDatabases, postgres: openPostgresDatabases };

const eachCall = "Each call is for another person. Pairs leave as many rows as there were.";
const mayMiss =
	"Trees of a million rows have more levels, and rows lie farther apart: decisions/043 says what holds where these miss.";

await main(async () => {
	const { users, only, quick } = readFlags();
	printMachine({ quick });
	const [measured, lookUps] = [[], []];
	for (const kind of only) {
		const begin = performance.now();
		const opened = await kinds[kind](users);
		const { name, databases, close } = opened;
		const large = databases.at(-1);
		printSection(`${name}: filled`, { rows: databases.map(filledRow), notes: await sizeNotes(large) }, since(begin));
		const began = performance.now();
		const tables = await measureOperations(opened, { quick });
		const against = `${large.users} users against ${databases[0].users}`;
		printSection(`${name}: ${against}`, { rows: tables.steady, notes: [eachCall] }, since(began));
		printSection(`${name}: ${against}, looking up`, { rows: tables.lookUps, notes: [mayMiss] }, since(began));
		const named = (row) => ({ ...row, what: `${name}: ${row.what}` });
		measured.push(...tables.steady.map(named));
		lookUps.push(...tables.lookUps.map(named));
		const throughputBegan = performance.now();
		printSection(`${name}: one process`, await measureThroughput(large, { quick }), since(throughputBegan));
		await close();
	}
	console.log("\nLooking up:");
	printVerdict(lookUps);
	console.log("\nEverything else:");
	printVerdict(measured);
	process.exit(0);
});

function filledRow({ users, filledMs }) {
	return { what: `${users} users, each with a session`, figure: `${(filledMs / 1000).toFixed(1)} s` };
}

async function sizeNotes({ users, sizes }) {
	const all = await sizes();
	const total = all.reduce((sum, { bytes }) => sum + bytes, 0);
	const parts = all.map(({ table, rows, bytes }) => `${table} ${rows} rows, ${Math.round(bytes / rows)} bytes each`);
	return [`${(total / 1e6).toFixed(0)} MB with indexes, ${Math.round(total / users)} bytes for each user`, ...parts];
}

function since(begin) {
	return performance.now() - begin;
}

function readFlags() {
	const usage = "Usage: npm run bench:scale -- [--users 1000,1000000] [--only sqlite,postgres] [--quick]";
	const options = {
		users: { type: "string", default: "1000,1000000" },
		only: { type: "string", default: "sqlite,postgres" },
		quick: { type: "boolean", default: false },
	};
	try {
		const { users, only, quick } = parseArgs({ options }).values;
		const counts = users.split(",").map(Number);
		const chosen = only.split(",");
		const isSound = counts.length === 2 && counts.every((count) => Number.isInteger(count) && count >= 1000);
		if (!isSound || chosen.some((kind) => !Object.hasOwn(kinds, kind))) throw new Stop(usage, 2);
		return { users: counts, only: chosen, quick };
	} catch (error) {
		throw error instanceof Stop ? error : new Stop(usage, 2);
	}
}
