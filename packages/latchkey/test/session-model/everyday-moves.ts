import * as fc from "fast-check";
import { expect } from "vitest";
import { needsRenewal, renewSession } from "../../src/lib/sessions/renew-session.ts";
import {
	type Action,
	byTheBook,
	type Delivery,
	deliver,
	flushUses,
	keep,
	longestFlight,
	type Model,
	openPage,
	refresh,
	requireSoundToken,
	use,
	wait,
} from "./model.ts";
import {
	day,
	deliveries,
	hour,
	Move,
	minute,
	opensPageNow,
	type Play,
	refreshJar,
	renewsWhenDue,
	second,
	takeOne,
	waitUntilDue,
} from "./move.ts";
import { claimsOf, type Server } from "./server.ts";

const index = fc.nat({ max: 5 });

const opensPage = fc.constantFrom(null, null, null, "sight" as const, "use" as const).map(
	(lose) =>
		new Move(`opens a page${lose === null ? "" : `, the record of the ${lose} is lost`}`, async (model, server) => {
			await openPage(model, server, { token: model.jar }, lose);
		}),
);

const refreshes = deliveries.map(
	(delivery) => new Move(`refreshes, answered ${delivery}`, (model, server) => refreshJar(model, server, delivery)),
);

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

const shortly = { "1 s": second, "10 s": 10 * second, "31 s": 31 * second, "20 min": 20 * minute };
const long = { "5 h": 5 * hour, "13 days": 13 * day, "15 days": 15 * day, "31 days": 31 * day };
const waits = timesOf(shortly);
export const waitsLong = timesOf(long);

function timesOf(times: Readonly<Record<string, number>>): fc.Arbitrary<Move> {
	return fc
		.constantFrom(...Object.entries(times))
		.map(([name, ms]) => new Move(`waits ${name}`, (model, server) => wait(model, server, ms)));
}

export const comesForWeeks = fc.constant(
	new Move("opens a page now and every 13 days, to the end of the session", [
		opensPageNow,
		...[1, 2, 3].flatMap((): Play[] => [(model, server) => wait(model, server, 13 * day), opensPageNow]),
		(model, server) => wait(model, server, minute),
	]),
);

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

export const everyday = [
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
