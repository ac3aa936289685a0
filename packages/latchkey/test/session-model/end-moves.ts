import * as fc from "fast-check";
import { expect } from "vitest";
import type { Storage } from "../../src/lib/storage/storage.ts";
import {
	byTheBook,
	deliver,
	isLive,
	keep,
	type Model,
	markEnded,
	noteUse,
	requireSoundToken,
	rowOf,
	use,
} from "./model.ts";
import { changePassword, deliveries, Move, second, signIn } from "./move.ts";
import { claimsOf, type Server } from "./server.ts";

export const signsIn = deliveries.map(
	(delivery) =>
		new Move(`signs in, answered ${delivery}`, async (model, server) => {
			markReplaced(model, server);
			const { status, cookie } = await signIn(model, server, model.jar);
			expect(status).toBe(200);
			requireSoundToken(server, cookie!);
			expect(claimsOf(cookie!)).toMatchObject({ gen: 1, auth_time: Math.floor(server.clock() / second), amr: ["pwd"] });
			deliver(model, server, cookie, delivery);
		}),
);

/** The session of the jar ends with the next sign-in or sign-out, if it was accepted or found copied. */
function markReplaced(model: Model, server: Server): void {
	const outcome = byTheBook(model, server, model.jar, server.clock());
	if (outcome === "signed in" || outcome === "copied") model.ended.add(rowOf(server, model.jar)!.id);
}

export const signsOut = deliveries.map(
	(delivery) =>
		new Move(`signs out, answered ${delivery}`, async (model, server) => {
			markReplaced(model, server);
			const { status, cookie } = await server.send({ method: "DELETE", token: model.jar });
			expect({ status, cookie }).toEqual({ status: 200, cookie: "" });
			deliver(model, server, cookie, delivery);
		}),
);

export const endsOthers = fc.constantFrom("here", "another device").map(
	(where) =>
		new Move(`ends all other sessions from ${where}`, async (model, server) => {
			const token = where === "here" ? model.jar : (await signIn(model, server, null)).cookie;
			const outcome = await use(model, server, { token }, async () => {
				return (await server.send({ method: "DELETE", path: "/sessions", token })).status === 200;
			});
			if (outcome !== "signed in") return;
			noteUse(model, server, token!);
			markEnded(model, server, rowOf(server, token)!.id);
			model.meet("ended others");
		}),
);

export const changesPassword = deliveries.map(
	(delivery) =>
		new Move(`changes the password, answered ${delivery}`, async (model, server) => {
			let cookie: string | null = null;
			const outcome = await use(model, server, { token: model.jar }, async () => {
				const answer = await changePassword(model, server, model.jar);
				cookie = answer.cookie;
				return answer.status === 200;
			});
			if (outcome !== "signed in") return;
			markEnded(model, server, rowOf(server, cookie)!.id);
			deliver(model, server, cookie, delivery);
			model.meet("changed password");
		}),
);

export const signInRacesEnd = fc.constantFrom("revocation" as const, "password change" as const).map(
	(end) =>
		new Move(`signs in while a ${end} ends every session`, async (model, server) => {
			const racing = racingEngine(server, async () => {
				if (end === "revocation") await server.engine.storage.endAllSessions({ userId: model.userId, events: [] });
				else await changePasswordElsewhere(model, server);
				markEnded(model, server);
			});
			const { status, cookie } = await signIn(model, server, null, racing);
			model.meet(`raced ${end}`);
			if (end === "revocation") {
				expect(status).toBe(200);
				expect(await server.resolve(cookie, 0)).not.toBeNull();
				noteUse(model, server, cookie!);
				keep(model, cookie!);
			} else {
				expect({ status, cookie }).toEqual({ status: 401, cookie: null });
				expect([...server.rows(model.userId).values()].filter((row) => isLive(row, server.clock()))).toEqual([]);
			}
		}),
);

/** The engine, with something that happens between the proof of a person and the opening of their session. */
function racingEngine({ engine }: Server, race: () => Promise<void>) {
	let raced = false;
	const createSession: Storage["createSession"] = async (input) => {
		if (!raced) {
			raced = true;
			await race();
		}
		return engine.storage.createSession(input);
	};
	return { ...engine, storage: { ...engine.storage, createSession } };
}

async function changePasswordElsewhere(model: Model, server: Server): Promise<void> {
	const { cookie } = await signIn(model, server, null);
	const changed = await changePassword(model, server, cookie);
	expect(changed.status).toBe(200);
	await server.send({ method: "DELETE", token: changed.cookie });
}

export const operatorMovesEpoch = fc.constant(
	new Move("has all sessions ended by an operator", async (model, server) => {
		server.moveEpoch(model.userId);
		markEnded(model, server);
	}),
);
