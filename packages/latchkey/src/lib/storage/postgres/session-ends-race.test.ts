import pg from "pg";
import { expect, it, onTestFinished } from "vitest";
import { counter, newEvent, sha256, signIn, signUp } from "../contract/fixtures.ts";
import type { Storage } from "../storage.ts";
import { asSuperuser, freshName, sharedServer } from "./fixtures/postgres-contract-store.ts";
import { openPostgres } from "./open-postgres.ts";

const [one, other] = ["1", "2"].map((subject) => ({ issuer: "https://id.example", subject, provider: "example" }));

interface Kept {
	userId: string;
	sessionId: string;
	/** All of them. */
	sessionIds: string[];
}

/** What keeps a session and moves the epoch of its user. */
const keeping: Record<string, (storage: Storage, kept: Kept) => Promise<unknown>> = {
	"the end of all others": (storage, { userId, sessionId }) =>
		storage.endOtherSessions({ userId, keepSessionId: sessionId, events: [] }),
	"another identity is unlinked": (storage, { userId, sessionId }) =>
		storage.unlinkIdentity({ userId, ...other!, usableProviders: ["example"], keepSessionId: sessionId, events: [] }),
};

/** What ends it. */
const endings: Record<string, (storage: Storage, kept: Kept) => Promise<unknown>> = {
	"its end": (storage, { userId, sessionId }) =>
		storage.endSession({ userId, sessionId, events: [newEvent({ userId, sessionId })] }),
	"a word of its provider": (storage, { sessionIds }) =>
		storage.endSessionsOfProvider({
			ended: { ...one!, providerSession: null },
			once: { key: "word", lifetimeMs: 1000 },
			sessionIds,
			events: [],
		}),
};

/** Somebody with three sessions that began at a provider, in a database of their own, and a way to stop what goes on in it. */
async function prepare() {
	const database = freshName();
	await asSuperuser((client) => client.query(`CREATE DATABASE ${database}`));
	const url = (await sharedServer()).replace(/\/postgres$/, `/${database}`);
	const storage = await openPostgres({ url, rememberedSessions: 0 });
	const barrier = new pg.Client(url);
	await barrier.connect();
	onTestFinished(async () => {
		await barrier.end();
		await storage.close();
	});
	const { userId } = await signUp(storage, "ada", { identities: [one!, other!], session: null });
	const began = { ...one!, providerSession: null };
	const sessions: { secret: string; sessionId: string }[] = [];
	for (const secret of ["first", "second", "third"]) {
		const session = await storage.createSession(signIn(userId, { secret, began }));
		sessions.push({ secret, sessionId: session!.id });
	}
	return {
		storage,
		userId,
		/** In the order in which everybody locks them. */
		sessions: sessions.toSorted((a, b) => (a.sessionId < b.sessionId ? -1 : 1)),

		/** Each begins when the one before waits; nobody goes on before all do. */
		async oneBehindAnother<T>(lock: string, id: string, jobs: readonly (() => Promise<T>)[]): Promise<T[]> {
			await barrier.query("BEGIN");
			await barrier.query(lock, [id]);
			const answers: Promise<T>[] = [];
			for (const go of jobs) {
				answers.push(go());
				const count =
					"SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'";
				await expect
					.poll(async () => (await asSuperuser((client) => client.query(count, [database]))).rows[0].count)
					.toBe(answers.length);
			}
			await barrier.query("COMMIT");
			return Promise.all(answers);
		},
	};
}

const both = Object.keys(keeping).flatMap((kept) => Object.keys(endings).map((end) => [end, kept] as const));

it.each(both)(
	"[A27] ends a session by %s also where it is kept at that very moment: %s",
	async (end, kept) => {
		const { storage, userId, sessions, oneBehindAnother } = await prepare();
		const [{ secret, sessionId }, last] = [sessions[0]!, sessions.at(-1)!];
		const its = { userId, sessionId, sessionIds: sessions.map((session) => session.sessionId) };
		// Whoever keeps the one has locked it, and waits for the last.
		const lock = "SELECT FROM latchkey_session WHERE id = $1 FOR NO KEY UPDATE";
		const jobs = [() => keeping[kept]!(storage, its), () => endings[end]!(storage, its)];
		const [, answer] = await oneBehindAnother(lock, last.sessionId, jobs);
		expect([true, "ended", "moved"]).toContain(answer);
		if (answer === "moved") expect(await endings[end]!(storage, its)).toBe("ended");
		expect(await storage.readSession(sha256(secret))).toBeNull();
	},
	30_000,
);

it("[A27] ends by a word of its provider also what takes a session's place at that very moment", async () => {
	const { storage, userId, sessions, oneBehindAnother } = await prepare();
	await storage.increment([counter("attempts")]);
	const [{ sessionId }] = [sessions[0]!];
	const replace = {
		...signIn(userId, { secret: "newer", began: { continues: sessionId } }),
		replaces: { sessionId },
		settle: { clear: [], giveBack: ["attempts"] },
	};
	const sessionIds = sessions.map((session) => session.sessionId);
	const word = () => endings["a word of its provider"]!(storage, { userId, sessionId, sessionIds });
	// Whoever replaces it has ended it, and waits for the counter.
	const lock = "SELECT FROM latchkey_throttle WHERE key = $1 FOR UPDATE";
	const [, answer] = await oneBehindAnother<unknown>(lock, "attempts", [() => storage.createSession(replace), word]);
	// It is asked once more, of the sessions that there are now.
	expect(answer).toBe("moved");
	const found = await storage.findSessionsOfProvider({ ...one!, providerSession: null });
	sessionIds.splice(0, sessionIds.length, ...found.map((session) => session.sessionId));
	expect(await word()).toBe("ended");
	for (const secret of ["first", "second", "third", "newer"]) {
		expect(await storage.readSession(sha256(secret))).toBeNull();
	}
}, 30_000);

it("ends all others twice at once, and both times keeps the one that asked", async () => {
	const { storage, userId, sessions, oneBehindAnother } = await prepare();
	const [{ secret, sessionId }, last] = [sessions[0]!, sessions.at(-1)!];
	const endOthers = () => storage.endOtherSessions({ userId, keepSessionId: sessionId, events: [] });
	const lock = "SELECT FROM latchkey_session WHERE id = $1 FOR NO KEY UPDATE";
	expect(await oneBehindAnother(lock, last.sessionId, [endOthers, endOthers])).toEqual([2, 0]);
	expect(await storage.readSession(sha256(secret))).not.toBeNull();
}, 30_000);
