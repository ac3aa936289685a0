/**
 * Sends one request every `everyMs`, whether or not the last one was answered, and measures from when each was due: a
 * visitor does not wait for others before clicking.
 */
import { setPriority } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { Connection, requestText } from "../lib/http-connection.mjs";
import { serve } from "../lib/workshop.mjs";

try {
	// So that it measures the server's delays and not its own, where this is allowed.
	setPriority(-15);
} catch {}

serve(async ({ port, path, cookie, everyMs, forMs }) => {
	const text = requestText("GET", path, { port, cookie });
	const idle = await Promise.all(Array.from({ length: 8 }, () => Connection.open(port)));
	const opened = [...idle];
	const latencies = [];
	const begin = performance.now();

	async function probe(due) {
		const connection = idle.pop() ?? (await Connection.open(port));
		if (!opened.includes(connection)) opened.push(connection);
		await connection.request(text);
		latencies.push(performance.now() - due);
		idle.push(connection);
	}

	const probes = [];
	for (let due = begin; due < begin + forMs; due += everyMs) {
		await sleep(Math.max(0, due - performance.now()));
		probes.push(probe(due));
	}
	await Promise.all(probes);
	for (const connection of opened) connection.close();
	return latencies;
});
