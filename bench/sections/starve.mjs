/** How long another person's session check takes while many sign in or up. */
import { startNextApp } from "../lib/next-app.mjs";
import { percentile } from "../lib/statistics.mjs";
import { startClient } from "../lib/workshop.mjs";

export const title = "Somebody's session check while 16 others sign in or up";

const clients = 16;
const everyMs = 20;
const leadMs = 500;

const phases = {
	quiet: null,
	"quiet again": null,
	"signing in": "signing in",
	"signing up": "signing up",
};

export async function measure({ quick }) {
	const app = await startNextApp();
	const probe = startClient("probe");
	const crowd = startClient("crowd");
	const phase = async (doing, forMs) => {
		const coming = doing === null ? null : crowd.ask({ port: app.port, doing, clients, forMs: leadMs + forMs });
		await new Promise((resolve) => setTimeout(resolve, leadMs));
		const latencies = await probe.ask({
			port: app.port,
			path: "/authenticated",
			cookie: app.cookie,
			everyMs,
			forMs,
		});
		return { latencies, served: (await coming) ?? 0, seconds: (leadMs + forMs) / 1000 };
	};
	// The crowd registers itself at its first job, and the server warms up.
	for (const doing of Object.values(phases)) await phase(doing, 500);

	const results = Object.fromEntries(Object.keys(phases).map((name) => [name, []]));
	for (let round = 0; round < (quick ? 2 : 4); round++) {
		for (const [name, doing] of Object.entries(phases)) results[name].push(await phase(doing, quick ? 1500 : 3000));
	}
	await Promise.all([probe.stop(), crowd.stop(), app.stop()]);
	return report(results);
}

function report(results) {
	const latencies = (name) => results[name].flatMap((result) => result.latencies);
	const rows = (what, name, budgets) =>
		[50, 99].map((percent) => {
			const value = percentile(latencies(name), percent);
			const quiet = percentile(latencies("quiet"), percent);
			return {
				what: `${what}: p${percent}`,
				figure: `${value.toFixed(1)} ms`,
				against: "quiet",
				...(name !== "quiet" && { ratio: { value: value / quiet } }),
				...(budgets !== undefined && { budget: { most: budgets[percent] } }),
			};
		});
	const perSecond = (name) => {
		const served = results[name].reduce((sum, result) => sum + result.served, 0);
		const seconds = results[name].reduce((sum, result) => sum + result.seconds, 0);
		return (served / seconds).toFixed(0);
	};
	const budgets = { 50: 2, 99: 4 };
	return {
		rows: [
			...rows("quiet", "quiet"),
			...rows("quiet once more", "quiet again"),
			...rows("while 16 sign in", "signing in", budgets),
			...rows("while 16 sign up", "signing up", budgets),
		],
		notes: [
			`${latencies("quiet").length} probes a row; ${perSecond("signing in")} sign-ins/s and ${perSecond("signing up")} sign-ups/s beside them.`,
		],
	};
}
