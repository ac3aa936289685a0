/**
 * Asks several routes in turns, one request at a time over one connection, and answers milliseconds. `elsewhere` says for
 * which of them another server is asked, by its port.
 */
import { Connection, requestText } from "../lib/http-connection.mjs";
import { takeTurns } from "../lib/statistics.mjs";
import { serve } from "../lib/workshop.mjs";

serve(async ({ port, cookie, paths, rounds, elsewhere = {} }) => {
	const connections = {};
	for (const one of new Set([port, ...Object.values(elsewhere)])) connections[one] = await Connection.open(one);
	const texts = Object.fromEntries(paths.map((path) => [path, requestText("GET", path, { port, cookie })]));
	const timed = async (text, path) => {
		const connection = connections[elsewhere[path] ?? port];
		const begin = performance.now();
		await connection.request(text);
		return performance.now() - begin;
	};
	try {
		await takeTurns(texts, 300, timed);
		return await takeTurns(texts, rounds, timed);
	} finally {
		for (const connection of Object.values(connections)) connection.close();
	}
});
