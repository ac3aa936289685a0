import * as fc from "fast-check";
import { openPage, refresh, rowOf, wait } from "./model.ts";
import { Move, opensPageNow, second, waitUntilDue } from "./move.ts";

export const isCopied = fc.constant(
	new Move(
		"is copied by a thief",
		async (model, server) => {
			model.thief = model.jar;
			const row = rowOf(server, model.jar);
			if (row !== null) model.shared.add(row.id);
		},
		({ jar }) => jar !== null,
	),
);

export const thiefActs = fc.constantFrom("opens a page", "refreshes").map(
	(what) =>
		new Move(
			`has its thief act: it ${what}`,
			async (model, server) => {
				const { thief: token } = model;
				if (what === "opens a page") await openPage(model, server, { token });
				else model.thief = (await refresh(model, server, { token }))[0] ?? token;
			},
			({ thief }) => thief !== null,
		),
);

export const fallsBehind = fc.constantFrom("thief" as const, "jar" as const).map(
	(who) =>
		new Move(
			`is copied, and the ${who === "jar" ? "owner" : "thief"} sleeps while the other renews`,
			[
				async (model, server) => {
					const row = rowOf(server, model.jar);
					if (row !== null) model.shared.add(row.id);
					model.thief = model.jar;
				},
				opensPageNow,
				(model, server) => waitUntilDue(model, server),
				async (model, server) => {
					const awake = who === "jar" ? "thief" : "jar";
					model[awake] = (await refresh(model, server, { token: model[awake] }))[0] ?? model[awake];
					await openPage(model, server, { token: model[awake] });
				},
				(model, server) => wait(model, server, 31 * second),
				async (model, server) => void (await openPage(model, server, { token: model[who] })),
			],
			({ jar }) => jar !== null,
		),
);
