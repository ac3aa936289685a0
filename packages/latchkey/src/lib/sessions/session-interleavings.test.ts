import { describe, expect, it } from "vitest";
import { graceMs, isFirstSight, isRenewalDue, judgeGeneration, type Verdict } from "./generation.ts";
import { freshSeconds } from "./session-token.ts";

const second = 1000;
const minute = 60 * second;

/** How long a request or an answer may be under way; what takes longer is taken for lost. */
const longestFlight = 29 * second;

/** What a holder of a token knows of it. */
interface Token {
	readonly gen: number;
	readonly mintedAt: number;
}

/** The columns of the row that renewal and sight move, and nothing else does. */
interface Row {
	readonly generation: number;
	readonly generationSeen: number;
	readonly renewedAt: number;
	readonly seenAt: number | null;
}

/** A generation as section 4 of the design tells its life, with no word on how a row might keep it. */
interface Life {
	readonly madeAt: number;
	readonly firstSeenAt: number | null;
}

/** Everything that is the case at one moment: the server, one browser with its cookie jar and network, and a thief. */
interface World {
	readonly now: number;
	readonly row: Row;
	readonly lives: readonly Life[];
	readonly ended: boolean;
	readonly jar: Token;
	readonly answer: { readonly token: Token; readonly at: number } | null;
	readonly departed: { readonly token: Token; readonly at: number } | null;
	readonly work: { readonly token: Token; readonly arrivedAt: number } | null;
	readonly thief: Token | null;
}

/** What the rules say of a token, by their prose: independent of the code that is tested. */
function byTheBook(token: Token, lives: readonly Life[], arrivedAt: number): Verdict {
	const newest = lives.length;
	if (token.gen > newest) return "unknown";
	if (token.gen === newest) return "current";
	const successor = lives[newest - 1]!;
	if (token.gen < newest - 1) return arrivedAt - successor.madeAt <= 30_000 ? "late" : "copied";
	const unseen = successor.firstSeenAt === null;
	const inGrace = !unseen && arrivedAt - Math.max(successor.madeAt, successor.firstSeenAt!) <= 30_000;
	const overtaken = Math.floor(token.mintedAt / 1000) * 1000 + 30_000 >= successor.madeAt;
	return unseen || inGrace || overtaken ? "predecessor" : "copied";
}

function dueByTheBook(token: Token, lives: readonly Life[], now: number): boolean {
	const newest = lives.at(-1)!;
	if (token.gen !== lives.length || newest.firstSeenAt === null) return false;
	return now - newest.madeAt >= 15 * 60_000 && now - Math.max(newest.madeAt, newest.firstSeenAt) >= 30_000;
}

interface Request {
	readonly token: Token;
	/** When it left its holder. Default: when it arrived. */
	readonly at?: number;
	/** When it reached the server. Default: now. */
	readonly arrivedAt?: number;
}

/** One request judged as the engine does it, held against the book. `sight: false` loses the record of the sight. */
function judge(world: World, request: Request, { sight = true } = {}): { world: World; ok: boolean } {
	const { token, arrivedAt = world.now, at = arrivedAt } = request;
	if (world.ended) return { world, ok: false };
	const claims = { gen: token.gen, iat: Math.floor(token.mintedAt / 1000) };
	const verdict = judgeGeneration(claims, world.row, arrivedAt);
	if (verdict !== byTheBook(token, world.lives, arrivedAt)) {
		throw new Error(`${verdict}, not ${byTheBook(token, world.lives, arrivedAt)}`);
	}
	requireKindnessToHonest(world, verdict, at);
	if (verdict === "copied") return { world: { ...world, ended: true }, ok: false };
	if (verdict !== "current" && verdict !== "predecessor") return { world, ok: false };
	if (!sight || !isFirstSight(token.gen, world.row)) return { world, ok: true };
	return { world: recordSight(world), ok: true };
}

function requireKindnessToHonest({ thief, row }: World, verdict: Verdict, sentAt: number): void {
	if (thief !== null || verdict === "current" || verdict === "predecessor") return;
	if (verdict === "late" && sentAt <= row.renewedAt) return;
	throw new Error(`A browser that nobody stole from was found ${verdict}`);
}

function recordSight(world: World): World {
	const { row, now, lives } = world;
	const newest = { ...lives.at(-1)!, firstSeenAt: now };
	return {
		...world,
		row: { ...row, generationSeen: row.generation, seenAt: now },
		lives: [...lives.slice(0, -1), newest],
	};
}

/** A judged request that asks for a new token. */
function refresh(world: World, request: Request): { world: World; granted: Token | null } {
	const { token } = request;
	const judged = judge(world, request);
	if (!judged.ok) return { world: judged.world, granted: null };
	// What the sight changed is written after the answer, so renewal decides on the row that was read.
	const { row, lives, now } = world;
	const due = isRenewalDue(token.gen, row, now);
	if (due !== dueByTheBook(token, lives, now)) throw new Error(`Renewal is ${due ? "" : "not "}due, against the book`);
	if (!due) return { world: judged.world, granted: { gen: row.generation, mintedAt: now } };
	const advanced = {
		...judged.world,
		row: { ...row, generation: row.generation + 1, renewedAt: now, seenAt: null },
		lives: [...lives, { madeAt: now, firstSeenAt: null }],
	};
	return { world: advanced, granted: { gen: row.generation + 1, mintedAt: now } };
}

function wait(world: World, ms: number): World {
	const now = world.now + ms;
	const underWay = <T extends { at: number }>(flight: T | null) =>
		flight !== null && now - flight.at <= longestFlight ? flight : null;
	return { ...world, now, answer: underWay(world.answer), departed: underWay(world.departed) };
}

/** Everything that can happen next. `null`: not now. */
const moves: Readonly<Record<string, (world: World) => World | null>> = {
	"opens a page": (world) => judge(world, { token: world.jar }).world,
	"opens a page, the sight is lost": (world) => judge(world, { token: world.jar }, { sight: false }).world,
	refreshes: (world) => {
		const { world: after, granted } = refresh(world, { token: world.jar });
		return { ...after, jar: granted ?? world.jar };
	},
	"refreshes, the answer is lost": (world) => refresh(world, { token: world.jar }).world,
	"refreshes, the answer takes its time": (world) => {
		const { world: after, granted } = refresh(world, { token: world.jar });
		return granted === null || world.answer !== null ? null : { ...after, answer: { token: granted, at: world.now } };
	},
	"gets the late answer": (world) =>
		world.answer === null ? null : { ...world, jar: world.answer.token, answer: null },
	"sends a request that takes its time": (world) =>
		world.departed === null ? { ...world, departed: { token: world.jar, at: world.now } } : null,
	"has a late request arrive": (world) =>
		world.departed === null ? null : { ...judge(world, world.departed).world, departed: null },
	"has a late refresh arrive, the answer takes its time": (world) => {
		if (world.departed === null || world.answer !== null) return null;
		const { world: after, granted } = refresh(world, world.departed);
		return { ...after, departed: null, answer: granted === null ? null : { token: granted, at: world.now } };
	},
	"starts a slow action": (world) =>
		world.work === null ? { ...world, work: { token: world.jar, arrivedAt: world.now } } : null,
	"ends the slow action": (world) => (world.work === null ? null : { ...judge(world, world.work).world, work: null }),
	"is copied": (world) => ({ ...world, thief: world.jar }),
	"has its thief open a page": (world) => (world.thief === null ? null : judge(world, { token: world.thief }).world),
	"has its thief refresh": (world) => {
		if (world.thief === null) return null;
		const { world: after, granted } = refresh(world, { token: world.thief });
		return { ...after, thief: granted ?? world.thief };
	},
	"waits 10 s": (world) => wait(world, 10 * second),
	"waits 31 s": (world) => wait(world, 31 * second),
	"waits 14 min 50 s": (world) => wait(world, 15 * minute - 10 * second),
};

/** Every world within `depth` moves, breadth first; worlds that differ in nothing but the date are one. */
function explore(start: World, depth: number): { worlds: number; moves: number; ended: number } {
	const known = new Set([keyOf(start)]);
	const counts = { worlds: 1, moves: 0, ended: 0 };
	let frontier: { world: World; path: string[] }[] = [{ world: start, path: [] }];
	for (let level = 0; level < depth; level++) {
		const next: typeof frontier = [];
		for (const { world, path } of frontier) {
			for (const [name, move] of Object.entries(moves)) {
				const after = step(world, move, [...path, name]);
				if (after === null) continue;
				counts.moves += 1;
				const key = keyOf(after);
				if (known.has(key)) continue;
				known.add(key);
				counts.worlds += 1;
				if (after.ended) counts.ended += 1;
				else next.push({ world: after, path: [...path, name] });
			}
		}
		frontier = next;
	}
	return counts;
}

function step(world: World, move: (world: World) => World | null, path: string[]): World | null {
	try {
		return move(world);
	} catch (error) {
		throw new Error(`The browser ${path.join(", then ")}: ${(error as Error).message}`);
	}
}

function keyOf({ now, row, ended, jar, answer, departed, work, thief }: World): string {
	const token = (held: Token | null | undefined) => (held ? [row.generation - held.gen, now - held.mintedAt] : []);
	return JSON.stringify([
		[row.generation - row.generationSeen, now - row.renewedAt, row.seenAt === null ? null : now - row.seenAt, ended],
		[token(jar), token(thief)],
		[token(answer?.token), answer && now - answer.at, token(departed?.token), departed && now - departed.at],
		[token(work?.token), work && now - work.arrivedAt],
	]);
}

function world(lives: readonly Life[], jar: Token, now: number): World {
	const newest = lives.at(-1)!;
	const seen = newest.firstSeenAt !== null;
	const row = {
		generation: lives.length,
		generationSeen: seen ? lives.length : lives.length - 1,
		renewedAt: newest.madeAt,
		seenAt: newest.firstSeenAt,
	};
	return { now, row, lives, ended: false, jar, answer: null, departed: null, work: null, thief: null };
}

// Seconds on a quiet machine.
describe("all interleavings of two holders [A26]", { timeout: 180_000 }, () => {
	const start = Date.UTC(2026, 0, 1);
	const oldLife = { madeAt: start - 60 * minute, firstSeenAt: start - 60 * minute };
	const starts: Readonly<Record<string, World>> = {
		"a sign-in": world([{ madeAt: start, firstSeenAt: null }], { gen: 1, mintedAt: start }, start),
		"a session about to be renewed": world(
			[oldLife, { madeAt: start - 15 * minute + 10 * second, firstSeenAt: start - 14 * minute }],
			{ gen: 2, mintedAt: start - 15 * minute + 10 * second },
			start,
		),
		"a renewal whose answer was lost": world(
			[oldLife, { madeAt: start - 16 * minute, firstSeenAt: null }],
			{ gen: 1, mintedAt: oldLife.madeAt },
			start,
		),
		"a renewal that has just been seen": world(
			[oldLife, { madeAt: start - 10 * second, firstSeenAt: start }],
			{ gen: 2, mintedAt: start - 10 * second },
			start,
		),
		"an answer that was overtaken": world(
			[oldLife, { madeAt: start - 10 * minute, firstSeenAt: start - 10 * minute + second }],
			{ gen: 1, mintedAt: start - 10 * minute - second },
			start,
		),
	};

	// One move more where the first renewal is still to come.
	it.each([
		["a sign-in", 8],
		["a session about to be renewed", 7],
		["a renewal whose answer was lost", 7],
		["a renewal that has just been seen", 7],
		["an answer that was overtaken", 7],
	])("go by the book from %s, %i moves deep, and never sign a lone browser out", (name, depth) => {
		const counts = explore(starts[name]!, depth);
		expect(counts.worlds).toBeGreaterThan(10_000);
		expect(counts.moves).toBeGreaterThan(50_000);
		expect(counts.ended).toBeGreaterThan(10);
	});

	it("use the numbers that the design names", () => {
		expect({ graceMs, freshSeconds }).toEqual({ graceMs: 30_000, freshSeconds: 900 });
	});
});
