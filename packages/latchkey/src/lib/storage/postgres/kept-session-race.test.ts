import pg from "pg";
import { expect, it } from "vitest";
import { newEvent, sha256, signIn, signUp } from "../contract/fixtures.ts";
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

const both = Object.keys(keeping).flatMap((kept) => Object.keys(endings).map((end) => [end, kept] as const));

it.each(both)(
	"[A27] ends a session by %s also where it is kept at that very moment: %s",
	async (end, kept) => {
		const database = freshName();
		await asSuperuser((client) => client.query(`CREATE DATABASE ${database}`));
		const url = (await sharedServer()).replace(/\/postgres$/, `/${database}`);
		const storage = await openPostgres({ url, rememberedSessions: 0 });
		const barrier = new pg.Client(url);
		await barrier.connect();
		const { userId } = await signUp(storage, "ada", { identities: [one!, other!], session: null });
		const secrets = ["first", "second"];
		const began = { ...one!, providerSession: null };
		const sessions = await Promise.all(
			secrets.map(async (secret) => {
				const session = await storage.createSession(signIn(userId, { secret, began }));
				return { secret, sessionId: session!.id };
			}),
		);
		const inOrder = sessions.toSorted((a, b) => (a.sessionId < b.sessionId ? -1 : 1));
		const [{ secret, sessionId }, last] = [inOrder[0]!, inOrder.at(-1)!];

		// Whoever keeps the one has locked it, and waits for the last.
		await barrier.query("BEGIN");
		await barrier.query("SELECT FROM latchkey_session WHERE id = $1 FOR NO KEY UPDATE", [last.sessionId]);
		const answers: Promise<unknown>[] = [];
		for (const go of [keeping[kept]!, endings[end]!]) {
			answers.push(go(storage, { userId, sessionId, sessionIds: sessions.map((session) => session.sessionId) }));
			const count =
				"SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'";
			await expect
				.poll(async () => (await asSuperuser((client) => client.query(count, [database]))).rows[0].count)
				.toBe(answers.length);
		}
		await barrier.query("COMMIT");

		expect((await Promise.all(answers))[1]).toBe(end === "its end" ? true : "ended");
		expect(await storage.readSession(sha256(secret))).toBeNull();
		await barrier.end();
		await storage.close();
	},
	30_000,
);
