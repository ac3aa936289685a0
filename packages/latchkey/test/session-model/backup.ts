import { flushUses } from "./model.ts";
import type { Play } from "./move.ts";

export const backsUp: Play = async (model, server) => {
	await flushUses(model, server);
	await server.backUp();
	const ids = [...server.rows(model.userId).keys()];
	model.backup = { ended: new Set(model.ended), password: model.password, ids };
};

/** What was ended after the backup lives again and newer tokens are unknown: nobody is alone any more. */
export const restore: Play = async (model, server) => {
	await flushUses(model, server);
	await server.restore();
	const { ended, password, ids } = model.backup!;
	model.ended = new Set(ended);
	model.password = password;
	for (const id of ids) model.shared.add(id);
	model.meet("restored");
};
