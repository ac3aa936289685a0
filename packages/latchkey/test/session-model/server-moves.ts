import * as fc from "fast-check";
import { backsUp, restore } from "./backup.ts";
import { deliver, flushUses } from "./model.ts";
import { Move, opensPageNow, renewsWhenDue, signIn } from "./move.ts";

export const serverRestarts = fc.constant(
	new Move("finds the server restarted", [flushUses, (_, server) => server.restart()]),
);

export const serverCrashes = fc.constant(
	new Move("finds the server crashed and back", async (model, server) => {
		model.used.clear();
		await server.crash();
	}),
);

export const serverIsRestored = fc.constantFrom("renews", "signs in").map(
	(what) =>
		new Move(`${what}, and finds the database restored to what it was before`, [
			backsUp,
			...(what === "renews" ? renewsWhenDue : []),
			async (model, server) => {
				if (what === "signs in") deliver(model, server, (await signIn(model, server, null)).cookie, "at once");
			},
			restore,
			opensPageNow,
		]),
);
