import * as fc from "fast-check";
import { restore } from "./backup.ts";
import {
	type Delivery,
	deliver,
	isLive,
	type Model,
	openPage,
	refresh,
	requireSoundRows,
	rowOf,
	wait,
} from "./model.ts";
import type { Server } from "./server.ts";

export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

export const passwords = ["correct horse battery", "staple of seven otters"] as const;

export type Play = (model: Model, server: Server) => Promise<void>;

/** Something that happens, under the name by which a counterexample tells it. */
export class Move implements fc.AsyncCommand<Model, Server> {
	readonly #name: string;
	readonly #plays: readonly Play[];
	readonly #possible: (model: Readonly<Model>) => boolean;

	constructor(name: string, plays: Play | readonly Play[], possible: (model: Readonly<Model>) => boolean = () => true) {
		this.#name = name;
		this.#plays = typeof plays === "function" ? [plays] : plays;
		this.#possible = possible;
	}

	check(model: Readonly<Model>): boolean {
		return this.#possible(model);
	}

	async run(model: Model, server: Server): Promise<void> {
		for (const play of this.#plays) {
			const before = server.rows(model.userId);
			await play(model, server);
			await server.engine.background.settled();
			requireSoundRows(model, play === restore ? new Map() : before, server);
		}
	}

	toString(): string {
		return this.#name;
	}
}

/** Draws one of the moves, each as often as its weight says. */
export function story(
	weighted: readonly (readonly [weight: number, moves: fc.Arbitrary<Move>])[],
): fc.Arbitrary<Iterable<fc.AsyncCommand<Model, Server>>> {
	// By repetition: `commands` draws evenly.
	const drawn = weighted.flatMap(([weight, moves]) => Array.from({ length: weight }, () => moves));
	return fc.commands(drawn, { maxCommands: 40, size: "max" });
}

export const deliveries = fc.constantFrom<Delivery>("at once", "at once", "at once", "late", "late", "lost");

export function takeOne<T>(from: T[], at: number): T {
	return from.splice(at % from.length, 1)[0]!;
}

export async function opensPageNow(model: Model, server: Server): Promise<void> {
	await openPage(model, server, { token: model.jar });
}

export async function refreshJar(model: Model, server: Server, delivery: Delivery): Promise<void> {
	const [cookie] = await refresh(model, server, { token: model.jar });
	deliver(model, server, cookie, delivery);
}

/** Goes on to `beforeMs` before the jar's session may be renewed, if it is live. */
export async function waitUntilDue(model: Model, server: Server, beforeMs = 0): Promise<void> {
	const row = rowOf(server, model.jar);
	if (row === null || !isLive(row, server.clock())) return;
	const dueAt = Math.max(row.renewed_at + 15 * minute, (row.seen_at ?? 0) + 30 * second);
	await wait(model, server, Math.max(0, dueAt - beforeMs - server.clock()));
}

export const renewsWhenDue: readonly Play[] = [
	opensPageNow,
	(model, server) => waitUntilDue(model, server),
	(model, server) => refreshJar(model, server, "at once"),
	opensPageNow,
];

export function signIn(model: Model, server: Server, token: string | null, engine = server.engine) {
	const body = { email: model.email, password: passwords[model.password] };
	return server.send({ method: "POST", token, body }, engine);
}

export async function changePassword(model: Model, server: Server, token: string | null) {
	const next = 1 - model.password;
	const body = { currentPassword: passwords[model.password], newPassword: passwords[next] };
	const answer = await server.send({ method: "PUT", path: "/password", token, body });
	if (answer.status === 200) model.password = next;
	return answer;
}
