/** Asks several routes in turns, one request at a time over one connection, and answers milliseconds. */
import { Connection, requestText } from "../lib/http-connection.mjs";
import { takeTurns } from "../lib/statistics.mjs";
import { serve } from "../lib/workshop.mjs";

serve(async ({ port, cookie, paths, rounds }) => {
	const connection = await Connection.open(port);
	const texts = Object.fromEntries(paths.map((path) => [path, requestText("GET", path, { port, cookie })]));
	const timed = async (text) => {
		const begin = performance.now();
		await connection.request(text);
		return performance.now() - begin;
	};
	try {
		await takeTurns(texts, 300, timed);
		return await takeTurns(texts, rounds, timed);
	} finally {
		connection.close();
	}
});
