/** An authenticated GET through Next.js against the same route that only reads the cookie. */
import { startNextApp } from "../lib/next-app.mjs";
import { median, ratio } from "../lib/statistics.mjs";
import { startClient } from "../lib/workshop.mjs";

export const title = "An authenticated GET through Next.js";

const paths = ["/bare", "/bare-again", "/authenticated"];

export async function measure({ quick }) {
	const app = await startNextApp();
	const job = { port: app.port, cookie: app.cookie, paths };
	const rates = await ask("slices", { ...job, connections: 32, rounds: quick ? 20 : 88, sliceMs: 150 });
	const times = await ask("one-by-one", { ...job, rounds: quick ? 500 : 2000 });
	await app.stop();
	return { rows: [...rateRows(rates), ...timeRows(times)] };
}

async function ask(client, job) {
	const { ask, stop } = startClient(client);
	const answer = await ask(job);
	await stop();
	return answer;
}

function rateRows(rates) {
	const row = (what, path) => ({
		what,
		figure: `${Math.round(median(rates[path]))} /s`,
		against: "the bare route",
		ratio: ratio(rates[path], rates["/bare"]),
	});
	return [
		{ what: "32 connections, bare: reads the cookie", figure: `${Math.round(median(rates["/bare"]))} /s` },
		row("the bare route once more", "/bare-again"),
		{ ...row("authenticated: await auth()", "/authenticated"), budget: { least: 0.95 } },
	];
}

/** Finer than the rates can tell: here the routes take turns with every request. */
function timeRows(times) {
	const row = (what, path) => ({
		what,
		figure: `${Math.round(median(times[path]) * 1000)} µs`,
		against: "the bare route",
		ratio: { value: median(times[path]) / median(times["/bare"]) },
	});
	return [
		{ what: "one at a time, bare: p50", figure: `${Math.round(median(times["/bare"]) * 1000)} µs` },
		row("the bare route once more", "/bare-again"),
		row("authenticated", "/authenticated"),
	];
}
