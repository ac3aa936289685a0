import * as fc from "fast-check";
import { expect } from "vitest";
import { needsRenewal, renewSession } from "../../src/lib/sessions/renew-session.ts";
import type { Storage } from "../../src/lib/storage/storage.ts";
import {
	type Action,
	byTheBook,
	type Delivery,
	deliver,
	flushUses,
	isLive,
	keep,
	longestFlight,
	type Model,
	markEnded,
	noteUse,
	openPage,
	refresh,
	requireSoundRows,
	requireSoundToken,
	rowOf,
	use,
	wait,
} from "./model.ts";
import { claimsOf, type Server } from "./server.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

export const passwords = ["correct horse battery", "staple of seven otters"] as const;

type Play = (model: Model, server: Server) => Promise<void>;

/** Something that happens, under the name by which a counterexample tells it. */
class Move implements fc.AsyncCommand<Model, Server> {
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

const deliveries = fc.constantFrom<Delivery>("at once", "at once", "at once", "late", "late", "lost");
const index = fc.nat({ max: 5 });

async function opensPageNow(model: Model, server: Server): Promise<void> {
	await openPage(model, server, { token: model.jar });
}

const opensPage = fc.constantFrom(null, null, null, "sight" as const, "use" as const).map(
	(lose) =>
		new Move(`opens a page${lose === null ? "" : `, the record of the ${lose} is lost`}`, async (model, server) => {
			await openPage(model, server, { token: model.jar }, lose);
		}),
);

const refreshes = deliveries.map(
	(delivery) => new Move(`refreshes, answered ${delivery}`, (model, server) => refreshJar(model, server, delivery)),
);

async function refreshJar(model: Model, server: Server, delivery: Delivery): Promise<void> {
	const [cookie] = await refresh(model, server, { token: model.jar });
	deliver(model, server, cookie, delivery);
}

const refreshesInTabs = fc.array(deliveries, { minLength: 2, maxLength: 6 }).map(
	(tabs) =>
		new Move(`refreshes in ${tabs.length} tabs at once, answered ${tabs.join(", ")}`, async (model, server) => {
			const cookies = await refresh(model, server, { token: model.jar }, tabs.length);
			for (const [tab, cookie] of cookies.entries()) deliver(model, server, cookie, tabs[tab]!);
		}),
);

const answerLands = index.map(
	(at) =>
		new Move(
			`gets a late answer (${at})`,
			async (model) => keep(model, takeOne(model.answers, at).cookie),
			({ answers }) => answers.length > 0,
		),
);

function takeOne<T>(from: T[], at: number): T {
	return from.splice(at % from.length, 1)[0]!;
}

const requestDeparts = fc.constant(
	new Move(
		"sends a request that takes its time",
		async (model, server) => void model.departed.push({ token: model.jar, at: server.clock() }),
		({ departed }) => departed.length < 3,
	),
);

const requestArrives = fc.tuple(index, fc.option(deliveries)).map(
	([at, delivery]) =>
		new Move(
			`has a late ${delivery === null ? "request" : `refresh, answered ${delivery},`} arrive (${at})`,
			async (model, server) => {
				const { token, at: sentAt } = takeOne(model.departed, at);
				if (delivery === null) await openPage(model, server, { token, sentAt });
				else deliver(model, server, (await refresh(model, server, { token, sentAt }))[0], delivery);
			},
			({ departed }) => departed.length > 0,
		),
);

const startsAction: Play = async (model, server) => {
	const { jar: token } = model;
	await openPage(model, server, { token });
	model.actions.push({ token, at: server.clock(), judged: await server.resolve(token, 0) });
};

const actionStarts = fc.constant(new Move("starts a slow action", startsAction, ({ actions }) => actions.length < 3));

/** A slow action is done, and renews its caller's token by what it was told when it began. */
async function endAction(model: Model, server: Server, { token, judged }: Action, delivery: Delivery): Promise<void> {
	if (judged === null || !needsRenewal(judged)) return;
	const granted = await renewSession(server.engine, judged);
	if (granted === null) return;
	requireSoundToken(server, granted.cookie.value, claimsOf(token!));
	deliver(model, server, granted.cookie.value, delivery);
}

const actionEnds = fc.tuple(index, deliveries, fc.boolean()).map(
	([at, delivery, asks]) =>
		new Move(
			`has a slow action end${asks ? ", which asks once more who called it" : ""}, answered ${delivery} (${at})`,
			async (model, server) => {
				const action = takeOne(model.actions, at);
				if (asks) await openPage(model, server, { token: action.token, arrivedAt: action.at });
				await endAction(model, server, action, delivery);
			},
			({ actions }) => actions.length > 0,
		),
);

/** The proxy's cookie goes out with the headers of the page behind it, which may be at work for long. */
const startsSlowPage: Play = async (model, server) => {
	const { jar: token } = model;
	await openPage(model, server, { token });
	const current = await server.resolve(token, 0);
	if (current === null || !needsRenewal(current)) return;
	const { value: cookie } = (await renewSession(server.engine, current))!.cookie;
	requireSoundToken(server, cookie, claimsOf(token!));
	const isBehind = current.claims.gen < current.session.generation;
	model.answers.push({ cookie, lastsUntil: server.clock() + (isBehind ? longestFlight : 10 * minute) });
};

const slowPageStarts = fc.constant(new Move("opens a slow page behind a proxy that renews", startsSlowPage));

const comesBack = fc.tuple(fc.constantFrom("action", "page"), fc.constantFrom<Delivery>("at once", "lost")).map(
	([slow, delivery]) =>
		new Move(`comes back after a rest (its last answer came ${delivery}) and first of all starts a slow ${slow}`, [
			(model, server) => waitUntilDue(model, server),
			(model, server) => refreshJar(model, server, delivery),
			(model, server) => wait(model, server, 20 * minute),
			slow === "action" ? startsAction : startsSlowPage,
			(model, server) => refreshJar(model, server, "at once"),
			opensPageNow,
			(model, server) => wait(model, server, 31 * second),
			(model, server) => refreshJar(model, server, "at once"),
			opensPageNow,
			async (model, server) => {
				const [action, answer] = [model.actions.pop(), model.answers.pop()];
				if (action !== undefined) await endAction(model, server, action, "at once");
				if (answer !== undefined) keep(model, answer.cookie);
			},
			(model, server) => wait(model, server, 31 * second),
			opensPageNow,
		]),
);

const asksWho = fc.constant(
	new Move("asks who is signed in", [
		flushUses,
		async (model, server) => {
			const before = server.rows(model.userId);
			const outcome = await use(model, server, { token: model.jar }, async () => {
				const accepted = byTheBook(model, server, model.jar, server.clock()) === "signed in";
				const { status, cookie, body } = await server.send({ token: model.jar });
				expect({ status, cookie, body }).toMatchObject({
					status: 200,
					cookie: null,
					body: { authenticated: accepted },
				});
				return accepted;
			});
			await server.engine.background.settled();
			await server.engine.activity.flush();
			if (outcome !== "copied") expect(server.rows(model.userId)).toEqual(before);
		},
	]),
);

const signsIn = deliveries.map(
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

function signIn(model: Model, server: Server, token: string | null, engine = server.engine) {
	const body = { email: model.email, password: passwords[model.password] };
	return server.send({ method: "POST", token, body }, engine);
}

/** The session of the jar ends with the next sign-in or sign-out, if it was accepted or found copied. */
function markReplaced(model: Model, server: Server): void {
	const outcome = byTheBook(model, server, model.jar, server.clock());
	if (outcome === "signed in" || outcome === "copied") model.ended.add(rowOf(server, model.jar)!.id);
}

const signsOut = deliveries.map(
	(delivery) =>
		new Move(`signs out, answered ${delivery}`, async (model, server) => {
			markReplaced(model, server);
			const { status, cookie } = await server.send({ method: "DELETE", token: model.jar });
			expect({ status, cookie }).toEqual({ status: 200, cookie: "" });
			deliver(model, server, cookie, delivery);
		}),
);

const endsOthers = fc.constantFrom("here", "another device").map(
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

const changesPassword = deliveries.map(
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

async function changePassword(model: Model, server: Server, token: string | null) {
	const next = 1 - model.password;
	const body = { currentPassword: passwords[model.password], newPassword: passwords[next] };
	const answer = await server.send({ method: "PUT", path: "/password", token, body });
	if (answer.status === 200) model.password = next;
	return answer;
}

const signInRacesEnd = fc.constantFrom("revocation" as const, "password change" as const).map(
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

const operatorMovesEpoch = fc.constant(
	new Move("has all sessions ended by an operator", async (model, server) => {
		server.moveEpoch(model.userId);
		markEnded(model, server);
	}),
);

const isCopied = fc.constant(
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

const thiefActs = fc.constantFrom("opens a page", "refreshes").map(
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

const fallsBehind = fc.constantFrom("thief" as const, "jar" as const).map(
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

const shortly = { "1 s": second, "10 s": 10 * second, "31 s": 31 * second, "20 min": 20 * minute };
const long = { "5 h": 5 * hour, "13 days": 13 * day, "15 days": 15 * day, "31 days": 31 * day };
const waits = timesOf(shortly);
const waitsLong = timesOf(long);

function timesOf(times: Readonly<Record<string, number>>): fc.Arbitrary<Move> {
	return fc
		.constantFrom(...Object.entries(times))
		.map(([name, ms]) => new Move(`waits ${name}`, (model, server) => wait(model, server, ms)));
}

const comesForWeeks = fc.constant(
	new Move("opens a page now and every 13 days, to the end of the session", [
		opensPageNow,
		...[1, 2, 3].flatMap((): Play[] => [(model, server) => wait(model, server, 13 * day), opensPageNow]),
		(model, server) => wait(model, server, minute),
	]),
);

const renewsWhenDue: readonly Play[] = [
	opensPageNow,
	(model, server) => waitUntilDue(model, server),
	(model, server) => refreshJar(model, server, "at once"),
	opensPageNow,
];

const renews = fc.constant(new Move("renews as soon as that is due, and opens a page", renewsWhenDue));

const answersCross = fc.constant(
	new Move("refreshes just before and just after renewal is due, and the first answer comes last", [
		opensPageNow,
		(model, server) => waitUntilDue(model, server, 500),
		(model, server) => refreshJar(model, server, "late"),
		(model, server) => wait(model, server, second),
		(model, server) => refreshJar(model, server, "at once"),
		opensPageNow,
		async (model) => {
			const last = model.answers.pop();
			if (last !== undefined) keep(model, last.cookie);
		},
	]),
);

/** Goes on to `beforeMs` before the jar's session may be renewed, if it is live. */
async function waitUntilDue(model: Model, server: Server, beforeMs = 0): Promise<void> {
	const row = rowOf(server, model.jar);
	if (row === null || !isLive(row, server.clock())) return;
	const dueAt = Math.max(row.renewed_at + 15 * minute, (row.seen_at ?? 0) + 30 * second);
	await wait(model, server, Math.max(0, dueAt - beforeMs - server.clock()));
}

const serverRestarts = fc.constant(
	new Move("finds the server restarted", [flushUses, (_, server) => server.restart()]),
);

const serverCrashes = fc.constant(
	new Move("finds the server crashed and back", async (model, server) => {
		model.used.clear();
		await server.crash();
	}),
);

const backsUp: Play = async (model, server) => {
	await flushUses(model, server);
	await server.backUp();
	const ids = [...server.rows(model.userId).keys()];
	model.backup = { ended: new Set(model.ended), password: model.password, ids };
};

/** What was ended after the backup lives again and newer tokens are unknown: nobody is alone any more. */
const restore: Play = async (model, server) => {
	await flushUses(model, server);
	await server.restore();
	const { ended, password, ids } = model.backup!;
	model.ended = new Set(ended);
	model.password = password;
	for (const id of ids) model.shared.add(id);
	model.meet("restored");
};

const serverIsRestored = fc.constantFrom("renews", "signs in").map(
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

const everyday = [
	[10, opensPage],
	[8, refreshes],
	[4, refreshesInTabs],
	[5, answerLands],
	[3, requestDeparts],
	[3, requestArrives],
	[3, actionStarts],
	[3, actionEnds],
	[2, slowPageStarts],
	[2, comesBack],
	[2, asksWho],
	[8, waits],
	[5, renews],
	[2, answersCross],
] as const;

/** One honest browser, and everything that can go wrong on the way to the server and in it. */
export const aloneMoves = [
	...everyday,
	[1, serverRestarts],
	[2, serverCrashes],
	[1, waitsLong],
	[1, comesForWeeks],
	[2, signsIn],
] as const;

/** The same, and somebody who takes copies of the cookie. */
export const theftMoves = [...everyday, [3, isCopied], [8, thiefActs], [2, fallsBehind]] as const;

/** The same, and everything that ends sessions. */
export const endMoves = [
	...everyday,
	[2, isCopied],
	[4, thiefActs],
	[1, fallsBehind],
	[4, signsIn],
	[1, signsOut],
	[2, endsOthers],
	[2, changesPassword],
	[3, signInRacesEnd],
	[1, operatorMovesEpoch],
	[2, serverIsRestored],
	[1, waitsLong],
] as const;
