/** How long another person's session check takes while many sign in or up. */
import { startNextApp } from "../lib/next-app.mjs";
import { median, percentile, ratio, takeTurns } from "../lib/statistics.mjs";
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
	const results = await takeTurns(phases, quick ? 2 : 5, (doing) => phase(doing, quick ? 1500 : 2500));
	await Promise.all([probe.stop(), crowd.stop(), app.stop()]);
	return report(results);
}

function report(results) {
	// By rounds: one stall of the whole machine spoils the tail of one round, not of all.
	const series = (name, percent) => results[name].map(({ latencies }) => percentile(latencies, percent));
	const rows = (what, name, budgets) =>
		[50, 99].map((percent) => ({
			what: `${what}: p${percent}`,
			figure: `${median(series(name, percent)).toFixed(1)} ms`,
			...(name !== "quiet" && { against: "quiet", ratio: ratio(series(name, percent), series("quiet", percent)) }),
			...(budgets !== undefined && { budget: { most: budgets[percent] } }),
		}));
	const budgets = { 50: 2, 99: 4 };
	return {
		rows: [
			...rows("quiet", "quiet"),
			...rows("quiet once more", "quiet again"),
			...rows("while 16 sign in", "signing in", budgets),
			...rows("while 16 sign up", "signing up", budgets),
		],
		notes: [`Beside them ${rate(results["signing in"])} sign-ins/s and ${rate(results["signing up"])} sign-ups/s.`],
	};
}

function rate(phases) {
	const served = phases.reduce((sum, phase) => sum + phase.served, 0);
	return (served / phases.reduce((sum, phase) => sum + phase.seconds, 0)).toFixed(0);
}
