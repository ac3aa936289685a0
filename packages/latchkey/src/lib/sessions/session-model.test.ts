import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Met, type Model, toMeet } from "../../../test/session-model/model.ts";
import { passwords, story } from "../../../test/session-model/move.ts";
import { aloneMoves, endMoves, theftMoves } from "../../../test/session-model/moves.ts";
import { claimsOf, Server } from "../../../test/session-model/server.ts";

type Story = Iterable<fc.AsyncCommand<Model, Server>>;

// Seconds on a quiet machine.
describe("the session's state machine, played on the engine and a real store", { timeout: 180_000 }, () => {
	const met = new Map<Met, number>();
	let server: Server;

	beforeAll(async () => {
		server = new Server();
		await server.open();
	});

	afterAll(async () => {
		await server.close();
		rmSync(server.folder, { recursive: true, force: true });
	});

	it("never signs a lone browser out, whatever is lost, late or restarted [A26]", async () => {
		await fc.assert(fc.asyncProperty(story(aloneMoves), play), { numRuns: 45 });
	});

	it("ends a session whose copy falls behind, for owner and thief alike [A26]", async () => {
		await fc.assert(fc.asyncProperty(story(theftMoves), play), { numRuns: 45 });
	});

	it("accepts no token of a session that was ended, by whatever end and in whatever order [A2] [A27]", async () => {
		await fc.assert(fc.asyncProperty(story(endMoves), play), { numRuns: 45 });
	});

	it("has met everything that there is to meet", async () => {
		const missing = () => toMeet.filter((what) => !met.has(what));
		// Chance may leave something out of 135 stories; it does not leave it out of thousands.
		for (let more = 0; more < 60 && missing().length > 0; more++) {
			for (const moves of [aloneMoves, theftMoves, endMoves]) {
				await fc.assert(fc.asyncProperty(story(moves), play), { numRuns: 15 });
			}
		}
		expect(missing()).toEqual([]);
	});

	async function play(moves: Story): Promise<void> {
		const model = await begin();
		await fc.asyncModelRun(() => ({ model, real: server }), moves);
	}

	/** Somebody new has just signed up in the browser. */
	async function begin(): Promise<Model> {
		const email = `${randomUUID()}@example.com`;
		const body = { email, password: passwords[0] };
		const { cookie } = await server.send({ method: "POST", path: "/sign-up", token: null, body });
		return {
			userId: claimsOf(cookie!).sub,
			email,
			password: 0,
			jar: cookie,
			thief: null,
			answers: [],
			departed: [],
			actions: [],
			shared: new Set(),
			ended: new Set(),
			used: new Map(),
			backup: null,
			meet: (what) => met.set(what, (met.get(what) ?? 0) + 1),
		};
	}
});
