/** Loads several routes in short slices, taking turns, and answers the requests per second of each slice. */
import { Connection, requestText } from "../lib/http-connection.mjs";
import { takeTurns } from "../lib/statistics.mjs";
import { serve } from "../lib/workshop.mjs";

serve(async ({ port, cookie, paths, connections, rounds, sliceMs }) => {
	const open = await Promise.all(Array.from({ length: connections }, () => Connection.open(port)));
	const texts = Object.fromEntries(paths.map((path) => [path, requestText("GET", path, { port, cookie })]));
	try {
		// Warm, so that no route's slices pay for the compiler.
		await takeTurns(texts, 8, (text) => loadSlice(open, text, sliceMs));
		return await takeTurns(texts, rounds, (text) => loadSlice(open, text, sliceMs));
	} finally {
		for (const connection of open) connection.close();
	}
});

/** What was begun in the slice is waited for and counted, with its time. */
async function loadSlice(connections, text, sliceMs) {
	const begin = performance.now();
	const counts = await Promise.all(connections.map((connection) => loadUntil(connection, text, begin + sliceMs)));
	const requests = counts.reduce((sum, count) => sum + count, 0);
	return (requests * 1000) / (performance.now() - begin);
}

async function loadUntil(connection, text, deadline) {
	let count = 0;
	do {
		await connection.request(text);
		count += 1;
	} while (performance.now() < deadline);
	return count;
}
