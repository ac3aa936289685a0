import { expect } from "vitest";
import type { ResolvedSession } from "../../src/lib/sessions/resolve-session.ts";
import { type Answer, claimsOf, type Row, type Server } from "./server.ts";

const second = 1000;
const minute = 60 * second;

/** How long a request or an answer may be under way; what takes longer is taken for lost. */
export const longestFlight = 29 * second;
const idleMs = 14 * 24 * 60 * minute;

/** A `Set-Cookie` on its way to the browser: a token, or `""` to clear. */
export interface Flight {
	readonly cookie: string;
	/** What is not there by then is lost. */
	readonly lastsUntil: number;
}

/** A request that has left the browser. */
export interface Sent {
	readonly token: string | null;
	readonly at: number;
}

/** A server action that is still at work, and what it was told about its caller when it began. */
export interface Action extends Sent {
	readonly judged: ResolvedSession | null;
}

/** Who holds what, what is under way, and what must be so. */
export interface Model {
	readonly userId: string;
	readonly email: string;
	/** Which of the two passwords it is at present. */
	password: number;
	/** The cookie jar that all tabs of the honest browser share. */
	jar: string | null;
	thief: string | null;
	answers: Flight[];
	departed: Sent[];
	readonly actions: Action[];
	/** Sessions of which somebody took a copy, or whose rows came out of a backup. */
	readonly shared: Set<string>;
	/** Sessions that were ended: on purpose, or because a copy was found. */
	ended: Set<string>;
	/** When each session was last used, as far as nothing was lost and it is not written yet. */
	readonly used: Map<string, number>;
	backup: { readonly ended: ReadonlySet<string>; readonly password: number; readonly ids: readonly string[] } | null;
	/** Counts what was met on the way. */
	meet(what: Met): void;
}

/** What the rules say of a request. */
type Outcome = "signed in" | "late" | "anonymous" | "copied";

/** What a good test has to have met. */
export const toMeet = [
	"signed in",
	"late",
	"anonymous",
	"copied",
	"predecessor",
	"overtaken",
	"unknown",
	"renewed",
	"ended others",
	"changed password",
	"raced revocation",
	"raced password change",
	"restored",
] as const;

export type Met = (typeof toMeet)[number];

/** What section 4 of the design says of a token, by its prose: independent of the code that is tested. */
export function byTheBook(model: Model, server: Server, token: string | null, arrivedAt: number): Outcome {
	const row = rowOf(server, token);
	if (token === null || row === null || !isLive(row, server.clock())) return "anonymous";
	const { gen, iat } = claimsOf(token);
	const { generation, renewed_at, seen_at } = row;
	if (gen > generation) {
		model.meet("unknown");
		return "anonymous";
	}
	if (gen === generation) return "signed in";
	if (gen < generation - 1) return arrivedAt - renewed_at <= 30 * second ? "late" : "copied";
	if (seen_at === null || arrivedAt - Math.max(renewed_at, seen_at) <= 30 * second) {
		model.meet("predecessor");
		return "signed in";
	}
	if (iat * second < renewed_at - 30 * second) return "copied";
	model.meet("overtaken");
	return "signed in";
}

function isDueByTheBook({ generation, generation_seen, renewed_at, seen_at }: Row, gen: number, now: number): boolean {
	if (gen !== generation || seen_at === null || generation_seen !== generation) return false;
	return now - renewed_at >= 15 * minute && now - Math.max(renewed_at, seen_at) >= 30 * second;
}

export function isLive(row: Row, now: number): boolean {
	return row.ended_at === null && row.idle_expires_at > now && row.expires_at > now && row.epoch === row.user_epoch;
}

export function rowOf(server: Server, token: string | null): Row | null {
	return token === null ? null : server.rowOf(claimsOf(token));
}

/** One use of a token. */
export interface Use {
	readonly token: string | null;
	/** When it left its holder. Default: now. */
	readonly sentAt?: number;
	/** When it reached the server. Default: now. */
	readonly arrivedAt?: number;
}

/** Uses a token by `ask`, which tells whether it was accepted, and checks everything that must hold of that. */
export async function use(
	model: Model,
	server: Server,
	{ token, arrivedAt = server.clock(), sentAt = arrivedAt }: Use,
	ask: (arrivedAgoMs: number) => Promise<boolean>,
): Promise<Outcome> {
	const outcome = byTheBook(model, server, token, arrivedAt);
	model.meet(outcome);
	const row = rowOf(server, token);
	if (row !== null && !model.shared.has(row.id)) requireKindness(outcome, row, sentAt, server.clock());
	const copies = row === null ? 0 : server.eventsOf("session.copied", row.id);
	expect(await ask(server.clock() - arrivedAt)).toBe(outcome === "signed in");
	if (row === null) return outcome;
	if (outcome === "signed in") expect([...model.ended]).not.toContain(row.id);
	expect(server.eventsOf("session.copied", row.id)).toBe(outcome === "copied" ? copies + 1 : copies);
	if (outcome === "copied") await requireEndForAll(model, server, row, token);
	return outcome;
}

// A browser that nobody stole from is signed in for as long as its session lives, whatever was lost or late.
function requireKindness(outcome: Outcome, row: Row, sentAt: number, now: number): void {
	if (!isLive(row, now)) return;
	const excused = outcome === "late" && sentAt <= row.renewed_at;
	expect(`alone and ${excused ? "signed in" : outcome}`).toBe("alone and signed in");
}

async function requireEndForAll(model: Model, server: Server, row: Row, token: string | null): Promise<void> {
	model.ended.add(row.id);
	expect(rowOf(server, token)!.ended_at).toBe(server.clock());
	for (const held of [token, model.jar, model.thief]) {
		if (rowOf(server, held)?.id === row.id) expect(await server.resolve(held, 0)).toBeNull();
	}
}

/** A page is opened, or a server action asks who called it. */
export async function openPage(
	model: Model,
	server: Server,
	request: Use,
	lose: "sight" | "use" | null = null,
): Promise<Outcome> {
	const engine = server.losing(lose);
	const outcome = await use(
		model,
		server,
		request,
		async (ago) => (await server.resolve(request.token, ago, engine)) !== null,
	);
	if (outcome === "signed in" && lose !== "use") noteUse(model, server, request.token!);
	return outcome;
}

/** Asks for new tokens over HTTP, so many at once. All answers carry the one generation that the book names. */
export async function refresh(model: Model, server: Server, request: Use, times = 1): Promise<string[]> {
	const { token } = request;
	const row = rowOf(server, token);
	const answers: Answer[] = [];
	const outcome = await use(model, server, request, async () => {
		const tabs = Array.from({ length: times }, () => server.send({ method: "POST", path: "/refresh", token }));
		answers.push(...(await Promise.all(tabs)));
		return answers[0]!.status === 200;
	});
	const expected = outcome === "signed in" ? 200 : 401;
	expect(answers.map(({ status }) => status)).toEqual(answers.map(() => expected));
	const cookies = answers.map(({ cookie }) => cookie).filter((cookie) => cookie !== null);
	expect(cookies).toHaveLength(outcome === "signed in" ? times : 0);
	if (outcome !== "signed in") return [];

	noteUse(model, server, token!);
	const before = claimsOf(token!);
	const due = isDueByTheBook(row!, before.gen, server.clock());
	if (due) model.meet("renewed");
	for (const cookie of cookies) {
		requireSoundToken(server, cookie, before);
		expect(claimsOf(cookie).gen).toBe(due ? row!.generation + 1 : row!.generation);
	}
	return cookies;
}

/** A token is short, verifies, and says of the person what the one before it said. */
export function requireSoundToken(
	server: Server,
	token: string,
	before: ReturnType<typeof claimsOf> | null = null,
): void {
	expect(token.length).toBeLessThan(1024);
	const claims = claimsOf(token);
	expect(server.engine.tokens.read(token)?.claims).toEqual(claims);
	expect(claims.fresh * second).toBeGreaterThanOrEqual(server.clock() + 15 * minute);
	if (before === null) return;
	const { sub, sid, exp, auth_time, amr } = before;
	expect(claims).toMatchObject({ sub, sid, exp, auth_time, amr });
}

/** An answer reaches the browser at once, later, or never. */
export type Delivery = "at once" | "late" | "lost";

export function deliver(model: Model, server: Server, cookie: string | null | undefined, delivery: Delivery): void {
	if (cookie === null || cookie === undefined || delivery === "lost") return;
	if (delivery === "late") model.answers.push({ cookie, lastsUntil: server.clock() + longestFlight });
	else keep(model, cookie);
}

/** What a browser does with a `Set-Cookie`. */
export function keep(model: Model, cookie: string): void {
	model.jar = cookie === "" ? null : cookie;
}

export function noteUse(model: Model, server: Server, token: string): void {
	model.used.set(rowOf(server, token)!.id, server.clock());
}

/** Marks what an explicit end ended: every session of the user, or all but one. */
export function markEnded(model: Model, server: Server, keepId: string | null = null): void {
	for (const id of server.rows(model.userId).keys()) if (id !== keepId) model.ended.add(id);
}

/** Time passes. Within a minute what was used is written; what is under way for too long is lost. */
export async function wait(model: Model, server: Server, ms: number): Promise<void> {
	if (ms > longestFlight) await flushUses(model, server);
	const now = server.clock() + ms;
	server.clock.set(now);
	model.answers = model.answers.filter(({ lastsUntil }) => now <= lastsUntil);
	model.departed = model.departed.filter(({ at }) => now - at <= longestFlight);
}

/** What was used is written, and prolongs the session up to its absolute end. */
export async function flushUses(model: Model, server: Server): Promise<void> {
	await server.engine.activity.flush();
	const rows = server.rows(model.userId);
	for (const [id, at] of model.used) {
		const row = rows.get(id);
		if (row === undefined || !isLive(row, server.clock())) continue;
		expect(row.last_seen_at).toBeGreaterThanOrEqual(at);
		expect(row.idle_expires_at).toBeGreaterThanOrEqual(Math.min(at + idleMs, row.expires_at));
	}
	model.used.clear();
}

/** What must hold of the rows whatever happened. */
export function requireSoundRows(model: Model, before: ReadonlyMap<string, Row>, server: Server): void {
	const now = server.clock();
	for (const [id, row] of server.rows(model.userId)) {
		const ended = row.ended_at !== null || row.epoch !== row.user_epoch;
		expect({ id, ended }).toEqual({ id, ended: model.ended.has(id) });
		expect(row.last_seen_at).toBeLessThanOrEqual(now);
		expect(row.idle_expires_at).toBeLessThanOrEqual(row.expires_at);
		expect(row.generation_seen).toBeLessThanOrEqual(row.generation);
		expect(row.seen_at === null).toBe(row.generation_seen < row.generation);
		const earlier = before.get(id);
		if (earlier !== undefined) requireSoundChange(earlier, row, now);
	}
}

function requireSoundChange(earlier: Row, row: Row, now: number): void {
	const { created_at, expires_at, auth_time, amr, level } = earlier;
	expect(row).toMatchObject({ created_at, expires_at, auth_time, amr, level });
	expect(row.last_seen_at).toBeGreaterThanOrEqual(earlier.last_seen_at);
	expect(row.idle_expires_at).toBeGreaterThanOrEqual(earlier.idle_expires_at);
	expect(row.generation_seen).toBeGreaterThanOrEqual(earlier.generation_seen);
	if (earlier.ended_at !== null) expect(row.ended_at).toBe(earlier.ended_at);
	if (row.generation === earlier.generation) {
		expect(row.renewed_at).toBe(earlier.renewed_at);
		if (earlier.seen_at !== null) expect(row.seen_at).toBe(earlier.seen_at);
		return;
	}
	expect(row.generation).toBe(earlier.generation + 1);
	expect(row.renewed_at).toBe(now);
	expect(earlier.generation_seen).toBe(earlier.generation);
	expect(now - earlier.renewed_at).toBeGreaterThanOrEqual(15 * minute);
	expect(now - earlier.seen_at!).toBeGreaterThanOrEqual(30 * second);
}
